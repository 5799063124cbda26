"""``manage.py doctor``: what this machine lacks, each in one line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from hall import doctor


class Command(BaseCommand):
    help = (
        "Say in one line each what this machine lacks. Ends with an error only if the hall "
        "cannot work like that."
    )
    requires_system_checks: list[str] = []

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        """Tell what was found, hints first and faults last."""
        found = doctor.findings()
        for finding in found:
            if not finding.is_fault:
                self.stdout.write(finding.text)
        if faults := [finding.text for finding in found if finding.is_fault]:
            raise CommandError("\n".join(faults))
        if not found:
            self.stdout.write("Nothing is missing here.")
