"""Processes under measurement: started, looked at, ended."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hall import keeper
from hall.trial.children import SERVER
from tests.servers import free_port

PATIENCE = 30.0


@dataclass(frozen=True)
class Process:
    """A server that answers on a port."""

    port: int
    pid: int

    def memory(self) -> float:
        """Resident memory, in MiB."""
        return self._status("VmRSS") / 1024

    def threads(self) -> int:
        """Threads of the operating system."""
        return self._status("Threads")

    def cpu(self) -> float:
        """Seconds of processor time so far, its own and the kernel's for it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _status(self, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text(), re.M)
        assert found
        return int(found[1])


@contextlib.contextmanager
def hall(folder: Path, **environment: str) -> Iterator[Process]:
    """A server of the hall, one process, as `make run` starts it."""
    port = free_port()
    command = [*SERVER, "--port", str(port)]
    with running(command, port, f"http://127.0.0.1:{port}/bench/empty/", folder, environment) as it:
        yield it


@contextlib.contextmanager
def relay(folder: Path, payload: Path) -> Iterator[Process]:
    """The bare relay that live screens are compared with."""
    port = free_port()
    command = ["bench.relay", str(port), str(payload)]
    with running(command, port, f"http://127.0.0.1:{port}/", folder, {}) as it:
        yield it


@contextlib.contextmanager
def running(
    module: list[str], port: int, url: str, folder: Path, environment: dict[str, str]
) -> Iterator[Process]:
    """A Python module as a process, once it answers; ended afterwards."""
    log = folder / f"{port}.log"
    kept = keeper.keep([sys.executable, "-m", *module], env=os.environ | environment, log=log)
    try:
        wait(kept, url, log)
        yield Process(port, child_of(kept.pid))
    finally:
        keeper.release(kept)


def wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return when it answers; raise with its log if it does not."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(url, timeout=2),
        ):
            return
        time.sleep(0.1)
    raise RuntimeError(log.read_text(errors="replace")[-2000:])


def child_of(pid: int) -> int:
    """The process that a keeper keeps."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
