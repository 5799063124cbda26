"""A length, a day or a time becomes text in one place, by one rule."""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from hall import formats
from queueing import actions
from queueing.screens import counter as counter_screen
from ratings.models import Row
from ratings.screens import summary_files
from tests.cast import Cast
from tests.test_architecture import ROOT, modules

pytestmark = pytest.mark.once

SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("seconds", "clock", "minutes"),
    [
        (-3, "0:00", 0),
        (0, "0:00", 0),
        (0.5, "0:00", 0),  # to the even second, as the summaries have always told it
        (59.4, "0:59", 0),
        (59.6, "1:00", 0),
        (60, "1:00", 1),
        (3599.4, "59:59", 59),
        (3599.6, "1:00:00", 59),
        (36_065, "10:01:05", 601),
    ],
)
def test_a_clock_is_to_the_nearest_second_and_minutes_are_those_that_are_over(
    seconds: float, clock: str, minutes: int
) -> None:
    length = SECOND * seconds
    assert formats.as_clock(length) == clock
    assert formats.whole_minutes(length) == minutes


def test_a_length_has_the_same_text_on_the_clerks_screen_and_in_a_summarys_page_and_file(
    cast: Cast,
) -> None:
    cast.ticket()
    sitting = cast.sit()
    actions.call_next(sitting=sitting, by=cast.clerk)
    desk = counter_screen.desk(sitting)
    assert desk.visitor is not None
    length = SECOND * 59.6
    desk.visitor.state_since = desk.now - length
    assert formats.as_clock(desk.elapsed) == "1:00"
    assert Template("{{ length|as_clock }}").render(Context({"length": length})) == "1:00"
    row = Row(scope=Row.Scope.BRANCH, wait_median=length)
    assert "0:01:00" in summary_files._safe(summary_files._values(row))


def test_nothing_is_written_as_nothing() -> None:
    text = "{{ x|day_long }}{{ x|time_of_day }}{{ y|moment_digits }}|{{ x|as_clock }}"
    assert Template(text).render(Context({"x": None})) == "|–"


def test_a_moment_is_told_in_the_active_zone() -> None:
    moment = dt.datetime(2026, 3, 6, 20, 30, 7, tzinfo=dt.UTC)
    shown = "{{ at|moment_digits }} {{ at|time_to_second }} {{ time|time_of_day }}"
    context = Context({"at": moment, "time": dt.time(9, 5)})
    with timezone.override("Asia/Shanghai"):
        assert Template(shown).render(context) == "2026-03-07 04:30 04:30:07 09:05"


@pytest.mark.parametrize(
    ("language", "day", "month", "minutes"),
    [
        ("en", "March 6, 2026", "March 2026", ["1 minute", "2 minutes", "2 min"]),
        ("zh-hans", "2026年3月6日", "2026年3月", ["1 分钟", "2 分钟", "2 分钟"]),
        ("zh-hant", "2026年3月6日", "2026年3月", ["1 分鐘", "2 分鐘", "2 分鐘"]),
    ],
)
def test_in_the_language_of_the_page(
    language: str, day: str, month: str, minutes: list[str]
) -> None:
    when = dt.date(2026, 3, 6)
    with translation.override(language):
        assert (formats.day_long(when), formats.month_long(when)) == (day, month)
        told = [formats.in_minutes(1), formats.in_minutes(2), formats.in_min(2)]
    assert told == minutes


# --- no other place ---

DJANGOS = {"date_format", "time_format", "strftime", "naturaltime", "timesince"}


def written_elsewhere(source: str) -> Iterator[str]:
    """Where code turns a length, a day or a time into text by itself."""
    for node in ast.walk(ast.parse(source)):
        name = getattr(node, "attr", "") or getattr(node, "id", "")
        if isinstance(node, ast.alias):
            name = node.name
        if name in DJANGOS:
            yield name
        if isinstance(node, ast.FormattedValue) and "%" in ast.unparse(node.format_spec or node):
            yield ast.unparse(node)


FOR_MACHINES = r"""(["'])(c|Y-m-d\\TH:i:s\.u\\Z)\2"""
WRITES_DATES = re.compile(rf"\|(date|time):(?!{FOR_MACHINES})|\|time(since|until)")


@pytest.mark.parametrize("path", list(modules()), ids=str)
def test_no_other_code_writes_a_day_or_a_time(path: Path) -> None:
    if path != ROOT / "hall" / "formats.py":
        assert not list(written_elsewhere(path.read_text()))


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=str)
def test_templates_write_days_and_times_by_these_filters_but_for_machines(path: Path) -> None:
    assert not WRITES_DATES.search(path.read_text())


def test_these_rules_can_fail() -> None:
    assert list(written_elsewhere("f'{day:%Y-%m-%d}'"))
    assert list(written_elsewhere("from django.utils.formats import date_format"))
    assert WRITES_DATES.search("{{ day|date:'Y-m-d' }}")
    assert not WRITES_DATES.search("{{ day|date:'c' }}")
