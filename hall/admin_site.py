"""The administration: Django's own, under Hall's name."""

from django.apps import apps
from django.contrib.admin import AdminSite, site
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class HallAdminSite(AdminSite):
    site_header = _("Hall administration")
    site_title = _("Hall")
    index_title = _("Set up the hall")


class HallAdminConfig(AdminConfig):
    default_site = "hall.admin_site.HallAdminSite"

    def ready(self) -> None:
        """Django's groups are not shown: roles are rows of Hall's own (``staff.models.Role``)."""
        super().ready()
        site.unregister(apps.get_model("auth", "Group"))
