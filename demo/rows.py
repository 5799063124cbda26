"""The demo hall: Nanshan as sample data, and the loaders that write it to the database.

A loader adds what is not there and returns how many rows of each kind it added. What exists is
left alone, so that loading again undoes no change that an administrator made.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

Loader = Callable[[], Mapping[str, int]]
Row = dict[str, Any]


class PastLoader(Protocol):
    """A loader of what happened before now, or before a moment that is given."""

    def __call__(self, now: dt.datetime | None = None) -> Mapping[str, int]: ...


def rows(path: Path) -> list[Row]:
    """The records of a JSON file that holds a list."""
    content: list[Row] = json.loads(path.read_text("utf-8"))
    return content
