"""``manage.py rotate_keys``: everything that is encrypted gets the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from hall.actions import field_keys


class Command(BaseCommand):
    help = (
        "Encrypt with the first key of HALL_FIELD_KEYS what older ones encrypted. May be "
        "interrupted and run again; the hall stays open. Then the older keys can go."
    )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        """Tell what was done; an error if no key opens something, and the older keys must stay."""
        closed = 0
        for label, done in field_keys.rotate():
            told = f"{label}: {done.changed} encrypted anew, {done.kept} were"
            closed += len(done.closed)
            if done.closed:
                told += f"; no key opens {len(done.closed)}, the first in row {done.closed[0]}"
            self.stdout.write(told)
        if closed:
            raise CommandError("A key is missing in HALL_FIELD_KEYS. Keep every old one.")
