"""Measures the hall on private servers: `make bench` (docs/bench.md).

    python -m bench [--quick] [tickets] [boards] [visits] [month] [ledger]

Everything is made, measured and removed; nothing is asserted of any time. `--quick` only shows
that it runs; with names only these are measured.
"""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

import psycopg
from cryptography.fernet import Fernet

from bench.plan import database
from tests.servers import Missing, postgres, redis

# As in a real hall: what is committed is on the disk.
SAFE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
}
MEASURE = "import django; django.setup(); from bench.measure import main; main()"
# Past tickets; rounds, presses in each; boards, changes on them; tickets of a month.
FULL, QUICK = (1_000_000, 5, 240, 1000, 40, 100_000), (4_000, 1, 40, 20, 2, 3_100)
# What has a hall in common is measured by one process, each in a database of its own.
GROUPS = (("tickets", "boards"), ("visits",), ("month",), ("ledger",))
NAMES = [name for group in GROUPS for name in group]
FILES = 4096  # that a process may hold open: a thousand boards are a thousand sockets


def main() -> int:
    """Start servers, and measure in a process that uses them."""
    signal.signal(signal.SIGTERM, leave)
    wanted = asked()
    size = QUICK if wanted.quick else FULL
    raise_limit()
    for name in ("TEST_DATABASE_URL", "TEST_REDIS_URL"):  # a million tickets are not for these
        os.environ.pop(name, None)
    try:
        with postgres(SAFE) as url, redis() as queue, tempfile.TemporaryDirectory() as data:
            groups = [[name for name in group if name in wanted.names] for group in GROUPS]
            return max(
                measure(size, names, {**own(url, data, names[0]), "REDIS_URL": queue})
                for names in filter(None, groups)
            )
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2


def leave(number: int, _frame: FrameType | None) -> None:
    """Turn a request to end into an orderly end."""
    raise SystemExit(128 + number)


def asked() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…")
    parser.add_argument("--quick", action="store_true", help="only show that it runs")
    parser.add_argument("names", nargs="*", help=f"what to measure: {', '.join(NAMES)}")
    wanted = parser.parse_args()
    strange = set(wanted.names) - set(NAMES)
    if strange:
        parser.error(f"nothing is called {', '.join(sorted(strange))}; there is {', '.join(NAMES)}")
    wanted.names = wanted.names or NAMES
    return wanted


def own(server: str, folder: str, name: str) -> dict[str, str]:
    """A database and a folder of a measurement's own."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    (Path(folder) / name).mkdir()
    return {"DATABASE_URL": database(server, name), "HALL_DATA": str(Path(folder) / name)}


def raise_limit() -> None:
    """Let this process and its children hold enough files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, enough), hard))


def measure(size: tuple[int, ...], names: list[str], servers: dict[str, str]) -> int:
    """Run the measurements; answer with their exit code."""
    env = os.environ | servers
    env |= {"DJANGO_SETTINGS_MODULE": "bench.settings", "HALL_SECRET_KEY": secrets.token_hex()}
    env |= {"HALL_FIELD_KEYS": Fernet.generate_key().decode()}
    env |= {"HALL_TRIAL": "0", "HALL_HOSTS": "localhost,127.0.0.1"}
    command = [sys.executable, "-c", MEASURE, *map(str, size), *names]
    with subprocess.Popen(command, env=env) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:  # it reached the process too
            process.wait()
            raise SystemExit(130) from None
        except SystemExit:
            process.terminate()
            raise


if __name__ == "__main__":
    sys.exit(main())
