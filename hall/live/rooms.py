"""What is watched of one branch, and how it is rendered: each fragment apart from the others."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from django.db import close_old_connections, connection

from hall.events import Change
from hall.live import pace
from hall.live.faults import FAULTS
from hall.live.sources import SOURCES, Key, Source

TRIED_ALONE = 3  # if so many fragments of a source fail one after the other, it is the source
T = TypeVar("T")


def as_event(content: str, event_id: str) -> bytes:
    """One ``state`` event in the format of the HTML standard, section 9.2."""
    data = "".join(f"data: {line}\n" for line in content.splitlines())
    return f"id: {event_id}\nevent: state\n{data}\n".encode()


@dataclass(eq=False)
class Watch:
    """The current bytes of one fragment, and who waits for the next."""

    key: Key
    event_id: str = ""
    message: bytes = b""
    watchers: int = 0
    failures: int = 0
    retry_at: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_current(self) -> bool:
        """Whether its last rendering went well."""
        return bool(self.message) and not self.failures

    def update(self, content: str) -> None:
        """Take new content; wakes the watchers only if it differs."""
        event_id = hashlib.blake2b(content.encode(), digest_size=12).hexdigest()
        if event_id == self.event_id:
            return
        self.event_id, self.message = event_id, as_event(content, event_id)
        # Another event for the next change: who waits for this one is woken once.
        self.changed.set()
        self.changed = asyncio.Event()

    def fail(self, now: float) -> None:
        """It could not be rendered: the old stays, and is tried again later and later."""
        wait = min(pace.RETRY_AFTER * 2**self.failures, pace.RETRY_AT_LEAST_EVERY)
        # Counted to eight: the pause has long been the longest, and the power must not grow.
        self.failures, self.retry_at = min(self.failures + 1, 8), now + wait


@dataclass
class Rendered:
    """What a pass over a branch made, and what it could not make, with the reason."""

    contents: dict[Key, str] = field(default_factory=dict)
    failed: dict[Key, Exception] = field(default_factory=dict)


def render_all(branch_id: int, keys: Iterable[Key], failing: set[Key]) -> Rendered:
    """Render every source for itself. Those that failed before are kept apart from the others of
    their source, so that these still are rendered together, in a fixed number of queries."""
    by_source: dict[str, list[Key]] = defaultdict(list)
    for key in keys:
        by_source[key.source].append(key)
    done = Rendered()
    for name, source in SOURCES.items():
        for group in (set(by_source[name]) - failing, set(by_source[name]) & failing):
            _render_group(source, branch_id, list(group), done)
    return done


def _render_group(source: Source, branch_id: int, keys: list[Key], done: Rendered) -> None:
    """All at once; if that fails, one by one, unless it is the source, or the database."""
    if not keys:
        return
    try:
        done.contents |= source.render(branch_id, keys)
        return
    except Exception as error:
        done.failed |= dict.fromkeys(keys, error)
        check_database()
    if len(keys) == 1:
        return
    # In any order: a few that always fail must not stand before the others each time.
    failures = 0
    for tried, key in enumerate(random.sample(keys, len(keys)), start=1):
        try:
            done.contents |= source.render(branch_id, [key])
            del done.failed[key]
        except Exception as error:
            done.failed[key] = error
            failures += 1
        if failures == tried == TRIED_ALONE:
            return


def check_database() -> None:
    """Raises what the database raises if it cannot be asked at all: then nothing can be made."""
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


class Worker(Protocol):
    """The hub, as a room sees it."""

    def seen(self, error: Exception | None) -> None:
        """The database was asked by a room: without an error, or with this one."""

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run database work in the hub's thread."""


class Room:
    """All that is watched of one branch; renders it, at most five times a second."""

    def __init__(self, branch_id: int, hub: Worker) -> None:
        self.branch_id = branch_id
        self.hub = hub
        self.watches: dict[Key, Watch] = {}
        self.stale: set[Key] = set()
        self.in_flight: set[Key] = set()
        self.whole_at = time.monotonic() + pace.RENDER_AT_LEAST_EVERY
        self.wake = asyncio.Event()
        self.task = asyncio.create_task(self.run())

    def mark(self, keys: Iterable[Key]) -> None:
        """Have these rendered again."""
        self.stale.update(keys)
        if self.stale:
            self.wake.set()

    def hear(self, change: Change) -> None:
        """Have rendered again what this can change."""
        if change.event is None:
            self.mark(self.watches)
            return
        ears = {name for name, each in SOURCES.items() if change.event in each.changed_by()}
        # A source may answer by what it rendered last; what is being rendered now is not that yet.
        self.mark(
            key
            for key in self.watches
            if key.source in ears
            and key not in self.stale
            and (key in self.in_flight or _source(key).concerns(key, change))
        )

    def forget(self, key: Key) -> None:
        """Nobody watches this any more."""
        self.watches.pop(key, None)
        self.stale.discard(key)

    async def run(self) -> None:
        """Render what is stale, for as long as somebody watches."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), max(0.0, self._next_at() - _now()))
            self.wake.clear()
            if keys := self._take(_now()):
                await self.render(keys)
            await asyncio.sleep(pace.RENDER_AT_MOST_EVERY)

    def _next_at(self) -> float:
        """When something is due, whatever happens."""
        retries = [each.retry_at for each in self.watches.values() if each.failures]
        return min([self.whole_at, *retries])

    def _take(self, now: float) -> set[Key]:
        """What is due. What failed waits for its time, whoever marks it: a rush must not make it
        fail five times a second."""
        if now >= self.whole_at:
            self.whole_at = now + pace.RENDER_AT_LEAST_EVERY
            self.stale.update(self.watches)
        self.stale.update(key for key, each in self.watches.items() if each.failures)
        due = {key for key in self.stale if key in self.watches}
        due -= {key for key in due if self.watches[key].retry_at > now}
        self.stale.clear()
        return due

    async def render(self, keys: set[Key]) -> None:
        """Render these keys; what fails keeps the old, and is tried again."""
        failing = {key for key in keys if self.watches[key].failures}
        self.in_flight = keys
        try:
            done = await self.hub.in_thread(lambda: render_all(self.branch_id, keys, failing))
        except Exception as error:
            self.hub.seen(error)
            self._failed(keys)
            return
        finally:
            self.in_flight = set()
        self.hub.seen(None)
        for key in keys - done.failed.keys():
            if watch := self.watches.get(key):
                watch.failures, watch.retry_at = 0, 0.0
                if key in done.contents:
                    watch.update(done.contents[key])
        self._failed(done.failed)
        self._tell(keys, done.failed)

    def _failed(self, keys: Iterable[Key]) -> None:
        now = _now()
        for key in keys:
            if watch := self.watches.get(key):
                watch.fail(now)

    def _tell(self, keys: set[Key], failed: dict[Key, Exception]) -> None:
        """Say which sources fail, and which work again."""
        errors = {key.source: error for key, error in failed.items()}
        for source, error in errors.items():
            FAULTS.fail(source, self.branch_id, error)
        # A source works again when none of its fragments fails, those not rendered now included.
        still = {key.source for key, watch in self.watches.items() if watch.failures}
        for source in {key.source for key in keys} - errors.keys() - still:
            FAULTS.heal(source, self.branch_id)


def _source(key: Key) -> Source:
    source = SOURCES.get(key.source)
    assert source is not None  # a stream is opened for those that there are
    return source


def _now() -> float:
    return time.monotonic()
