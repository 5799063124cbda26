"""Telling a person outside something: one method, and three ways (HALL_NOTIFIER)."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import smtplib
import ssl
import sys
import time
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from hall.outbox import ways
from hall.outbox.kinds import Hopeless, InDoubt, Trouble, Undelivered
from hall.outbox.sockets import deadline

ANSWER_WITHIN: Final = 15.0
FOR_NOW: Final = {408, 425, 429}  # of the 4xx those that only mean: later


class Notifier(Protocol):
    """A way to a person."""

    def send(self, to: str, subject: str, text: str, *, key: str) -> None:
        """Return when it is on its way to them; raises what ``hall.outbox.kinds`` has for it.

        What comes twice has the same ``key`` both times.
        """


class Console:
    """For trying out: what would be sent stands in the worker's output."""

    def send(self, to: str, subject: str, text: str, *, key: str) -> None:
        """Print it."""
        sys.stderr.write(f"Key: {key}\nTo: {to}\nSubject: {subject}\n\n{text}\n")


class Email:
    """By Django's e-mail settings, which HALL_EMAIL_URL and HALL_EMAIL_FROM fill."""

    def send(self, to: str, subject: str, text: str, *, key: str) -> None:
        """Hand it to the mail server; programs that read mail show the same Message-ID once."""
        host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
        name = hashlib.sha256(f"{settings.SECRET_KEY}{key}".encode()).hexdigest()[:32]
        # Auto-Submitted: no holiday reply comes back for it (RFC 3834).
        headers = {"Message-ID": f"<{name}@{host}>", "Auto-Submitted": "auto-generated"}
        try:
            EmailMessage(subject, text, to=[to], headers=headers).send()
        except smtplib.SMTPRecipientsRefused as refusal:
            # Some servers put unknown senders off with a 4xx (greylisting).
            codes = [code for code, _words in refusal.recipients.values()]
            raise (Hopeless if min(codes) >= 500 else Undelivered)(Trouble.REFUSED) from None
        # It may have taken the mail before it hung up.
        except smtplib.SMTPServerDisconnected:
            raise InDoubt(Trouble.BROKEN_OFF) from None
        except smtplib.SMTPException:
            raise Undelivered(Trouble.REFUSED) from None
        except TimeoutError:
            raise InDoubt(Trouble.NO_ANSWER) from None
        except OSError:
            raise Undelivered(Trouble.UNREACHABLE) from None


class Webhook:
    """A hall's own gateway, for short messages or whatever it has.

    A POST of JSON to HALL_WEBHOOK_URL, signed with HALL_WEBHOOK_SECRET: ``Hall-Signature:
    t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>" in hex>``. Any 2xx means that it is taken.
    """

    def send(self, to: str, subject: str, text: str, *, key: str) -> None:
        """Hand it to the gateway."""
        message = {"key": key, "to": to, "subject": subject, "text": text}
        body = json.dumps(message, ensure_ascii=False).encode()
        try:
            status = _post(urlsplit(settings.HALL_WEBHOOK_URL), body)
        except TimeoutError:
            raise InDoubt(Trouble.NO_ANSWER) from None
        except http.client.HTTPException:
            raise InDoubt(Trouble.BROKEN_OFF) from None
        except OSError:
            raise Undelivered(Trouble.UNREACHABLE) from None
        if 400 <= status < 500 and status not in FOR_NOW:
            raise Hopeless(Trouble.REFUSED)
        if not 200 <= status < 300:  # a redirect is followed nowhere
            raise Undelivered(Trouble.REFUSED)


def _post(url: SplitResult, body: bytes) -> int:
    """The status that the gateway answers with; its words are not read."""
    connection = _connection(url)
    # Before the deadline, which breaks off a socket that is there.
    connection.connect()
    with deadline(connection.sock, ANSWER_WITHIN):
        headers = {"Content-Type": "application/json", "Hall-Signature": signature(body)}
        path = url.path + (f"?{url.query}" if url.query else "")
        connection.request("POST", path or "/", body, headers)
        status = connection.getresponse().status
    connection.close()
    return status


def _connection(url: SplitResult) -> http.client.HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "https":
        trusted = ssl.create_default_context()
        return http.client.HTTPSConnection(host, url.port, timeout=ANSWER_WITHIN, context=trusted)
    return http.client.HTTPConnection(host, url.port, timeout=ANSWER_WITHIN)


def signature(body: bytes, now: float | None = None) -> str:
    """What proves to the gateway who speaks, and when."""
    moment = int(time.time() if now is None else now)
    secret = settings.HALL_WEBHOOK_SECRET.encode()
    mark = hmac.new(secret, b"%d.%s" % (moment, body), hashlib.sha256).hexdigest()
    return f"t={moment},v1={mark}"


WAYS: Final[dict[str, type[Notifier]]] = {
    ways.CONSOLE: Console,
    ways.EMAIL: Email,
    ways.WEBHOOK: Webhook,
}


def notifier() -> Notifier | None:
    """The way that this hall has chosen, if any."""
    way = WAYS.get(settings.HALL_NOTIFIER)
    return way() if way else None
