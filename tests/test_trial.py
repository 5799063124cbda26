"""The trial says what is wrong in one line, and keeps, restarts and ends what it has started."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hall.trial.checks import check
from hall.trial.place import Unusable, asked_for
from tests.processes import program, soon
from tests.servers import free_port, postgres

pytestmark = pytest.mark.once

BASE = Path(__file__).resolve().parent.parent
OURS = re.compile("HALL_.*|(DATABASE|REDIS)_URL|DJANGO_SETTINGS_MODULE|PORT|VISITORS|MAKE.*")


def environment(folder: Path, **asked: str) -> dict[str, str]:
    """The machine's environment, and what a newcomer asks for."""
    machine = {key: value for key, value in os.environ.items() if not OURS.fullmatch(key)}
    ours = {"HALL_DATA": str(folder), "PORT": str(free_port()), "HALL_DEMO_HISTORY": "0"}
    return machine | ours | asked


def refusal(folder: Path, **asked: str) -> str:
    """The one line with which a trial refuses to start."""
    command = [sys.executable, "-m", "hall.trial"]
    env = environment(folder, **asked)
    done = subprocess.run(command, cwd=BASE, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def objection(folder: Path, **asked: str) -> str:
    """The same line, without a process for it."""
    with pytest.raises(Unusable) as caught:
        check(asked_for(environment(folder, **asked)))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("port", ["0", "65536", "80a"])
def test_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    """It says which, and how to choose another."""
    assert f"PORT={port} is no port" in (line := objection(tmp_path, PORT=port))
    assert "make run PORT=8001" in line


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """It says which, and how to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refusal(tmp_path, PORT=port)
    assert line.startswith(f"Port {port} on 127.0.0.1 cannot be used (Address already in use)")
    assert "make run PORT=8000" in line


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    """A name that nobody has, and an address that is not ours."""
    assert "HALL_HOST=nowhere.invalid" in objection(tmp_path, HALL_HOST="nowhere.invalid")
    assert "on 192.0.2.1 cannot be used" in objection(tmp_path, HALL_HOST="192.0.2.1")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Below a file there is no folder, not even for root."""
    (tmp_path / "file").touch()
    line = refusal(tmp_path / "file" / "data")
    assert f"The data folder {tmp_path}/file/data cannot be written (Not a directory)" in line
    assert "make run HALL_DATA=" in line


@pytest.mark.parametrize(
    "url",
    ["hall.sqlite3", "mysql://h:geheim@127.0.0.1/h", "postgresql://h:geheim@h:five/h", "sqlite://"],
)
def test_a_database_that_is_none(tmp_path: Path, url: str) -> None:
    """It says what a DATABASE_URL is like, and does not repeat what may hold a password."""
    line = objection(tmp_path, DATABASE_URL=url)
    assert line.startswith("DATABASE_URL is no database that Hall can use: it begins with sqlite:")
    assert "geheim" not in line


def test_a_sqlite_file_that_is_none(tmp_path: Path) -> None:
    """Not a database; in no folder."""
    text = tmp_path / "letter.txt"
    text.write_text("Dear hall, " * 200)
    assert "file is not a database" in objection(tmp_path, DATABASE_URL=f"sqlite:///{text}")
    missing = f"sqlite:///{tmp_path}/no/hall.sqlite3"
    assert "unable to open database file" in objection(tmp_path, DATABASE_URL=missing)


def test_a_database_server_that_is_away(tmp_path: Path) -> None:
    """It says where nobody answered, and keeps the password to itself."""
    port = free_port()
    line = refusal(tmp_path, DATABASE_URL=f"postgresql://hall:geheim@127.0.0.1:{port}/hall")
    assert f"no way into PostgreSQL at 127.0.0.1:{port}" in line
    assert "Connection refused" in line
    assert "geheim" not in line


def test_a_database_server_that_does_not_let_us_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong password, and a database that is not there; the right ones are let in."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    with postgres() as url:
        check(asked_for(environment(tmp_path, DATABASE_URL=url)))
        wrong = re.sub(r"hall:\w+@", "hall:geheim@", url)
        line = refusal(tmp_path, DATABASE_URL=wrong)
        missing = objection(tmp_path, DATABASE_URL=f"{url}-is-not-there")
    assert "password authentication failed" in line
    assert "geheim" not in line
    assert 'database "hall-is-not-there" does not exist' in missing


def test_a_redis_that_is_away(tmp_path: Path) -> None:
    """Asked for and not there: better said now."""
    line = objection(tmp_path, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert line.startswith("REDIS_URL: no way into Redis: ")
    assert "REDIS_URL" in objection(tmp_path, REDIS_URL="127.0.0.1")


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("exit 1", "Hall needs Python 3.11 or newer"),
        (f'case "$2" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"', "no ensurepip"),
    ],
)
def test_a_python_that_will_not_do(tmp_path: Path, script: str, line: str) -> None:
    """Too old; or, on Debian, without the part that makes a .venv."""
    program(tmp_path / "python", script)
    command = ["make", "run", f"PYTHON={tmp_path}/python", f"VENV={tmp_path}/venv"]
    done = subprocess.run(command, cwd=BASE, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "venv").exists()


class Trial:
    """A trial that runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = environment(folder)
        self.url = f"http://127.0.0.1:{self.env['PORT']}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hall.trial"],
            cwd=BASE,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def read_until(self, text: str) -> str:
        """What it says until it says this."""
        said = ""
        assert self.process.stdout
        for line in self.process.stdout:
            said += line
            if text in line:
                return said
        raise AssertionError(f"It never said {text!r}:\n{said}")

    def is_open(self) -> bool:
        """Whether the start page can be seen."""
        try:
            with urllib.request.urlopen(self.url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def members(self) -> list[int]:
        """Every process that was told of this trial's folder, except the trial itself."""
        told = f"HALL_DATA={self.folder}\0".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if told in (process / "environ").read_bytes() and is_alive(process):
                    found.append(int(process.name))
            except OSError:
                continue
        return [number for number in found if number != self.process.pid]

    def server(self) -> int:
        """The number of the server's process."""
        commands = {number: command_of(number) for number in self.members()}
        return next(n for n, c in commands.items() if "uvicorn" in c and "keeper" not in c)


def is_alive(process: Path) -> bool:
    """Whether a process is more than an entry that nobody has collected yet."""
    return "(zombie)" not in (process / "status").read_text()


def command_of(number: int) -> str:
    """The command line of a process."""
    return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode()


@contextmanager
def running(folder: Path) -> Iterator[Trial]:
    """A trial whose hall is open."""
    trial = Trial(folder)
    with trial.process:
        try:
            trial.read_until("Ctrl-C closes it")
            yield trial
        finally:
            trial.process.kill()
    assert soon(lambda: not trial.members(), 6)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
def test_a_trial_from_start_to_end(tmp_path: Path) -> None:
    """It opens, gets up again, is alone, ends with all its children, and keeps its data."""
    with running(tmp_path) as trial:
        assert trial.is_open()
        assert "A trial already runs in the data folder" in refusal(tmp_path)
        kept = secrets_of(tmp_path)
        os.kill(trial.server(), signal.SIGKILL)
        trial.read_until("The server ended; it starts again in 1 s")
        assert soon(trial.is_open, 15)
        trial.process.send_signal(signal.SIGINT)
        said, _ = trial.process.communicate(timeout=6)
        assert said.strip() == "Closing the hall …"
        assert trial.process.returncode == 0
        assert trial.members() == []
    with running(tmp_path) as trial:
        log = (tmp_path / "logs" / "preparation.log").read_text()
        assert "there is a hall already" in log
        assert secrets_of(tmp_path) == kept
        assert trial.is_open()


def secrets_of(folder: Path) -> list[tuple[str, int]]:
    """The secrets that a folder keeps, and who may read them."""
    paths = [folder / name for name in ("secret-key", "demo-password")]
    return [(path.read_text(), path.stat().st_mode & 0o777) for path in paths]
