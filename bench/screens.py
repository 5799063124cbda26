"""Many open live screens in one process, which tells when each new state has reached the last."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from multiprocessing.connection import Connection

import uvloop

STATE = re.compile(rb"^id: (\w+)\nevent: state\n", re.MULTILINE)
END = b"\n\n\r\n"  # of an event, and of the chunk that it is
AT_ONCE = 50  # connections opened together


class Crowd:
    """All the screens: counts who has seen which state."""

    def __init__(self, size: int, to_parent: Connection) -> None:
        self.size = size
        self.to_parent = to_parent
        self.seen: Counter[bytes] = Counter()

    def saw(self, event_id: bytes, whole: bytes) -> None:
        """A screen has a state; when it is the last one, say when that was, and what."""
        self.seen[event_id] += 1
        if self.seen[event_id] == self.size:
            self.to_parent.send((time.perf_counter(), whole))


class Screen(asyncio.Protocol):
    """One stream, read as bytes come."""

    def __init__(self, request: bytes, crowd: Crowd) -> None:
        self.request = request
        self.crowd = crowd
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Take in a part of the stream; note the state when it is whole."""
        self.buffer += data
        if not self.buffer.endswith(END):
            return
        for event_id in STATE.findall(self.buffer):
            self.crowd.saw(event_id, self.buffer)
        self.buffer = b""

    def connection_lost(self, exc: Exception | None) -> None:
        """A screen that lost its stream will never see the next state: the parent notices."""


def show(port: int, path: str, size: int, to_parent: Connection) -> None:
    """Open so many screens, and watch until this process is ended."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_show(port, path, size, to_parent))


async def _show(port: int, path: str, size: int, to_parent: Connection) -> None:
    loop = asyncio.get_running_loop()
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    crowd = Crowd(size, to_parent)
    for first in range(0, size, AT_ONCE):
        some = range(first, min(size, first + AT_ONCE))
        opening = (
            loop.create_connection(lambda: Screen(request, crowd), "127.0.0.1", port)
            for _each in some
        )
        await asyncio.gather(*opening)
    await asyncio.Event().wait()
