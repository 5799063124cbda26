from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from hall.plugs import register


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        """What the staff add to the pages of the hall and to their own."""
        from hall import live
        from hall.screens import start
        from staff import alarms, nav, panels, streams
        from staff.rights import Right
        from staff.views import sign_in

        register(start.TRIAL_ROLES, sign_in.trial_roles, name="staff")
        register(live.SOURCES, streams.Panels(), name="panels")
        register(live.MARKERS, streams.DUTIES, name="duty")
        register(live.MARKERS, streams.PARCELS, name="outbox")
        register(alarms.SOURCES, alarms.undelivered, name="outbox", order=30)
        register(panels.PANELS, panels.ALARMS, name="alarms", order=10)
        register(panels.PANELS, panels.DUTY, name="duty", order=20)
        register(panels.OVERVIEW, panels.overview, name="staff", order=40)
        supervision = nav.Place(Right.WATCH, "staff:supervisor", _("Supervision"))
        register(nav.PLACES, supervision, name="supervision", order=20)
        register(nav.LANDINGS, supervision, name="supervision", order=20)
        set_up = nav.Place(Right.GRANT, "admin:index")
        register(nav.LANDINGS, set_up, name="administration", order=10)
