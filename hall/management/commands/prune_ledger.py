"""``manage.py prune_ledger``: remove a month of the ledger; its seals stay."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hall.calendar import Month
from hall.database import as_owner
from hall.ledger.removal import NotRemoved, remove


class Command(BaseCommand):
    help = (
        "Remove the ledger's rows of a month that is over and sealed, by the owner of the tables "
        "(HALL_OWNER_DATABASE_URL). The seals stay, and say that the rows were there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", help="YYYY-MM")

    def handle(self, *args: Any, month: str = "", **options: Any) -> None:
        try:
            chosen = Month.parse(month)
            with as_owner():
                count = remove(chosen)
        except (ValueError, NotRemoved) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{chosen}: {count} rows were removed; their seals stay.")
