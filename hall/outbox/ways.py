"""How people outside are told, as the settings say it. Nothing else of Hall is loaded here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

CONSOLE: Final = "console"
EMAIL: Final = "email"
WEBHOOK: Final = "webhook"
PORTS: Final = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
HERE: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class MailServer:
    """A mail server, and how to come in."""

    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = ""
    starts_tls: bool = False
    is_tls: bool = False


def mail_server(url: str) -> MailServer:
    """The mail server that a URL names; raises ImproperlyConfigured for one that names none."""
    if not url:
        return MailServer()
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ImproperlyConfigured(
            "HALL_EMAIL_URL must be like smtp://user:password@host:25, smtp+tls:// or smtps://."
        )
    return MailServer(
        parts.hostname,
        parts.port or PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        starts_tls=parts.scheme == "smtp+tls",
        is_tls=parts.scheme == "smtps",
    )


def check(way: str, *, has_address: bool, has_mail: bool, gateway: str) -> None:
    """Raise ImproperlyConfigured for a way that could not work."""
    if way not in ("", CONSOLE, EMAIL, WEBHOOK):
        raise ImproperlyConfigured("HALL_NOTIFIER must be console, email, webhook or empty.")
    if way and not has_address:
        raise ImproperlyConfigured("HALL_NOTIFIER needs HALL_PUBLIC_URL: what it sends has links.")
    if way == EMAIL and not has_mail:
        raise ImproperlyConfigured("HALL_NOTIFIER=email needs HALL_EMAIL_URL and HALL_EMAIL_FROM.")
    if way == WEBHOOK and not is_safe(gateway):
        raise ImproperlyConfigured(
            "HALL_NOTIFIER=webhook needs HALL_WEBHOOK_URL (https) and HALL_WEBHOOK_SECRET."
        )


def is_safe(gateway: str) -> bool:
    """Whether nobody on the way reads along."""
    parts = urlsplit(gateway)
    is_here = parts.scheme == "http" and parts.hostname in HERE
    return bool(parts.hostname) and (parts.scheme == "https" or is_here)
