from django.apps import AppConfig
from django.contrib.auth import signals
from django.utils.translation import gettext_lazy as _

from hall.plugs import register


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        """What the staff add to the pages of the hall and to their own."""
        from hall import live
        from hall.screens import start
        from staff import actions, alarms, nav, panels, streams
        from staff.rights import Right
        from staff.views import sign_in

        # Django's own commands and pages sign in, too; the ledger hears of all of them.
        signals.user_logged_in.connect(actions.signed_in)
        signals.user_logged_out.connect(actions.signed_out)
        signals.user_login_failed.connect(actions.sign_in_failed)
        register(start.TRIAL_ROLES, sign_in.trial_roles, name="staff")
        register(live.SOURCES, streams.Panels(), name="panels")
        register(live.MARKERS, streams.duty_marks, name="duty")
        register(live.MARKERS, streams.parcel_marks, name="outbox")
        register(alarms.SOURCES, alarms.undelivered, name="outbox", order=30)
        register(panels.PANELS, panels.ALARMS, name="alarms", order=10)
        register(panels.PANELS, panels.DUTY, name="duty", order=20)
        register(panels.OVERVIEW, panels.overview, name="staff", order=40)
        supervision = nav.Place(Right.WATCH, "staff:supervisor", _("Supervision"))
        register(nav.PLACES, supervision, name="supervision", order=20)
        register(nav.LANDINGS, supervision, name="supervision", order=20)
        set_up = nav.Place(Right.GRANT, "admin:index")
        register(nav.LANDINGS, set_up, name="administration", order=10)
