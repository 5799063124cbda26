"""``manage.py close_day``: give every ticket of a day its outcome."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from hall import calendar
from hall.models import Branch
from queueing import actions
from queueing.management.arguments import add_branch, branch_of, day


class Command(BaseCommand):
    help = (
        "Close a day of a branch: who still waits has left, who was called has not come. The "
        "worker does this by itself when a day is over; it may be done again at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_branch(parser)
        parser.add_argument("--day", type=day, help="YYYY-MM-DD; by default yesterday")
        parser.add_argument(
            "--today", action="store_true", help="close today, although it is not over"
        )

    def handle(
        self,
        *args: Any,
        branch: str = "",
        day: dt.date | None = None,
        today: bool = False,
        **options: Any,
    ) -> None:
        place = branch_of(branch)
        chosen = day_to_close(place, day, closes_today=today)
        closed = actions.close_day(branch=place, day=chosen)
        self.stdout.write(f"{place.slug} {chosen}: {closed} open tickets were closed.")


def day_to_close(branch: Branch, asked: dt.date | None, *, closes_today: bool) -> dt.date:
    """The day that is meant; raises CommandError if it is not over."""
    today = calendar.local_day(branch, timezone.now())
    chosen = asked or (today if closes_today else today - dt.timedelta(days=1))
    if chosen > today or (chosen == today and not closes_today):
        raise CommandError(f"{chosen} is not over at {branch.slug} (--today closes today).")
    return chosen
