from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from staff.roles import grant_permissions


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        """After each app's migrations its permissions exist: give them to the roles."""
        post_migrate.connect(grant_permissions, dispatch_uid="staff.roles")
