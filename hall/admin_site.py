"""The administration: Django's own, under Hall's name."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class HallAdminSite(AdminSite):
    site_header = _("Hall administration")
    site_title = _("Hall")
    index_title = _("Set up the hall")


class HallAdminConfig(AdminConfig):
    default_site = "hall.admin_site.HallAdminSite"
