"""The processes of a trial's hall."""

from __future__ import annotations

import subprocess
import sys
import time

from hall import keeper
from hall.trial.place import BASE, Place, environment

SLOWEST_RESTART = 30.0  # seconds
STEADY = 60.0  # seconds; what ran for so long did not fail at once
SERVER = """
uvicorn hall.asgi:application --loop uvloop --http httptools
--no-access-log --log-level warning --timeout-graceful-shutdown 2
""".split()
WORKER = """
celery -A hall worker --beat --pool threads --concurrency 2 --loglevel WARNING
--without-gossip --without-mingle
""".split()


class Child:
    """A process that is started again when it ends, later each time if it fails at once."""

    def __init__(self, name: str, command: list[str], place: Place) -> None:
        self.name = name
        self.command = [sys.executable, *command]
        self.place = place
        self.log = place.logs / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.since = self.due = time.monotonic()
        self.pause = 0.5

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def has_failed(self) -> bool:
        """Whether it has ended otherwise than well."""
        return self.process is not None and bool(self.process.poll())

    @property
    def last_words(self) -> str:
        """The last line that it wrote, and where the others are."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        return f"{said[-1] if said else 'it said nothing'} (all of it in {self.log})"

    def begin(self) -> None:
        self.since = time.monotonic()
        self.process = keeper.keep(
            self.command, env=environment(self.place), cwd=BASE, log=self.log
        )

    def tend(self) -> str | None:
        """Start it when it is due. Answers with what to say when it has ended."""
        now = time.monotonic()
        if self.is_running:
            return None
        if not self.process:
            if now >= self.due:
                self.begin()
            return None
        self.pause = 1.0 if now - self.since > STEADY else min(self.pause * 2, SLOWEST_RESTART)
        self.due, self.process = now + self.pause, None
        return f"The {self.name} ended; it starts again in {self.pause:.0f} s: {self.last_words}"


def preparation(place: Place) -> Child:
    """What runs once, before the hall opens."""
    return Child("preparation", ["-m", "hall.trial.prepare"], place)


def children(place: Place) -> list[Child]:
    """What runs while the hall is open; the server is the first."""
    server = ["-m", *SERVER, "--host", place.host, "--port", str(place.port)]
    worker = ["-m", *WORKER, "--schedule", str(place.data / "beat-schedule")]
    found = [Child("server", server, place), Child("worker", worker, place)]
    if place.has_visitors:
        found.append(Child("visitors", ["-m", "demo.visitors"], place))
    return found


def release(*group: Child) -> None:
    """End them all, at once."""
    keeper.release(*(child.process for child in group if child.process))
