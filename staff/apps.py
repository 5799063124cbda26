from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from staff.roles import begin_roles


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        """After the first migration of a hall it has no roles yet."""
        post_migrate.connect(begin_roles, dispatch_uid="staff.roles")
