"""A bare relay from Redis to sockets: what live screens cost at the least.

    python -m bench.relay PORT PAYLOAD

On each message it writes the same event, which is read from a file, to everybody who is there.
It renders nothing, asks no database and throttles nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count
from pathlib import Path
from typing import Any

import redis.asyncio
import uvloop

from hall.events import CHANNEL

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
ID_LENGTH = 24  # as long as the hall's
TRANSPORTS: set[Any] = set()


class Screen(asyncio.Protocol):
    """Somebody who listens."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, and write to them from now on."""
        self.transport: Any = transport  # uvloop's is no subclass of asyncio's
        TRANSPORTS.add(self.transport)

    def data_received(self, data: bytes) -> None:
        """The request: any is answered with the stream."""
        self.transport.write(HEAD + event(0))

    def connection_lost(self, exc: Exception | None) -> None:
        """They have gone."""
        TRANSPORTS.discard(self.transport)


def event(number: int) -> bytes:
    """The payload under an id of its own, as one chunk."""
    body = f"id: {number:0{ID_LENGTH}d}\n".encode() + PAYLOAD
    return b"%x\r\n%s\r\n" % (len(body), body)


async def relay(port: int) -> None:
    """Listen to both sides for ever."""
    loop = asyncio.get_running_loop()
    await loop.create_server(Screen, "127.0.0.1", port, backlog=2048)
    async with redis.asyncio.Redis.from_url(os.environ["REDIS_URL"]).pubsub() as channel:
        await channel.subscribe(CHANNEL)
        for number in count(1):
            while (await channel.get_message(True, timeout=None)) is None:
                pass
            message = event(number)
            for transport in TRANSPORTS:
                transport.write(message)


if __name__ == "__main__":
    PAYLOAD = Path(sys.argv[2]).read_bytes()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(relay(int(sys.argv[1])))
