"""A limit to how long a connection may take in all: a socket's own counts anew with each byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPException


@contextlib.contextmanager
def deadline(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Break the connection off, and raise TimeoutError, when the block takes longer."""
    over = threading.Event()

    def end() -> None:
        over.set()
        with contextlib.suppress(OSError):  # it is closed already
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, HTTPException):
        if not over.is_set():
            raise
    finally:
        timer.cancel()
    # Whoever reads sees an orderly end where it was only us who had enough.
    if over.is_set():
        raise TimeoutError
