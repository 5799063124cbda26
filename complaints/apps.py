from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hall.plugs import register


class ComplaintsConfig(AppConfig):
    name = "complaints"
    verbose_name = _("Complaints")

    def ready(self) -> None:
        """The box on the pages of the staff, and what it tells people outside."""
        from complaints import alarms, outgoing, panels, streams
        from complaints import stranded as complaints_stranded
        from hall import live, stranded
        from hall.outbox import kinds
        from staff import alarms as staff_alarms
        from staff import nav
        from staff import panels as staff_panels
        from staff.rights import Right

        register(stranded.TELLERS, complaints_stranded.matters, name="matters", order=30)
        register(live.SOURCES, streams.Matters(), name="matters", order=60)
        register(live.MARKERS, streams.matter_marks, name="matters")
        register(staff_panels.PANELS, panels.MATTERS, name="matters", order=60)
        register(staff_panels.OVERVIEW, panels.overview, name="complaints", order=30)
        register(staff_alarms.SOURCES, alarms.alarms, name="complaints", order=20)
        desk = nav.Place(Right.HANDLE, "complaints:desk", pgettext_lazy("menu", "Matters"))
        register(nav.PLACES, desk, name="matters", order=30)
        register(nav.LANDINGS, desk, name="matters", order=50)
        register(kinds.KINDS, outgoing.ANSWER, name=outgoing.ANSWER.name)
