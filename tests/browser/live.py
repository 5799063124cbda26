"""A running hall for the browser: a real server process on the test database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from hall import keeper

PATIENCE = 30.0


@dataclass
class LiveHall:
    """The server that browser tests talk to; it can be stopped and started again."""

    port: int
    database_url: str
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = [sys.executable, "-m", "uvicorn", "hall.asgi:application"]
        command += ["--port", str(self.port), "--loop", "uvloop", "--http", "httptools"]
        command += ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "1"]
        env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": self.database_url,
            "HALL_TRIAL": "1",
        }
        self.process = keeper.keep(command, env=env, log=self.log, options=["--grace", "2"])
        self.wait()

    def stop(self) -> None:
        """End it."""
        if self.process:
            keeper.release(self.process)

    def wait(self) -> None:
        """Return when it answers; fail with its log if it does not."""
        until = time.monotonic() + PATIENCE
        while self.process and self.process.poll() is None and time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise AssertionError(f"The hall did not start:\n{self.log.read_text(errors='replace')}")


def url_of(engine: str, name: str) -> str:
    """The URL of the test database, which pytest-django has named."""
    if engine.endswith("sqlite3"):
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
