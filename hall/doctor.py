"""What this machine lacks, each in one line: `manage.py doctor`.

A check is a function that returns what it found, and is plugged in; the command tells them all.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hall.plugs import Socket


@dataclass(frozen=True)
class Finding:
    """One line for whoever runs the hall; a fault keeps the hall from its work."""

    text: str
    is_fault: bool = False


Check = Callable[[], Iterable[Finding]]
CHECKS: Socket[Check] = Socket("doctor")

NO_CHINESE = (
    "No Chinese font is installed on this machine: a board, kiosk or pad that runs on it "
    "shows boxes for characters. Debian: apt-get install fonts-noto-cjk"
)
CANNOT_TELL = (
    "Whether this machine has a Chinese font cannot be told: there is no fc-list "
    "(Debian: apt-get install fontconfig)."
)


def families(pattern: str) -> set[str] | None:
    """The font families that fontconfig has for a pattern; None where there is no fontconfig.

    FONTCONFIG_FILE says which fonts there are, for us as for a browser.
    """
    if not (program := shutil.which("fc-list")):
        return None
    command = [program, pattern, "family"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return {name.strip() for line in answer.stdout.splitlines() for name in line.split(",")}


def fonts() -> list[Finding]:
    """The letters are Hall's own; the characters are the machine's."""
    found = families(":lang=zh")
    if found is None:
        return [Finding(CANNOT_TELL)]
    return [] if found else [Finding(NO_CHINESE)]


def findings() -> list[Finding]:
    """What all checks found, in their order."""
    return [finding for check in CHECKS for finding in check()]
