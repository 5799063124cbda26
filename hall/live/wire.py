"""The ASGI callable for everything under ``/live/``: what a screen asks, and what it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import structlog

from hall.languages import known
from hall.live import pace
from hall.live.faults import place_of
from hall.live.hub import Hub
from hall.live.rooms import Watch
from hall.live.sources import SOURCES, Key

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx would keep events back until a buffer is full.
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]
PING = b"event: ping\ndata:\n\n"
log = structlog.get_logger(__name__)


class Live:
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
                log.warning("live_resolve_failed", error=type(error).__name__, at=place_of(error))
                # No 404: whether there is such a stream nobody can tell now.
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
        await send(chunk(b"retry: 3000\n\n"))
        while True:
            # A screen that was silent comes back: not even the first ping says that all is well.
            if self.hub.is_current(watch):
                await send(chunk(PING))
            while watch.event_id != last_id and watch.message:
                last_id = watch.event_id
                await send(chunk(watch.message))
            try:
                await asyncio.wait_for(watch.changed.wait(), pace.PING_EVERY)
            except TimeoutError:
                continue


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
