from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from hall.plugs import register
from staff.roles import begin_roles


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        """The staff's pages; and after the first migration of a hall it has no roles yet."""
        from hall import live
        from hall.screens import start
        from staff import nav, panels, streams
        from staff.access import WATCH
        from staff.views import sign_in

        post_migrate.connect(begin_roles, dispatch_uid="staff.roles")
        register(start.TRIAL_ROLES, sign_in.trial_roles, name="staff")
        register(live.SOURCES, streams.Panels(), name="panels")
        register(live.MARKERS, streams.marker, name="duty")
        register(panels.PANELS, panels.ALARMS, name="alarms", order=10)
        register(panels.PANELS, panels.DUTY, name="duty", order=20)
        register(panels.OVERVIEW, panels.overview, name="staff", order=40)
        supervision = nav.Place(WATCH, "staff:supervisor", _("Supervision"))
        register(nav.PLACES, supervision, name="supervision", order=20)
        register(nav.LANDINGS, supervision, name="supervision", order=20)
        set_up = nav.Place("hall.view_branch", "admin:index")
        register(nav.LANDINGS, set_up, name="administration", order=10)
