from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from hall.plugs import register


class RatingsConfig(AppConfig):
    name = "ratings"
    verbose_name = _("Ratings")

    def ready(self) -> None:
        """How well it went, on the pages of the staff and of the visitor."""
        from hall import live
        from queueing.screens import ticket
        from ratings import panels, streams
        from ratings.screens import phone
        from staff import nav
        from staff import panels as staff_panels
        from staff.rights import Right

        register(live.SOURCES, streams.Pad(), name="pad", order=70)
        register(live.MARKERS, streams.rating_marks, name="ratings")
        register(ticket.PARTS, phone.PART, name="rating")
        register(staff_panels.PANELS, panels.RATINGS, name="ratings", order=50)
        register(staff_panels.OVERVIEW, panels.overview, name="ratings", order=20)
        summaries = nav.Place(Right.SUMMARIES, "ratings:summaries", _("Summaries"))
        register(nav.PLACES, summaries, name="summaries", order=40)
