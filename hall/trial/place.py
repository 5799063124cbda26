"""Where a trial keeps its data, and where it can be visited."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hall import typed

BASE = Path(__file__).resolve().parent.parent.parent


class Unusable(Exception):
    """The trial cannot run like this; the message is the one line that says why."""


@dataclass(frozen=True)
class Place:
    """What the environment asks for."""

    data: Path
    host: str
    port: int
    database_url: str
    redis_url: str
    has_visitors: bool

    @property
    def url(self) -> str:
        """The address of the start page, as seen from this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def logs(self) -> Path:
        """The folder of what the children say."""
        return self.data / "logs"


def asked_for(env: Mapping[str, str]) -> Place:
    data = Path(env.get("HALL_DATA") or BASE / "var").absolute()
    return Place(
        data=data,
        host=env.get("HALL_HOST") or "127.0.0.1",
        port=port_number(env.get("PORT") or "8000"),
        database_url=env.get("DATABASE_URL") or f"sqlite:///{data / 'hall.sqlite3'}",
        redis_url=env.get("REDIS_URL") or "",
        has_visitors=env.get("VISITORS", "") not in ("", "0"),
    )


def port_number(text: str) -> int:
    """The port; raises Unusable for 0, and for what is none."""
    port = typed.number(text, most=65_535)
    if not port:
        raise Unusable(f"PORT={text} is no port: choose one from 1 to 65535, as make run PORT=8001")
    return port


@contextlib.contextmanager
def alone_in(data: Path) -> Iterator[None]:
    """Hold the data folder: two trials in one would run two workers on one hall."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "trial.lock").open("w")
    except OSError as error:
        raise Unusable(
            f"The data folder {data} cannot be written ({error.strerror}): "
            "choose another, as make run HALL_DATA=/path/to/folder"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unusable(
                f"A trial already runs in the data folder {data}: stop it, or choose another "
                "folder and port, as make run HALL_DATA=/path/to/folder PORT=8001"
            ) from None
        yield


def environment(place: Place) -> dict[str, str]:
    told = {
        "HALL_TRIAL": "1",
        "HALL_DATA": str(place.data),
        "HALL_URL": place.url,
        "HALL_SECRET_KEY": os.environ.get("HALL_SECRET_KEY") or kept(place.data / "secret-key"),
        "HALL_FIELD_KEYS": os.environ.get("HALL_FIELD_KEYS") or kept(place.data / "field-keys"),
        "HALL_DEMO_PASSWORD": kept(place.data / "demo-password"),
        "DATABASE_URL": place.database_url,
        "REDIS_URL": place.redis_url,
        "PYTHONUNBUFFERED": "1",
    }
    hosts = {} if place.is_private else {"HALL_HOSTS": "*"}
    # Hosts may be chosen by whoever starts it; what the trial says itself may not.
    return hosts | os.environ | told


def kept(path: Path) -> str:
    """A random value that was made at the first start, and that nobody else can read."""
    if not path.exists():
        # Closed to others before anything stands in it.
        path.touch(mode=0o600)
        path.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return path.read_text().strip()
