from django.apps import AppConfig
from django.core import checks as django_checks
from django.utils.translation import gettext_lazy as _

from hall.celery import app as celery_app
from hall.plugs import register


class HallConfig(AppConfig):
    name = "hall"
    verbose_name = _("The hall")
    # Kept here, not in hall/__init__.py: importing hall must not need settings (see hall.trial).
    celery = celery_app

    def ready(self) -> None:
        """Plug in the hall's own. Imported here: there are no models before (in every app)."""
        from health_check.checks import Database

        from hall import checks, doctor, live
        from hall.outbox import kinds, printing
        from hall.views import health

        register(doctor.CHECKS, doctor.fonts, name="fonts")
        django_checks.register(checks.ledger, django_checks.Tags.security, deploy=True)
        register(health.CHECKS, Database, name="database", order=10)
        register(health.CHECKS, health.LiveScreens, name="live", order=20)
        register(health.CHECKS, health.SharedLimits, name="limits", order=30)
        register(live.MARKERS, live.notice_marks, name="notices")
        django_checks.register(checks.stored_rules, django_checks.Tags.database)
        django_checks.register(checks.field_keys, django_checks.Tags.database)
        register(kinds.KINDS, printing.PRINT, name=printing.PRINT.name)
