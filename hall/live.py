"""Live screens: server-sent events of *state*, rendered once a change however many watch.

A screen opens ``/live/<source>/<path…>/?lang=zh-hans`` and gets ``state`` events, each with the
whole current fragment; the event id is the hash of the content, so that who comes back with it
gets nothing new. Every five seconds a ``ping`` says that server and database are alive: a hub
that cannot read the database goes silent, and its screens say so.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qs

import redis.asyncio
import structlog
from django.conf import settings
from django.db import close_old_connections, connection
from redis.exceptions import RedisError

from hall import events
from hall.languages import known
from hall.models import Branch, Notice
from hall.plugs import Socket

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Marks = set[tuple[int | None, object]]
T = TypeVar("T")

PING_EVERY = 5.0
ALL_BRANCHES = 0  # in the place of a branch's id: of what is watched over all of them
RENDER_AT_MOST_EVERY = 0.2
RENDER_AT_LEAST_EVERY = 30.0
POLL_EVERY = 1.0
SILENT_AFTER = 8.0  # seconds without the database, after which pings stop
# A publisher asks a Redis that was dead again only after a while; until then look ourselves.
TRUST_REDIS_AFTER = 2 * events.RETRY_AFTER
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Key:
    """One fragment that screens may watch: equal keys get the same bytes."""

    source: str
    branch_id: int
    subject: str
    language: str


class Source(Protocol):
    """Renders one kind of fragment; its methods run in a thread and may use the database."""

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The branch's id and the subject that a path names, or None if it names nothing."""

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The HTML of every key of one branch, in a fixed number of queries."""


class BranchSource:
    """A stream of a whole branch: ``/live/<name>/<branch>/``."""

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The branch that the path names."""
        if len(path) != 1:
            return None
        pk = Branch.objects.filter(slug=path[0]).values_list("pk", flat=True).first()
        return None if pk is None else (pk, "")


def fingerprint(value: object) -> str:
    """A short mark of a value; ids and times do not leave the hall by it."""
    secret = settings.SECRET_KEY.encode()[:64]
    return hashlib.blake2b(repr(value).encode(), key=secret, digest_size=8).hexdigest()


SOURCES: Socket[Source] = Socket("live sources")
# The functions that show, without Redis, what changed last.
MARKERS: Socket[Callable[[], Marks]] = Socket("live markers")


def notice_marker() -> Marks:
    """The notices that were changed last."""
    rows = Notice.objects.order_by("-changed_at").values_list("branch_id", "id", "changed_at")
    return {(branch_id, ("notice", pk, at)) for branch_id, pk, at in rows[:20]}


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

    def mark(self, keys: Iterable[Key]) -> None:
        """Have these rendered again."""
        self.stale.update(keys)
        self.wake.set()

    async def run(self) -> None:
        """Render what is stale, for as long as somebody watches."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), RENDER_AT_LEAST_EVERY)
            self.wake.clear()
            await self.render(list(self.stale or self.watches))
            await asyncio.sleep(RENDER_AT_MOST_EVERY)

    async def render(self, keys: list[Key]) -> None:
        """Render these keys; if the database is away, keep the old and try again."""
        self.stale.difference_update(keys)
        try:
            contents = await self.hub.in_thread(lambda: self._render_all(keys))
        except Exception as error:
            log.warning("live_render_failed", branch=self.branch_id, error=repr(error))
            self.hub.render_failed = True
            self.mark(keys)
            await asyncio.sleep(POLL_EVERY)
            return
        self.hub.render_failed = False
        self.hub.database_seen = time.monotonic()
        for key, content in contents.items():
            if key in self.watches:
                self.watches[key].update(content)

    def _render_all(self, keys: list[Key]) -> dict[Key, str]:
        by_source: dict[str, list[Key]] = defaultdict(list)
        for key in keys:
            by_source[key.source].append(key)
        contents: dict[Key, str] = {}
        for name, source in SOURCES.items():
            if group := by_source.get(name):
                contents |= source.render(self.branch_id, group)
        return contents


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
            lambda branch_id: loop.call_soon_threadsafe(self.wake, branch_id)
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
        return self.trusts_redis or time.monotonic() - self.database_seen < SILENT_AFTER

    @property
    def trusts_redis(self) -> bool:
        """Whether every change is sure to come by Redis."""
        since = self._redis_since
        return since is not None and time.monotonic() - since > TRUST_REDIS_AFTER

    def wake(self, branch_id: int | None) -> None:
        """Something changed at a branch (None: everywhere)."""
        for room in self.rooms.values():
            if branch_id is None or room.branch_id in (branch_id, ALL_BRANCHES):
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
            self.wake(None)  # whatever was said while nobody listened
            while True:
                message = await channel.get_message(
                    ignore_subscribe_messages=True, timeout=POLL_EVERY
                )
                if message is None:
                    # A ping finds a connection that died without a word.
                    await asyncio.wait_for(client.ping(), 2.0)
                    continue
                branch_id = json.loads(message["data"])["branch"]
                self.wake(branch_id)

    async def _poll(self) -> None:
        """While Redis is away, look once a second at what changed last."""
        seen: Marks | None = None
        while True:
            await asyncio.sleep(POLL_EVERY)
            if self.trusts_redis or not self.rooms:
                seen = None
                continue
            try:
                marks = await self.in_thread(lambda: set().union(*(look() for look in MARKERS)))
            except Exception as error:
                log.warning("live_poll_failed", error=repr(error))
                continue
            self.database_seen = time.monotonic()
            changed = {branch_id for branch_id, _mark in marks - (seen or set())}
            for branch_id in changed if seen is not None else {None}:
                self.wake(branch_id)
            seen = marks


class Live:
    """The ASGI callable for everything under ``/live/``."""

    def __init__(self) -> None:
        self.hub = Hub()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        name, *path = scope["path"].removeprefix("/live/").strip("/").split("/")
        source = SOURCES.get(name)
        found = None
        if source is not None and scope["method"] == "GET":
            try:
                found = await self.hub.in_thread(lambda: source.resolve(path))
            except Exception as error:
                log.warning("live_resolve_failed", error=repr(error))
                await plain(send, 503, b"try again")
                return
        if found is None:
            await plain(send, 404, b"no such stream")
            return
        key = Key(name, *found, known(query.get("lang", [""])[0]))
        last = next((v for k, v in scope["headers"] if k == b"last-event-id"), b"").decode(
            "latin-1"
        )
        await self.stream(key, last or query.get("last", [""])[0], receive, send)

    async def stream(self, key: Key, last_id: str, receive: Receive, send: Send) -> None:
        """Send the fragment and its changes until the client has gone."""
        watch = self.hub.join(key)
        sender = asyncio.create_task(self._send_states(watch, last_id, send))
        gone = asyncio.create_task(disconnected(receive))
        try:
            await asyncio.wait({sender, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.hub.leave(watch)
            for task in (sender, gone):
                task.cancel()
            await asyncio.gather(sender, gone, return_exceptions=True)

    async def _send_states(self, watch: Watch, last_id: str, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send(chunk(b"retry: 3000\nevent: ping\ndata:\n\n"))
        while True:
            while watch.event_id != last_id and watch.message:
                last_id = watch.event_id
                await send(chunk(watch.message))
            try:
                await asyncio.wait_for(watch.changed.wait(), PING_EVERY)
            except TimeoutError:
                if self.hub.is_healthy:
                    await send(chunk(b"event: ping\ndata:\n\n"))


def chunk(body: bytes) -> dict[str, Any]:
    """A piece of a response that goes on."""
    return {"type": "http.response.body", "body": body, "more_body": True}


async def plain(send: Send, status: int, body: bytes) -> None:
    """A short plain answer."""
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def disconnected(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
