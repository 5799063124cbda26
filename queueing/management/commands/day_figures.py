"""``manage.py day_figures``: a branch's day in figures."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from hall.formats import as_clock
from queueing.figures.day import DayFigures, day_figures
from queueing.figures.spread import Spread
from queueing.management.arguments import add_branch, branch_of, day

MICROSECOND = dt.timedelta(microseconds=1)


class Command(BaseCommand):
    help = "Tickets of a branch's day, their outcomes, waits and lengths of service."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_branch(parser)
        parser.add_argument("day", type=day, help="YYYY-MM-DD")
        parser.add_argument(
            "--json", action="store_true", help="for programs; lengths in microseconds"
        )

    def handle(
        self, *args: Any, branch: str, day: dt.date, json: bool = False, **options: Any
    ) -> None:
        figures = day_figures(branch_of(branch), day)
        self.stdout.write(as_json(figures) if json else as_text(figures))


def as_json(figures: DayFigures) -> str:
    return json.dumps(
        {
            "branch": figures.branch.slug,
            "day": figures.day.isoformat(),
            "issued": figures.issued,
            "by_state": dict(figures.by_state),
            "waits": in_microseconds(figures.waits),
            "services": in_microseconds(figures.services),
        }
    )


def in_microseconds(spread: Spread) -> dict[str, int | None]:
    """A spread with whole microseconds, so that nothing is rounded."""
    return {
        "count": spread.count,
        "median_us": None if spread.median is None else spread.median // MICROSECOND,
        "p90_us": None if spread.p90 is None else spread.p90 // MICROSECOND,
    }


def as_text(figures: DayFigures) -> str:
    lines = [f"{figures.branch.slug} {figures.day}", f"tickets issued  {figures.issued}"]
    lines += [f"  {state:<14}{count}" for state, count in figures.by_state.items() if count]
    lines += [told("first call after", figures.waits), told("length of service", figures.services)]
    return "\n".join(lines)


def told(name: str, spread: Spread) -> str:
    median, p90 = (as_clock(each, with_hours=True) for each in (spread.median, spread.p90))
    shares = f"median {median}, 90 % within {p90}"
    return f"{name:<18}{shares} ({spread.count})"
