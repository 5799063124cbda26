"""``manage.py demo``: load the demo hall."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from django.core.management.base import BaseCommand
from django.db import transaction

from demo.past import matters, ratings, summaries, visits
from demo.people import load as people
from demo.people import roster
from demo.place import load as place
from demo.rows import Loader, PastLoader
from hall.models import Branch

# In this order: each builds on what those before it added.
PLACE: Final[Sequence[Loader]] = (place.load, people.load)
PAST: Final[Sequence[PastLoader]] = (
    roster.load,
    visits.load,
    matters.load,
    ratings.load,
    summaries.load,
)


class Command(BaseCommand):
    help = "Load the demo hall. What exists is left as it is, so it may run again at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing if there is any branch"
        )

    def handle(self, *args: Any, if_empty: bool = False, **options: Any) -> None:
        """Run every loader in one transaction and say what was added."""
        if if_empty and Branch.objects.exists():
            self.stdout.write("Demo hall: there is a hall already; nothing was added.")
            return
        added: Counter[str] = Counter()
        with transaction.atomic():
            for load in (*PLACE, *PAST):
                added.update(load())
        self.stdout.write(f"Demo hall: {_told(added)}.")


def _told(added: Counter[str]) -> str:
    """What was added, as the end of a sentence."""
    parts = [f"{count} {kind}" for kind, count in added.items() if count]
    return f"added {', '.join(parts)}" if parts else "nothing to add"
