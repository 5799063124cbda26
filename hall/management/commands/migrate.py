"""``manage.py migrate``: Django's own, by the owner of the tables if that is another role."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from hall.database import as_owner, grant_application


class Command(migrate.Command):
    def execute(self, *args: Any, **options: Any) -> str | None:
        """Migrate, then give the application's role its rights on what is new."""
        with as_owner() as is_another:
            said = super().execute(*args, **options)
            if is_another:
                grant_application()
        return said
