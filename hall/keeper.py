"""Keeps one command, and ends it with all its children when whoever asked for it is gone.

    python -I -S hall/keeper.py [--signal TERM] [--grace 3] [--remove FOLDER] -- command…

The one who starts it holds the other end of its standard input. When that closes (an orderly
stop, Ctrl-C, or kill -9), the command's whole process group is ended, and the folder removed.
Run by its path, so that nothing but the standard library is loaded.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PATH = Path(__file__).resolve()


def keep(
    command: list[str],
    *,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    options: list[str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command under a keeper; `release` ends it."""
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(log.open("ab")) if log else None
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(PATH), *(options or []), "--", *command],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )


def release(*keepers: subprocess.Popen[bytes]) -> None:
    """End what these keepers keep, all at once, and wait until it is gone."""
    for keeper in keepers:
        if keeper.stdin:
            keeper.stdin.close()
    for keeper in keepers:
        keeper.wait()


def main() -> int:
    """Run the command that the arguments name; answer with its exit code."""
    asked = arguments()
    try:
        child = start(asked)
    except OSError as error:
        sys.stderr.write(f"{asked.command[0]}: {error.strerror}\n")
        return 127
    over = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda *_: over.set())
    threading.Thread(target=watch_input, args=(over,), daemon=True).start()
    threading.Thread(target=end_after, args=(over, child, asked), daemon=True).start()
    # The command may end by itself and leave children behind: they go after it, too.
    code = child.wait()
    signal_group(child.pid, signal.SIGKILL)
    if asked.remove:
        shutil.rmtree(asked.remove, ignore_errors=True)
    # As shells say by which signal a command ended.
    return code if code >= 0 else 128 - code


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="keeper")
    parser.add_argument("--signal", default="TERM")
    parser.add_argument("--grace", type=float, default=3)
    parser.add_argument("--user", type=int)
    parser.add_argument("--group", type=int)
    parser.add_argument("--remove")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def start(asked: argparse.Namespace) -> subprocess.Popen[bytes]:
    """Start the command in a process group of its own, as the user that was asked for."""
    return subprocess.Popen(
        asked.command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        user=asked.user,
        group=asked.group,
        # Another user keeps our groups unless they are taken off.
        extra_groups=None if asked.user is None else [],
    )


def watch_input(over: threading.Event) -> None:
    """Wait until the other end of standard input is closed."""
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    over.set()


def end_after(
    over: threading.Event, child: subprocess.Popen[bytes], asked: argparse.Namespace
) -> None:
    """When it is over, ask the command and its children to end; insist after the grace."""
    over.wait()
    signal_group(child.pid, signal.Signals[f"SIG{asked.signal}"])
    time.sleep(asked.grace)
    signal_group(child.pid, signal.SIGKILL)


def signal_group(group: int, which: signal.Signals) -> None:
    """Send a signal to a process group, which may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, which)


if __name__ == "__main__":
    sys.exit(main())
