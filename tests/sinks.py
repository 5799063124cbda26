"""Servers outside the hall, for tests: a mail server, a printer, a gateway. Each is a thread."""

from __future__ import annotations

import contextlib
import email
import http.server
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from typing import Any


@dataclass
class Sink:
    """Where it listens, and what it got."""

    port: int = 0
    got: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"


@contextlib.contextmanager
def listening(
    serve: Callable[[Sink, socketserver.StreamRequestHandler], None],
) -> Iterator[Sink]:
    """A server that answers each connection as told, in a thread of its own."""
    sink = Sink()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):  # whoever called was killed
                serve(sink, self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        sink.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        try:
            yield sink
        finally:
            server.shutdown()


def printer(sink: Sink, link: socketserver.StreamRequestHandler) -> None:
    """Print everything, then hang up, as a printer at port 9100 does."""
    sink.got.append(link.rfile.read())


def mail_server(
    refusal: str = "",
) -> Callable[[Sink, socketserver.StreamRequestHandler], None]:
    """Take every mail, or answer every recipient with a refusal."""

    def serve(sink: Sink, link: socketserver.StreamRequestHandler) -> None:
        def say(line: str) -> None:
            link.wfile.write(f"{line}\r\n".encode())

        say("220 sink")
        while line := link.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "DATA":
                say("354 go on")
                sink.got.append(_mail(link))
            if word == "QUIT":
                return say("221 bye")
            say(refusal if refusal and word == "RCPT" else "250 ok")

    return serve


def _mail(link: socketserver.StreamRequestHandler) -> Message:
    lines = []
    while (line := link.rfile.readline()) and line != b".\r\n":
        lines.append(line)
    return email.message_from_bytes(b"".join(lines), policy=default)


@contextlib.contextmanager
def gateway(
    status: int = 200, wrap: Callable[[Any], Any] | None = None, **headers: str
) -> Iterator[Sink]:
    """An HTTP server that answers every POST with a status; ``wrap`` makes its socket a TLS one."""
    sink = Sink()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.got.append((self.path, dict(self.headers), body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        sink.port = server.server_address[1]
        if wrap:
            server.socket = wrap(server.socket)
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        try:
            yield sink
        finally:
            server.shutdown()
