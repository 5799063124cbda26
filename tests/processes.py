"""Small help for tests that start processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def soon(condition: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether something becomes true in time."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def program(path: Path, line: str) -> None:
    """Write a shell script that can be run."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
