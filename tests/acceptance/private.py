"""A hall of one's own for a measurement: fresh database, server, worker, in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet

from hall import keeper
from hall.trial.children import SERVER, WORKER
from tests.servers import free_port, ping, postgres, redis_binary

BASE = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0
# Writes down its id and becomes the command, so that the process itself can be killed.
NOTED = 'echo $$ > "$0"; exec "$@"'


class Broken(Exception):
    """The hall could not be made ready; the message says why."""


@dataclass
class Process:
    """A process that may be killed and started again."""

    name: str
    command: list[str]
    folder: Path
    env: Mapping[str, str]
    kept: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Start it; it ends with us at the latest."""
        noted = ["sh", "-c", NOTED, str(self.folder / f"{self.name}.pid"), *self.command]
        self.kept = keeper.keep(noted, env=dict(self.env), cwd=BASE, log=self.log)

    def kill(self) -> None:
        """``kill -9``."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(int((self.folder / f"{self.name}.pid").read_text()), signal.SIGKILL)
        if self.kept:
            self.kept.wait()

    def stop(self) -> None:
        """End it in order."""
        if self.kept:
            keeper.release(self.kept)


class PrivateHall:
    """The demo hall with its own database; nobody else comes in."""

    def __init__(self, folder: Path, database_url: str = "", redis_url: str = "") -> None:
        self.folder = folder
        self.password = secrets.token_urlsafe(16)
        self.port = free_port()
        self.env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "hall.settings",
            "HALL_SECRET_KEY": secrets.token_urlsafe(32),
            "HALL_FIELD_KEYS": Fernet.generate_key().decode(),
            "HALL_DATA": str(folder),
            "HALL_DEMO_PASSWORD": self.password,
            "HALL_DEMO_HISTORY": "0",
            "HALL_TRIAL": "0",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
        }
        server = [sys.executable, "-m", *SERVER, "--port", str(self.port)]
        worker = [sys.executable, "-m", *WORKER, "--schedule", str(folder / "beat-schedule")]
        self.server = Process("server", server, folder, self.env)
        self.worker = Process("worker", worker, folder, self.env)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Make the tables and load the demo."""
        self.manage("migrate", "--no-input", "--verbosity", "0")
        self.manage("demo")

    def manage(self, *words: str) -> str:
        """Run a management command; its output. Raises Broken."""
        return run([sys.executable, "manage.py", *words], self.env)

    def start(self) -> None:
        """Start server and worker, and return when the server answers."""
        self.server.start()
        self.worker.start()
        self.wait()

    def wait(self) -> None:
        """Return when the server answers."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz"):
                return
            time.sleep(0.05)
        raise Broken(self.server.log.read_text(errors="replace"))

    def kill(self) -> None:
        """``kill -9`` of server and worker."""
        self.server.kill()
        self.worker.kill()

    def stop(self) -> None:
        """End both."""
        self.worker.stop()
        self.server.stop()


def run(command: list[str], env: Mapping[str, str], given: str = "") -> str:
    """Run a command in the project's folder; its output. Raises Broken."""
    done = subprocess.run(
        command, env=env, cwd=BASE, input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Broken(done.stderr.strip() or done.stdout.strip())
    return done.stdout


class PrivateRedis:
    """A Redis that can go away and come back at the same address."""

    def __init__(self, folder: Path) -> None:
        port, password = free_port(), secrets.token_hex(16)
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        folder.mkdir()
        config = folder / "redis.conf"
        config.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder}\nsave ""\n'
        )
        self.process = Process("redis", [str(redis_binary()), str(config)], folder, os.environ)

    def start(self) -> None:
        """Start it, and return when it answers."""
        self.process.start()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(Exception):
                ping(self.url)
                return
            time.sleep(0.05)
        raise Broken(self.process.log.read_text(errors="replace"))


@dataclass(frozen=True)
class Private:
    """A hall of one's own, and the Redis that goes with it."""

    hall: PrivateHall
    redis: PrivateRedis | None


@contextlib.contextmanager
def private_hall(*, on_postgres: bool = False) -> Iterator[Private]:
    """A running demo hall: on SQLite without Redis, or on PostgreSQL with a Redis of its own."""
    for name in ("TEST_DATABASE_URL", "TEST_REDIS_URL"):  # those are not ours alone
        os.environ.pop(name, None)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hall-replay-")))
        database = stack.enter_context(postgres({})) if on_postgres else ""
        redis = PrivateRedis(folder / "redis") if on_postgres else None
        if redis:
            stack.callback(redis.process.stop)
            redis.start()
        hall = PrivateHall(folder, database, redis.url if redis else "")
        hall.prepare()
        stack.callback(hall.stop)
        hall.start()
        yield Private(hall, redis)
