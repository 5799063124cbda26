"""A generator of load: so many keep-alive connections, each sending its next request at once.

Minimal on purpose, and to be run in a process of its own: it must never be what is slow.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import uvloop

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Shot:
    """What became of a round of requests."""

    seconds: float = 0.0
    own_cpu: float = 0.0  # seconds of processor time that the generator itself took
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many requests were answered."""
        return self.statuses.total()


class Client(asyncio.Protocol):
    """One connection: sends a request from the queue, reads the answer, sends the next."""

    def __init__(self, queue: deque[bytes], shot: Shot) -> None:
        self.queue = queue
        self.shot = shot
        self.done = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """The server hung up on us: that is not a measurement."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed a connection"))

    def send_next(self) -> None:
        """Send a request, or be done when none is left."""
        if not self.queue:
            self.done.set_result(None)
            return
        self.sent_at = time.perf_counter()
        self.transport.write(self.queue.popleft())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Take in a part of an answer."""
        self.buffer += data
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return
        length = LENGTH.search(head)
        assert length, head
        if len(body) < int(length[1]):
            return
        self.buffer = b""
        self.shot.latencies.append(time.perf_counter() - self.sent_at)
        self.shot.statuses[int(head[9:12])] += 1
        self.send_next()


def fire(port: int, requests: Sequence[bytes], clients: int) -> Shot:
    """Have all the requests answered, by so many clients at once."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(shoot(port, requests, clients))


async def shoot(port: int, requests: Sequence[bytes], clients: int) -> Shot:
    """As ``fire``, in the running loop."""
    shot, queue = Shot(), deque(requests)
    loop = asyncio.get_running_loop()
    pairs = [
        await loop.create_connection(lambda: Client(queue, shot), "127.0.0.1", port)
        for _client in range(clients)
    ]
    began, cpu = time.perf_counter(), time.process_time()
    for _transport, client in pairs:
        client.send_next()
    await asyncio.gather(*(client.done for _transport, client in pairs))
    shot.seconds, shot.own_cpu = time.perf_counter() - began, time.process_time() - cpu
    for transport, _client in pairs:
        transport.close()
    return shot


def request(
    path: str,
    form: Mapping[str, object] | None = None,
    cookies: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a request: POST if there is a form, else GET."""
    body = urlencode(form).encode() if form is not None else b""
    lines = [f"{'GET' if form is None else 'POST'} {path} HTTP/1.1", "Host: localhost"]
    if cookies:
        lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    if form is not None:
        lines.append("Content-Type: application/x-www-form-urlencoded")
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
