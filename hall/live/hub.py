"""What a process's screens watch, and its one ear for changes: rendered once, however many watch.

An event marks the fragments that it can change (``Source.changed_by``); a branch's marked ones are
rendered together, at most five times a second. Every half minute all are, in any case: what
nobody announced heals by itself. A fragment that fails leaves the others alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import redis.asyncio
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from redis.exceptions import RedisError

from hall import events
from hall.events import Change, Event
from hall.live import pace
from hall.live.sources import ALL_BRANCHES, MARKERS, SOURCES, Key, Marks, Source

T = TypeVar("T")

log = structlog.get_logger(__name__)
# What this process cannot render now: (name of the source, id of the branch). /readyz tells it.
BROKEN: set[tuple[str, int]] = set()


def as_event(content: str, event_id: str) -> bytes:
    """One ``state`` event in the format of the HTML standard, section 9.2."""
    data = "".join(f"data: {line}\n" for line in content.splitlines())
    return f"id: {event_id}\nevent: state\n{data}\n".encode()


def in_database_thread(work: Callable[[], T]) -> T:
    """Run work that uses the database in the hub's thread, minding broken connections."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


@dataclass(eq=False)
class Watch:
    """The current bytes of one fragment, and who waits for the next."""

    key: Key
    event_id: str = ""
    message: bytes = b""
    watchers: int = 0
    is_broken: bool = False  # it cannot be rendered now, so that its stream says nothing
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def update(self, content: str) -> None:
        """Take new content; wakes the watchers only if it differs."""
        event_id = hashlib.blake2b(content.encode(), digest_size=12).hexdigest()
        if event_id == self.event_id:
            return
        self.event_id, self.message = event_id, as_event(content, event_id)
        self.changed.set()
        self.changed = asyncio.Event()


class Room:
    """All that is watched of one branch; renders it, at most five times a second."""

    def __init__(self, branch_id: int, hub: Hub) -> None:
        self.branch_id = branch_id
        self.hub = hub
        self.watches: dict[Key, Watch] = {}
        self.stale: set[Key] = set()
        self.wake = asyncio.Event()
        self.task = asyncio.create_task(self.run())
        self._pauses: dict[str, float] = {}
        self._resting: set[Key] = set()

    def mark(self, keys: Iterable[Key]) -> None:
        """Have these rendered again."""
        self.stale.update(keys)
        self.wake.set()

    async def run(self) -> None:
        """Render what is stale, for as long as somebody watches."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), pace.RENDER_AT_LEAST_EVERY)
            self.wake.clear()
            await self.render(list(self.stale or self.watches))
            await asyncio.sleep(pace.RENDER_AT_MOST_EVERY)

    async def render(self, keys: list[Key]) -> None:
        """Render these keys; if the database is away, keep the old and try again."""
        self.stale.difference_update(keys)
        keys = [key for key in keys if key not in self._resting]
        try:
            rendered = await self.hub.in_thread(lambda: render_all(self.branch_id, keys))
        except Exception as error:
            log.warning("live_render_failed", branch=self.branch_id, error=repr(error))
            self.hub.render_failed = True
            self.mark(keys)
            await asyncio.sleep(pace.POLL_EVERY)
            return
        self.hub.render_failed = False
        self.hub.database_seen = time.monotonic()
        for key, content in rendered.contents.items():
            if key in self.watches:
                self.watches[key].update(content)
        self._take_failures(keys, rendered.failed)

    def _take_failures(self, keys: Collection[Key], failed: Mapping[Key, Exception]) -> None:
        """Silence what failed, have it tried again later, and tell whose fault it is: once."""
        for key in keys:
            if key in self.watches:
                self.watches[key].is_broken = key in failed
        for source in {key.source for key in keys}:
            here = [key for key in failed if key.source == source]
            self._tell(source, [failed[key] for key in here])
            self._retry_later(source, here)

    def _retry_later(self, source: str, keys: Collection[Key]) -> None:
        """Leave what fails alone for a while, longer each time, whatever happens meanwhile."""
        if not keys:
            self._pauses.pop(source, None)
            return
        pause = self._pauses.get(source, pace.RETRY_FIRST)
        self._pauses[source] = min(2 * pause, pace.RETRY_AT_LEAST_EVERY)
        self._resting.update(keys)

        def try_again() -> None:
            self._resting.difference_update(keys)
            self.mark(key for key in keys if key in self.watches)

        asyncio.get_running_loop().call_later(pause, try_again)

    def _tell(self, source: str, errors: Sequence[Exception]) -> None:
        """Say in log and /readyz that a source fails here, or works again; only what is new."""
        place = (source, self.branch_id)
        if errors and place not in BROKEN:
            log.error("live_source_failed", source=source, branch=self.branch_id, **told(errors[0]))
            BROKEN.add(place)
        if not errors and place in BROKEN:
            log.warning("live_source_works_again", source=source, branch=self.branch_id)
            BROKEN.discard(place)

    def forget(self) -> None:
        """Nobody watches any more: what failed here is nobody's worry."""
        self.task.cancel()
        BROKEN.difference_update({place for place in BROKEN if place[1] == self.branch_id})


def told(error: Exception) -> dict[str, str]:
    """A fault by its kind and place: what it says may hold a visitor's key or words."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "at": f"{Path(frame.filename).name}:{frame.lineno}"}


@dataclass
class Rendered:
    """What came of rendering: the HTML of some keys, and the faults of others."""

    contents: dict[Key, str] = field(default_factory=dict)
    failed: dict[Key, Exception] = field(default_factory=dict)


def render_all(branch_id: int, keys: Iterable[Key]) -> Rendered:
    """Render keys source by source. Raises only if the database is away for all of them."""
    by_source: dict[str, list[Key]] = defaultdict(list)
    for key in keys:
        by_source[key.source].append(key)
    rendered = Rendered()
    for name, source in SOURCES.items():
        if group := by_source.get(name):
            _render(source, branch_id, group, rendered)
    return rendered


def _render(source: Source, branch_id: int, keys: list[Key], rendered: Rendered) -> None:
    """Render these keys together; where that fails, each by itself, so that one spoils no other."""
    try:
        rendered.contents |= source.render(branch_id, keys)
    except Exception as error:
        _raise_if_database_is_away(error)
        if len(keys) == 1:
            rendered.failed[keys[0]] = error
            return
        for key in keys:
            _render(source, branch_id, [key], rendered)


def _raise_if_database_is_away(error: Exception) -> None:
    """A query may fail by itself (a time limit, a lock): only an unanswered one means all."""
    if isinstance(error, DatabaseError | InterfaceError):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")


class Hub:
    """Everything that this process's screens watch, and the one ear it has for changes."""

    def __init__(self) -> None:
        self.rooms: dict[int, Room] = {}
        self.pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live")
        self.database_seen = time.monotonic()
        self.render_failed = False
        self._tasks: list[asyncio.Task[None]] = []
        self._redis_since: float | None = None
        self._stop_listening: Callable[[], None] = lambda: None

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run database work in the hub's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, lambda: in_database_thread(work))

    def start(self) -> None:
        """Begin to listen (once, in the running loop)."""
        if self._tasks:
            return
        loop = asyncio.get_running_loop()
        self._stop_listening = events.publisher.listen(
            lambda change: loop.call_soon_threadsafe(self.wake, change)
        )
        self._tasks = [asyncio.create_task(self._poll())]
        if settings.REDIS_URL:
            self._tasks.append(asyncio.create_task(self._subscribe()))

    async def stop(self) -> None:
        """End every task; open streams end with the server."""
        self._stop_listening()
        tasks = [*self._tasks, *(room.task for room in self.rooms.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.in_thread(lambda: connection.close())  # the connection of that thread
        self.pool.shutdown(wait=False)
        self._tasks, self.rooms = [], {}

    @property
    def is_healthy(self) -> bool:
        """Whether what the screens show is known to be current."""
        if self.render_failed:
            return False
        return self.trusts_redis or time.monotonic() - self.database_seen < pace.SILENT_AFTER

    @property
    def trusts_redis(self) -> bool:
        """Whether every change is sure to come by Redis."""
        since = self._redis_since
        return since is not None and time.monotonic() - since > pace.TRUST_REDIS_AFTER

    def wake(self, change: Change) -> None:
        """Have rendered again whatever this change can have changed."""
        self.mark(change.branch_id, frozenset({change.event}))

    def mark(self, branch_id: int | None, what: frozenset[Event]) -> None:
        """The same for several events at a branch (None: everywhere)."""
        names = {name for name, source in SOURCES.items() if source.changed_by & what}
        for room in self.rooms.values():
            if branch_id is None or room.branch_id in (branch_id, ALL_BRANCHES):
                concerned = [key for key in room.watches if key.source in names]
                if concerned:
                    room.mark(concerned)

    def mark_all(self) -> None:
        """Nobody knows what may have changed."""
        for room in self.rooms.values():
            room.mark(room.watches)

    def join(self, key: Key) -> Watch:
        """Watch a fragment; it is rendered at once if nobody did before."""
        self.start()
        room = self.rooms.get(key.branch_id)
        if room is None:
            room = self.rooms[key.branch_id] = Room(key.branch_id, self)
        watch = room.watches.get(key)
        if watch is None:
            watch = room.watches[key] = Watch(key)
            room.mark([key])
        watch.watchers += 1
        return watch

    def leave(self, watch: Watch) -> None:
        """Stop watching; what nobody watches is forgotten."""
        watch.watchers -= 1
        room = self.rooms.get(watch.key.branch_id)
        if watch.watchers or room is None:
            return
        room.watches.pop(watch.key, None)
        room.stale.discard(watch.key)
        if not room.watches:
            room.forget()
            del self.rooms[room.branch_id]

    async def _subscribe(self) -> None:
        while True:
            try:
                await self._follow_redis()
            except (RedisError, OSError) as error:
                log.warning("redis_lost", error=type(error).__name__)
            self._redis_since = None
            await asyncio.sleep(events.RETRY_AFTER)

    async def _follow_redis(self) -> None:
        client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1)
        async with client, client.pubsub() as channel:
            await channel.subscribe(events.CHANNEL)
            self._redis_since = time.monotonic()
            self.mark_all()  # whatever was said while nobody listened
            while True:
                message = await channel.get_message(
                    ignore_subscribe_messages=True, timeout=pace.POLL_EVERY
                )
                if message is None:
                    # A ping finds a connection that died without a word.
                    await asyncio.wait_for(client.ping(), 2.0)
                    continue
                self.hear(message["data"])

    def hear(self, message: str | bytes) -> None:
        """Take a message; one that a newer process sent in words of its own means everything."""
        try:
            change = Change.parse(message)
        except ValueError:
            self.mark_all()
        else:
            self.wake(change)

    async def _poll(self) -> None:
        """While Redis is away, look once a second at what changed last."""
        seen: dict[str, Marks] | None = None
        while True:
            await asyncio.sleep(pace.POLL_EVERY)
            if self.trusts_redis or not self.rooms:
                seen = None
                continue
            try:
                marks = await self.in_thread(look)
            except Exception as error:
                log.warning("live_poll_failed", error=repr(error))
                continue
            self.database_seen = time.monotonic()
            if seen is None:
                self.mark_all()
            else:
                self._compare(seen, marks)
            seen = marks

    def _compare(self, before: Mapping[str, Marks], now: Mapping[str, Marks]) -> None:
        """Mark what stands behind the marks that are new."""
        for name, marker in MARKERS.items():
            for branch_id in {branch_id for branch_id, _mark in now[name] - before[name]}:
                self.mark(branch_id, marker.stands_for)


def look() -> dict[str, Marks]:
    """What every marker shows now."""
    return {name: marker.marks() for name, marker in MARKERS.items()}
