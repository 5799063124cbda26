"""Django's own command: in a hall nothing opens by itself, so it makes nobody."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Hall has no superusers: manage.py administrator makes the first two administrators."

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(self.help)
