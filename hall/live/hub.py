"""Everything that this process's screens watch, and the one ear it has for changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import redis.asyncio
import structlog
from django.conf import settings
from django.db import close_old_connections, connection
from redis.exceptions import RedisError

from hall import events
from hall.events import Change
from hall.live import pace
from hall.live.faults import place_of
from hall.live.rooms import Room, Watch
from hall.live.sources import ALL_BRANCHES, LOOK_BACK, MARKERS, Key, Marks

T = TypeVar("T")
ANYTHING = Change()
log = structlog.get_logger(__name__)


def in_database_thread(work: Callable[[], T]) -> T:
    """Run work that uses the database in the hub's thread, minding broken connections."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


class Hub:
    def __init__(self) -> None:
        self.rooms: dict[int, Room] = {}
        # One thread, so one connection to the database, however many screens watch.
        self.pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live")
        self.database_seen = time.monotonic()
        self.database_away = False
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

    def seen(self, error: Exception | None) -> None:
        """The database was asked: without an error, or with this one, said once."""
        if error is None:
            self.database_seen = time.monotonic()
        elif not self.database_away:
            log.warning("live_database_away", error=type(error).__name__, at=place_of(error))
        self.database_away = error is not None

    def is_current(self, watch: Watch) -> bool:
        """Whether this fragment is known to be what it should be; silent otherwise."""
        if self.database_away or not watch.is_current:
            return False
        return self.trusts_redis or time.monotonic() - self.database_seen < pace.SILENT_AFTER

    @property
    def trusts_redis(self) -> bool:
        """Whether every change is sure to come by Redis."""
        since = self._redis_since
        return since is not None and time.monotonic() - since > pace.TRUST_REDIS_AFTER

    def wake(self, change: Change) -> None:
        """Something changed at a branch, or everywhere."""
        here = (None, ALL_BRANCHES, change.branch_id)
        for room in self.rooms.values():
            if change.branch_id is None or room.branch_id in here:
                room.hear(change)

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
        room.forget(watch.key)
        if not room.watches:
            room.task.cancel()
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
            self.wake(ANYTHING)  # whatever was said while nobody listened
            while True:
                message = await channel.get_message(
                    ignore_subscribe_messages=True, timeout=pace.POLL_EVERY
                )
                if message is None:
                    # A ping finds a connection that died without a word.
                    await asyncio.wait_for(client.ping(), 2.0)
                    continue
                self.wake(Change.parse(message["data"]))

    async def _poll(self) -> None:
        """While Redis is away, look once a second at what changed last."""
        seen: dict[str, set[Hashable]] | None = None
        while True:
            await asyncio.sleep(pace.POLL_EVERY)
            if self.trusts_redis or not self.rooms:
                seen = None
                continue
            try:
                found = await self.in_thread(
                    lambda: {name: look() for name, look in MARKERS.items()}
                )
            except Exception as error:
                log.warning("live_poll_failed", error=type(error).__name__, at=place_of(error))
                continue
            self.database_seen = time.monotonic()
            for name, marks in found.items():
                for change in changes(marks, seen.get(name, set()) if seen is not None else None):
                    self.wake(change)
            seen = {name: set(marks) for name, marks in found.items()}


def changes(marks: Marks, seen: set[Hashable] | None) -> list[Change]:
    """What happened since these were seen; anything, if nothing was seen yet, or if so much is new
    that there may be more."""
    if seen is None:
        return [ANYTHING]
    new = marks.keys() - seen
    return [ANYTHING] if len(new) >= LOOK_BACK else [marks[mark] for mark in new]
