"""Runs the trial."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import urllib.request
from typing import TextIO

from hall.trial.checks import check
from hall.trial.children import Child, children, preparation, release
from hall.trial.place import Place, Unusable, alone_in, asked_for

POLL = 0.25
PATIENCE = 60.0  # seconds in which the server must answer


def main() -> int:
    """Run the trial until somebody ends it; answer with the exit code."""
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: over.set())
    try:
        place = asked_for(os.environ)
        with alone_in(place.data):
            check(place)
            prepare(place, over)
            if not over.is_set():
                run(place, over)
    except Unusable as reason:
        say(str(reason), sys.stderr)
        return 2
    return 0


def say(text: str, stream: TextIO | None = None) -> None:
    """Print a line at once."""
    (stream or sys.stdout).write(f"{text}\n")
    (stream or sys.stdout).flush()


def prepare(place: Place, over: threading.Event) -> None:
    """Bring the database up to date, and fill it with the demo hall if it is empty."""
    say("Preparing the hall …")
    place.logs.mkdir(exist_ok=True)
    for old in place.logs.glob("*.log"):
        old.replace(old.with_suffix(".old"))
    step = preparation(place)
    step.begin()
    while step.is_running and not over.wait(POLL):
        pass
    release(step)
    if step.has_failed and not over.is_set():
        raise Unusable(f"The hall could not be prepared: {step.last_words}")


def run(place: Place, over: threading.Event) -> None:
    """Keep the hall open until it is over."""
    group = children(place)
    server = group[0]
    try:
        server.begin()
        wait_for_answer(server, place.url, over)
        if not over.is_set():
            announce(place)
        while not over.wait(POLL):
            for line in filter(None, (child.tend() for child in group)):
                say(line)
        say("\nClosing the hall …")
    finally:
        release(*group)


def announce(place: Place) -> None:
    say(f"\n    Hall is open: {place.url}/\n")
    say(f"Its data is in {place.data}. Ctrl-C closes it; the next start goes on from there.")
    if not place.is_private:
        say("Anybody in this network can open it, and sign in with one touch as anybody.")


def wait_for_answer(server: Child, url: str, over: threading.Event) -> None:
    """Return when the server answers, or when it is over."""
    until = time.monotonic() + PATIENCE
    while not over.is_set() and not answers(url):
        if not server.is_running or time.monotonic() > until:
            raise Unusable(f"The server did not start: {server.last_words}")
        over.wait(POLL)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
