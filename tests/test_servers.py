"""The tests' own servers answer, and are gone when whoever started them is, however it went."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from redis import Redis, RedisError

from tests import __main__ as runner
from tests import servers
from tests.processes import program, soon

pytestmark = pytest.mark.once

START_BOTH = """
import signal
from tests.servers import postgres, redis
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` has it ignored
with postgres() as database, redis() as queue:
    print(database, queue, flush=True)
    input()
    raise RuntimeError("an accident")
"""
TOLD = {"TEST_DATABASE_URL", "TEST_REDIS_URL"}


def answers(database: str, queue: str) -> list[bool]:
    """Whether PostgreSQL is there, and Redis."""
    found = []
    for greet in (lambda: psycopg.connect(database), lambda: Redis.from_url(queue).ping()):
        try:
            greet()
            found.append(True)
        except (psycopg.OperationalError, RedisError):
            found.append(False)
    return found


@contextmanager
def started(folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A process that holds both servers, and their URLs."""
    env = {key: value for key, value in os.environ.items() if key not in TOLD}
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", START_BOTH],
            env=env | {"TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        assert process.stdout
        with process:
            urls = process.stdout.readline().split()
            said.seek(0)
            assert len(urls) == 2, said.read()
            yield process, urls
            process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that an unprivileged user may enter, as servers keep theirs in it."""
    for each in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        each.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, None])
def test_servers_end_with_their_owner(folder: Path, end: signal.Signals | None) -> None:
    """Killed, interrupted, or by an accident of its own."""
    with started(folder) as (process, urls):
        assert answers(*urls) == [True, True]
        process.send_signal(end) if end else process.communicate("\n")
        assert soon(lambda: answers(*urls) == [False, False])
        assert soon(lambda: not list(folder.iterdir()))


@pytest.mark.parametrize("given", sorted(TOLD))
def test_servers_that_are_named_are_used(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """Nothing is started then."""
    monkeypatch.setenv(given, "named://server")
    with (servers.postgres if "DATABASE" in given else servers.redis)() as url:
        assert url == "named://server"


def test_a_server_that_dies_says_why(tmp_path: Path) -> None:
    """Its log is the message."""
    broken = tmp_path / "redis-server"
    program(broken, "echo no luck today; exit 1")
    with pytest.raises(servers.Died, match="no luck today"), servers.redis(binary=broken):
        pass


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_missing_server_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str, code: int
) -> None:
    """Elsewhere the second pass is left out, and that is said."""

    def missing() -> None:
        raise servers.Missing("No PostgreSQL here.")

    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(runner, "postgres", missing)
    monkeypatch.setattr(runner, "first_pass", lambda **_: 0)
    assert runner.both_passes() == code
    assert "No PostgreSQL here." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("codes", "worst"), [([0, 0], 0), ([0, 1], 1), ([2, 1], 2), ([5, 0], 0), ([5, 5], 5)]
)
def test_the_worse_pass_decides(codes: list[int], worst: int) -> None:
    """No test for a selection in one pass is no failure; in neither it is."""
    assert runner.verdict(codes) == worst


def test_the_newest_postgres_that_works_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Programs that are too old or broken are passed over."""
    for version in ("9.6.2", "14.1", "16.1"):
        program(tmp_path / version / "postgres", f"echo 'postgres (PostgreSQL) {version}'")
        program(tmp_path / version / "initdb", "true")
    program(tmp_path / "client only" / "psql", "true")
    places = [tmp_path / name for name in ("client only", "14.1", "9.6.2", "16.1")]
    monkeypatch.setattr(servers, "postgres_folders", lambda: iter(places))
    assert servers.postgres_binaries() == tmp_path / "16.1"
    monkeypatch.setattr(servers, "postgres_folders", lambda: iter(places[:-1]))
    with pytest.raises(servers.Missing, match="apt-get install postgresql"):
        servers.postgres_binaries()
