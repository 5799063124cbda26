"""How long a call takes to the last of many open boards, and what they cost the server."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import screens, seats, server
from hall import events
from queueing import actions
from queueing.models import Sitting

PATIENCE = 20.0
PAUSE = (0.35, 0.55)  # between changes: longer than the hub's throttle, and out of step with it
PATH = f"/live/board/{seats.BRANCH}/?lang=zh-hans"
STATE = b"event: state\n"


@dataclass(frozen=True)
class Cost:
    """What a server process holds at some moment."""

    boards: int
    memory: float
    threads: int


@dataclass(frozen=True)
class Spread:
    """From change to last board, in milliseconds, one figure a change."""

    boards: int
    times: list[float]

    @property
    def median(self) -> float:
        """Half of the changes were there by then."""
        return sorted(self.times)[len(self.times) // 2]

    @property
    def p99(self) -> float:
        """Of a hundred changes 99 were (with fewer than a hundred: all)."""
        return sorted(self.times)[max(0, -(-len(self.times) * 99 // 100) - 1)]


@dataclass
class Boards:
    """The figures of one server."""

    costs: list[Cost]
    spreads: list[Spread]
    state: bytes = b""  # the last event, for the relay to repeat


class Watchers:
    """The parent's end of a process full of screens."""

    def __init__(self, port: int, size: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.ear, mouth = context.Pipe(duplex=False)
        self.process = context.Process(
            target=screens.show, args=(port, PATH, size, mouth), daemon=True
        )
        self.process.start()

    def next(self, since: float) -> tuple[float, bytes]:
        """When the first state that is newer than a moment had reached the last screen."""
        while self.ear.poll(PATIENCE):
            at, state = self.ear.recv()
            if at > since:
                return at, state
        raise TimeoutError("a change did not reach every screen")

    def close(self) -> None:
        """Switch all the screens off."""
        self.process.terminate()
        self.process.join()


@contextlib.contextmanager
def watching(port: int, size: int) -> Iterator[Watchers]:
    """So many open screens, each of which has its first state."""
    watchers = Watchers(port, size)
    try:
        watchers.next(0.0)
        yield watchers
    finally:
        watchers.close()


@contextlib.contextmanager
def stamped() -> Iterator[list[float]]:
    """Notes each moment at which this process tells a change: right after its commit."""
    moments: list[float] = []
    send = events.publisher.send

    def note(change: events.Change) -> None:
        moments.append(time.perf_counter())
        send(change)

    events.publisher.send = note  # type: ignore[method-assign]
    try:
        yield moments
    finally:
        events.publisher.send = send  # type: ignore[method-assign]


def call_somebody(seat: int) -> float:
    """A clerk calls the next visitor; when that was told."""
    sitting = Sitting.objects.select_related("branch", "counter__branch", "member").get(
        pk=seats.FIRST_SITTING + seat
    )
    with stamped() as moments:
        actions.call_next(sitting=sitting, by=sitting.member)
    return moments[0]


def spread(
    watchers: Watchers, boards: int, changes: int, change: Callable[[int], float]
) -> tuple[Spread, bytes]:
    """Make the changes, one after the other, and time each to the last screen."""
    times, state = [], b""
    for nth in range(changes):
        time.sleep(random.uniform(*PAUSE))
        since = change(nth)
        at, state = watchers.next(since)
        times.append(1000 * (at - since))
    return Spread(boards, times), state


def of_hall(folder: Path, url: str, sizes: list[int], changes: int) -> Boards:
    """Boards of a fresh server of the hall: none, then ever more."""
    found = Boards([], [])
    with server.hall(folder) as process:
        measure(process, url, 1, 3)  # so that everything is loaded that a board needs
        found.costs.append(Cost(0, process.memory(), process.threads()))
        for size in sizes:
            figures, cost, found.state = measure(process, url, size, changes)
            found.costs.append(cost)
            found.spreads.append(figures)
    return found


def of_relay(folder: Path, url: str, sizes: list[int], changes: int, state: bytes) -> Boards:
    """The same screens and changes at the bare relay, which sends events as long as the hall's."""
    found, payload = Boards([], []), folder / "state"
    payload.write_bytes(state[state.rindex(STATE) :].removesuffix(b"\r\n"))
    with server.relay(folder, payload) as process:
        found.costs.append(Cost(0, process.memory(), process.threads()))
        for size in sizes:
            figures, cost, _state = measure(process, url, size, changes)
            found.costs.append(cost)
            found.spreads.append(figures)
    return found


def measure(
    process: server.Process, url: str, size: int, changes: int
) -> tuple[Spread, Cost, bytes]:
    """Open the screens, make the changes, look at the process; then put the line back."""
    with watching(process.port, size) as watchers:
        figures, state = spread(watchers, size, changes, call_somebody)
        cost = Cost(size, process.memory(), process.threads())
    with psycopg.connect(url, autocommit=True) as connection:
        seats.call_back(connection)
    return figures, cost, state
