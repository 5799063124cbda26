"""Loads the demo's past for tests: at a fixed moment, and without portraits."""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from demo.management.commands.demo import PAST
from demo.people import load as people
from demo.place import load as place

NOW = dt.datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = NOW.date()


def load_past() -> dict[str, int]:
    """Run the loaders of the past; what each kind of rows became more by."""
    added: Tally[str] = Tally()
    for load in PAST:
        added.update(load(NOW))
    look_over()
    return {kind: count for kind, count in added.items() if count}


def look_over() -> None:
    """Give the planner its figures: a database filled this second knows nothing of its tables."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def load_place(patch: pytest.MonkeyPatch) -> None:
    """The demo's place and people, without portraits."""
    patch.setattr(people, "_portrait", lambda _row: "")
    place.load()
    people.load()
