"""Runs the whole suite twice: on SQLite without Redis, and on PostgreSQL with Redis.

    python -m tests [pytest's arguments]

What is marked `once` does not depend on database or Redis, and runs in the first pass alone; what
is marked `servers` runs in the second alone.
The second pass is two runs, with the browser tests in one of their own; all three runs go side
by side and are told one after the other. The exit code is the worst of them. Where there is no
server the first pass runs everything that it can, the second is left out, and the last line says
so; with CI=true that is a failure. Fonts that are missing are told there, too.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from tests import fonts
from tests.servers import Missing, postgres, redis

NO_TESTS = 5
FIRST = "Pass 1 of 2: SQLite, no Redis"
SECOND = "Pass 2 of 2: PostgreSQL, Redis"
IN_BROWSER = "Pass 2 of 2: PostgreSQL, Redis, browser"
Run = subprocess.Popen[bytes]


def all_tests() -> int:
    """Run both passes with the fonts that there are; answer with the worst exit code."""
    fonts.bring()
    code = both_passes()
    lacking = list(fonts.lacking())
    for sentence in lacking:
        sys.stderr.write(f"{sentence}\n")
    return code or (1 if lacking and os.environ.get("CI") else 0)


def both_passes() -> int:
    """Run both passes; answer with the worst exit code."""
    try:
        with on_servers("none") as second, on_servers("only") as in_browser:
            codes = [first_pass()]
            tell(SECOND)
            codes.append(follow(*second))
            tell(IN_BROWSER)
            return verdict([*codes, follow(*in_browser)])
    except Missing as missing:
        first = first_pass(is_alone=True)
        sys.stderr.write(f"{SECOND} was left out: {missing}\n")
        return verdict([first, 1 if os.environ.get("CI") else 0])


def first_pass(is_alone: bool = False) -> int:
    """The pass on the embedded default; with another one to come it leaves out what that has."""
    tell(FIRST)
    servers = {"DATABASE_URL": "", "REDIS_URL": ""}
    if not is_alone:
        servers |= {"HALL_TEST_PASS": "first", "HALL_TEST_BROWSER": "smoke"}
    with data_folder() as folder, started(folder, servers) as run:
        return run.wait()


@contextlib.contextmanager
def on_servers(browser: str) -> Iterator[tuple[Run, Path]]:
    """A run on servers like a real hall's, begun, and the file of what it says."""
    with postgres() as database, redis() as queue, data_folder() as folder:
        servers = {"DATABASE_URL": database, "REDIS_URL": queue}
        servers |= {"HALL_TEST_PASS": "second", "HALL_TEST_BROWSER": browser}
        said = folder / "pytest.log"
        with said.open("wb") as output, started(folder, servers, output.fileno()) as run:
            yield run, said


@contextlib.contextmanager
def data_folder() -> Iterator[Path]:
    """A folder for what a pass writes."""
    with tempfile.TemporaryDirectory(prefix="hall-tests-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextlib.contextmanager
def started(folder: Path, servers: dict[str, str], output: int | None = None) -> Iterator[Run]:
    """A run of pytest, which is over when the block is left, in whatever way."""
    told = {"HALL_DATA": str(folder), "HALL_SECRET_KEY": "only-for-tests"} | servers
    command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    with subprocess.Popen(
        command,
        env=os.environ | told,
        stdin=None if output is None else subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        preexec_fn=follow_parent(),
    ) as run:
        try:
            yield run
        except KeyboardInterrupt:
            run.wait()  # Ctrl-C has reached pytest, too: it tears down
            raise
        except BaseException:
            run.kill()  # what it has started ends with it (hall/keeper.py)
            raise


def follow(run: Run, said: Path) -> int:
    """Show what a run has said and still says; answer with its exit code."""
    with said.open("rb") as reader:
        while run.poll() is None:
            show(reader.read())
            time.sleep(0.2)
        show(reader.read())
    return run.returncode


def show(text: bytes) -> None:
    """Pass on what a run has said."""
    sys.stdout.buffer.write(text)
    sys.stdout.flush()


def tell(title: str) -> None:
    """Say which pass is next."""
    show(f"=== {title}\n".encode())


def verdict(codes: list[int]) -> int:
    """The worst exit code; a selection that only one run has tests for is no failure."""
    if all(code == NO_TESTS for code in codes):
        return NO_TESTS
    return max(code for code in codes if code != NO_TESTS)


def follow_parent() -> Callable[[], object] | None:
    """On Linux: have pytest killed when this process is."""
    with contextlib.suppress(OSError, AttributeError):
        prctl = ctypes.CDLL(None).prctl
        return lambda: prctl(1, signal.SIGKILL)
    return None


def leave(number: int, frame: FrameType | None) -> None:
    """Turn a request to end into an orderly end."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave)
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(all_tests())
    sys.exit(130)
