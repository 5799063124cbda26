from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save, pre_save
from django.utils.translation import gettext_lazy as _

from hall.plugs import register


class QueueingConfig(AppConfig):
    name = "queueing"
    verbose_name = _("Queueing")

    def ready(self) -> None:
        """The line on the pages below, and the screens that watch it."""
        from hall import live, stranded
        from hall.models import Counter
        from hall.screens import service_guides
        from queueing import alarms, guards, panels, streams
        from queueing import stranded as queueing_stranded
        from queueing.figures.people_waiting import people_waiting
        from queueing.screens import kiosk as kiosk_screen
        from staff import alarms as staff_alarms
        from staff import guards as staff_guards
        from staff import nav, whose
        from staff import panels as staff_panels
        from staff.models import Grant, Member, RoleRight
        from staff.rights import Right

        register(stranded.TELLERS, queueing_stranded.visitors, name="visitors", order=10)
        register(stranded.TELLERS, queueing_stranded.seats, name="seats", order=20)
        register(stranded.TELLERS, queueing_stranded.last_counter, name="line", order=15)
        register(stranded.WAYS, queueing_stranded.ways, name="line")
        register(stranded.LEAVERS, queueing_stranded.given_up, name="line")
        register(live.SOURCES, streams.Board(), name="board", order=10)
        register(live.SOURCES, streams.Display(), name="display", order=20)
        register(live.SOURCES, streams.TicketPage(), name="ticket", order=30)
        register(live.SOURCES, streams.Kiosk(), name="kiosk", order=40)
        register(live.SOURCES, streams.Desk(), name="desk", order=50)
        register(live.MARKERS, streams.step_marks, name="steps")
        register(live.MARKERS, streams.seat_marks, name="seats")
        register(live.MARKERS, streams.announcement_marks, name="announcements")
        register(service_guides.PEOPLE_WAITING, people_waiting, name="line")
        register(service_guides.ALL_TAKEN, kiosk_screen.all_taken, name="limit")
        register(staff_panels.PANELS, panels.FLOOR, name="floor", order=30)
        register(staff_panels.PANELS, panels.LINES, name="lines", order=40)
        register(staff_panels.OVERVIEW, panels.overview, name="queueing", order=10)
        register(staff_alarms.SOURCES, alarms.alarms, name="queueing", order=10)
        register(whose.SITS_AT, guards.counter_of, name="seat")
        pre_save.connect(guards.before_member, sender=Member)
        post_save.connect(guards.after_member, sender=Member)
        post_save.connect(guards.after_counter, sender=Counter)
        post_save.connect(guards.after_grant, sender=Grant)
        post_delete.connect(guards.after_role_right, sender=RoleRight)
        register(staff_guards.SIGN_OUT, guards.before_sign_out, name="seat")
        counter = nav.Place(Right.SERVE, "queueing:counter", _("Counter"))
        register(nav.PLACES, counter, name="counter", order=10)
        register(nav.LANDINGS, counter, name="counter", order=30)
        kiosk = nav.Place(Right.ISSUE, "queueing:kiosk_index")
        register(nav.LANDINGS, kiosk, name="kiosk", order=40)
