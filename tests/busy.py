"""A hall at its busiest, on PostgreSQL: clerks press, exports read for long, the sealer seals.

Every session gives up after 50 ms of waiting for a lock, so that a wait that is longer is an
error; a watcher looks at the locks besides, every few milliseconds, and notes the longest wait.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from django.db import OperationalError, connection, connections, transaction

from hall.ledger import seals
from queueing import actions
from queueing.models import Sitting, Ticket
from tests.crowd import all_at_once

LIMIT: Final = "50ms"
LOOK_EVERY: Final = 0.003
_WAITS: Final = """
SELECT 1000 * extract(epoch FROM max(clock_timestamp() - waitstart))
FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""
_EXPORT: Final = """
COPY (SELECT * FROM hall_ledgerrow LEFT JOIN queueing_step ON ticket_id = object_id
      ORDER BY hall_ledgerrow.id) TO STDOUT (FORMAT csv)
"""


@dataclass
class Seen:
    """What became of it."""

    presses: int = 0
    exports: int = 0
    sealed: int = 0
    seconds: float = 0.0
    longest_wait: float = 0.0  # milliseconds, as the watcher saw it
    troubles: list[Exception] = field(default_factory=list)


def busy(seats: Sequence[Sitting], rounds: int, exports: int = 3) -> Seen:
    """Every clerk calls, starts and finishes so many times, while the others do their work."""
    seen, over = Seen(), threading.Event()
    with limited(), beside(over, seen, [export] * exports + [sealer, watcher]):
        began = time.monotonic()
        for answer in all_at_once(seats, lambda seat: serve(seat, rounds, seen)):
            if isinstance(answer, Exception):
                raise answer
            seen.presses += answer
        seen.seconds = time.monotonic() - began
    return seen


def serve(seat: Sitting, rounds: int, seen: Seen) -> int:
    """One clerk, one visitor after the other; how often a button was pressed."""
    presses = 0
    for _ in range(rounds):
        ticket = pressed(seen, lambda: actions.call_next(sitting=seat, by=seat.member))
        assert ticket is not None, "the line is too short"
        for act in (actions.start, actions.finish):
            pressed(seen, functools.partial(act, ticket=ticket, by=seat.member))
        presses += 3
    return presses


def pressed(seen: Seen, press: Callable[[], Ticket | None]) -> Ticket | None:
    """The answer to a press; who had to wait too long says so, and presses again."""
    while True:
        try:
            return press()
        except OperationalError as error:
            seen.troubles.append(error)


def export(over: threading.Event, seen: Seen) -> None:
    """Read ledger and time line again and again, in one long transaction."""
    with session() as link:
        link.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        while not over.is_set():
            with link.cursor().copy(_EXPORT) as stream:
                for _row in stream:
                    pass
            seen.exports += 1
            over.wait(0.05)


def sealer(over: threading.Event, seen: Seen) -> None:
    """Seal, far oftener than the worker does."""
    while not over.is_set():
        seen.sealed += seals.seal()
        over.wait(0.1)


def watcher(over: threading.Event, seen: Seen) -> None:
    """Note the longest wait for a lock."""
    with session() as link:
        link.autocommit = True
        while not over.is_set():
            (wait,) = link.execute(_WAITS).fetchone() or (None,)
            seen.longest_wait = max(seen.longest_wait, float(wait or 0))
            over.wait(LOOK_EVERY)


@contextlib.contextmanager
def beside(
    over: threading.Event, seen: Seen, work: Sequence[Callable[[threading.Event, Seen], None]]
) -> Iterator[None]:
    """Others at work until the block is left; what went wrong for them is noted, too."""

    def one(each: Callable[[threading.Event, Seen], None]) -> None:
        try:
            each(over, seen)
        except Exception as error:
            seen.troubles.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Sessions that begin in the block wait for no lock longer than the limit."""
    options = connection.settings_dict["OPTIONS"]
    before = options.get("options", "")
    options["options"] = f"{before} -c lock_timeout={LIMIT}"
    try:
        yield
    finally:
        options["options"] = before


def session() -> psycopg.Connection[Any]:
    """A session of a program that is not Hall."""
    return psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None})


def chained(record: Callable[..., None]) -> Callable[..., None]:
    """The ledger as it must not be: every writer locks the end of the chain until it commits."""

    def recorded(*args: Any, **options: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM hall_seal ORDER BY number LIMIT 1 FOR UPDATE")
            record(*args, **options)
            cursor.execute("SELECT pg_sleep(0.002)")  # the disk of a real hall

    return recorded
