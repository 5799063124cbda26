"""``manage.py summarise``: make the monthly summary of one branch or of all."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from hall.calendar import Month
from hall.models import Branch
from hall.refusal import Refused
from queueing.management.arguments import branch_of
from ratings import actions
from ratings.models import Summary


class Command(BaseCommand):
    help = (
        "Make the summary of a month that is over, for all branches or one. The worker does this "
        "by itself when the month has ended; made again it stays as it is. If figures were put "
        "right afterwards, --correct makes a new version beside it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", help="YYYY-MM")
        parser.add_argument("--branch", default="", help="address name; by default all branches")
        parser.add_argument("--correct", action="store_true", help="make a new version if changed")
        parser.add_argument("--reason", default="", help="why it is corrected")

    @no_translations
    def handle(
        self,
        *args: Any,
        month: str = "",
        branch: str = "",
        correct: bool = False,
        reason: str = "",
        **options: Any,
    ) -> None:
        try:
            chosen = Month.parse(month)
        except ValueError as error:
            raise CommandError(str(error)) from error
        refusals = []
        for place in [branch_of(branch)] if branch else Branch.objects.all():
            try:
                self.stdout.write(summarised(place, chosen, correct=correct, reason=reason))
            except Refused as refusal:
                # The other branches' summaries are made all the same.
                refusals.append(f"{place.slug}: {refusal}")
        if refusals:
            raise CommandError(" ".join(refusals))


def summarised(branch: Branch, month: Month, *, correct: bool, reason: str) -> str:
    """Make one, and tell of it in a line."""
    before = Summary.objects.of(branch, month).first()
    summary = actions.summarise(branch=branch, month=month, correct=correct, reason=reason)
    did = "was there" if summary == before else "made"
    return f"{branch.slug} {month}: {did} (version {summary.version})."
