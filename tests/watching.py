"""A screen that watches a stream, without a browser, and the stage on which it does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import connection

from hall.live import Live

BOARD = "/live/board/nanshan/"
SOON = 3.0
T = TypeVar("T")
Scene = Callable[[Live], Awaitable[None]]


@dataclass
class Said:
    """One event of a stream, as a browser reads it."""

    event: str = ""
    id: str = ""
    data: str = ""


@dataclass
class Screen:
    """A screen that watches a stream, without a browser."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    events: asyncio.Queue[Said] = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    rest: bytes = b""

    async def receive(self) -> dict[str, Any]:
        """The server hears of us only when we go."""
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Take what the server sends."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            self.answered.set()
            return
        *blocks, self.rest = (self.rest + message["body"]).split(b"\n\n")
        for block in blocks:
            self.events.put_nowait(parsed(block.decode()))

    async def next(self, kind: str = "state", within: float = SOON) -> Said:
        """The next event of a kind; fails if none comes in time."""
        async with asyncio.timeout(within):
            while (said := await self.events.get()).event != kind:
                pass
        return said

    async def next_with(self, text: str, within: float = SOON) -> Said:
        """The next state in which this can be read."""
        async with asyncio.timeout(within):
            while text not in (said := await self.next(within=within)).data:
                pass
        return said

    async def silent(self, kind: str, seconds: float) -> bool:
        """Whether no event of that kind comes for so long."""
        try:
            await self.next(kind, seconds)
        except TimeoutError:
            return True
        return False


def parsed(block: str) -> Said:
    """One event, by the rules of the HTML standard."""
    said, data = Said(), []
    for line in block.split("\n"):
        name, _colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name in ("event", "id"):
            setattr(said, name, value)
    said.data = "\n".join(data)
    return said


@contextlib.asynccontextmanager
async def watching(
    app: Callable[..., Coroutine[Any, Any, None]],
    path: str = BOARD,
    query: str = "lang=en",
    method: str = "GET",
    **headers: str,
) -> AsyncIterator[Screen]:
    """A screen for as long as the block lasts."""
    screen = Screen()
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }
    task = asyncio.create_task(app(scope, screen.receive, screen.send))
    try:
        await asyncio.wait_for(screen.answered.wait(), SOON)
        yield screen
    finally:
        screen.gone.set()
        await asyncio.wait_for(task, SOON)


async def do(work: Callable[[], T]) -> T:
    """Something happens in the hall, in another thread, as a request would do it."""

    def work_and_close() -> T:
        try:
            return work()
        finally:
            connection.close()

    return await asyncio.to_thread(work_and_close)


def play(scene: Scene) -> None:
    """Run a scene with a hub of its own."""

    async def run() -> None:
        stage = Live()
        try:
            await scene(stage)
        finally:
            await stage.hub.stop()

    asyncio.run(run())
