"""Runs the whole suite twice: on SQLite without Redis, and on PostgreSQL with Redis.

    python -m tests [pytest's arguments]

The exit code is the worse of the two. With CI=true a missing server is a failure; else the
second pass is left out, and the last line says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from types import FrameType

from tests.servers import Missing, postgres, redis

NO_TESTS = 5


def both_passes() -> int:
    """Run both passes; answer with the worse exit code."""
    codes = [first_pass()]
    try:
        codes.append(second_pass())
    except Missing as missing:
        print(f"Pass 2 of 2 was left out: {missing}", file=sys.stderr)
        codes.append(1 if os.environ.get("CI") else 0)
    return verdict(codes)


def first_pass() -> int:
    """The pass on the embedded default; of the browser tests only those marked as smoke."""
    servers = {"DATABASE_URL": "", "REDIS_URL": "", "HALL_TEST_BROWSER": "smoke"}
    return run_pass("1 of 2: SQLite, no Redis", servers)


def second_pass() -> int:
    """The pass on servers like a real hall's."""
    with postgres() as database, redis() as queue:
        servers = {"DATABASE_URL": database, "REDIS_URL": queue}
        return run_pass("2 of 2: PostgreSQL, Redis", servers)


def verdict(codes: list[int]) -> int:
    """The worse exit code; a selection that only one pass has tests for is no failure."""
    if all(code == NO_TESTS for code in codes):
        return NO_TESTS
    return max(code for code in codes if code != NO_TESTS)


def run_pass(title: str, environment: dict[str, str]) -> int:
    """Run pytest in a data folder of its own."""
    print(f"=== Pass {title}", flush=True)
    with tempfile.TemporaryDirectory(prefix="hall-tests-") as folder:
        env = os.environ | {"HALL_DATA": folder, "HALL_SECRET_KEY": "only-for-tests"} | environment
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        with subprocess.Popen(command, env=env, preexec_fn=follow_parent()) as process:
            return wait_for(process)


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """Pytest's exit code. Ctrl-C reaches it too: let it tear down, then leave."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise SystemExit(130) from None
    except SystemExit:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


def follow_parent() -> Callable[[], object] | None:
    """On Linux: have pytest interrupted when this process is killed."""
    with contextlib.suppress(OSError, AttributeError):
        prctl = ctypes.CDLL(None).prctl
        return lambda: prctl(1, signal.SIGINT)
    return None


def leave(number: int, frame: FrameType | None) -> None:
    """Turn a request to end into an orderly end."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave)
    sys.exit(both_passes())
