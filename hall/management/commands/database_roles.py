"""``manage.py database_roles``: give the application's role its rights once more."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hall.database import alterable, as_owner, grant_application


class Command(BaseCommand):
    help = (
        "Give the application's role (DATABASE_URL) its rights, by the owner's "
        "(HALL_OWNER_DATABASE_URL). migrate does so by itself; needed after a dump was restored."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Grant, and say what the application's role may not do any more."""
        with as_owner() as is_another:
            if not is_another:
                raise CommandError("HALL_OWNER_DATABASE_URL is not set: there is one role alone.")
            role = grant_application()
        if open_to_it := alterable():
            raise CommandError(f"{role} can still alter {', '.join(open_to_it)}: it owns them?")
        self.stdout.write(f"{role} reads and writes the hall; the ledger it reads and adds to.")
