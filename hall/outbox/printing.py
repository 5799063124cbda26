"""Paper: bytes that a printer in the network takes as they are (raw, port 9100)."""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import pgettext_lazy

from hall.outbox.kinds import Content, InDoubt, Kind, Trouble, Undelivered
from hall.outbox.sockets import deadline

PORT: Final = 9100
CONNECT_WITHIN: Final = 5.0
PRINT_WITHIN: Final = 30.0


def deliver(content: Content) -> None:
    """Print the body at ``payload["printer"]`` (host, or host:port).

    Up to the first byte a failure is one, and is tried again; from then on paper may have come
    out. It has when the printer, told that there is no more, closes its side, too.
    """
    try:
        printer = socket.create_connection(address(content.payload["printer"]), CONNECT_WITHIN)
    except OSError:
        raise Undelivered(Trouble.UNREACHABLE) from None
    try:
        with printer, deadline(printer, PRINT_WITHIN):
            printer.settimeout(PRINT_WITHIN)
            printer.sendall(content.body)
            printer.shutdown(socket.SHUT_WR)
            while printer.recv(1024):
                pass  # its status, which nobody asked for
    except TimeoutError:
        raise InDoubt(Trouble.NO_ANSWER) from None
    except OSError:
        raise InDoubt(Trouble.BROKEN_OFF) from None


def address(text: str) -> tuple[str, int]:
    """Host and port of a printer."""
    parts = urlsplit(f"//{text}")
    return parts.hostname or "", parts.port or PORT


# A visitor who waits for paper is gone after a minute.
PRINT: Final = Kind(
    "print", pgettext_lazy("outbox", "paper"), deliver, comes_once=True, pauses=(2, 5, 10, 30)
)
