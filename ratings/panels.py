"""Today's ratings on the supervisor's page, and over all branches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from django.db.models import Count, Max
from django.urls import reverse
from django.utils.translation import gettext as _

from hall import calendar
from hall.events import Event
from hall.models import Branch
from queueing.models import State, Ticket
from ratings.figures.day import RatingsToday, ratings_today
from ratings.models import Grade, Rating
from staff import access
from staff.look import Look
from staff.panels import Cell, Column, Panel
from staff.rights import Right

# The sign and colour of each grade, as ``components/status.html`` draws them.
SIGNS: Final = {Grade.SATISFIED: "good", Grade.BASICALLY: "idle", Grade.DISSATISFIED: "bad"}


def rows_at(branch: Branch, **asked: object) -> str:
    """The address of the ratings behind a figure."""
    address = reverse("ratings:rows", args=[branch.slug])
    return f"{address}?{urlencode(asked)}" if asked else address


def _ratings(look: Look) -> Mapping[str, object]:
    branch = look.branch
    ratings = ratings_today(look)[branch.pk]
    rows = [
        (SIGNS[grade], grade.label, count, rows_at(branch, grade=grade.value))
        for grade, count in ratings.grades
    ]
    return {"ratings": ratings, "rows": rows, "unrated_at": rows_at(branch, grade="none")}


def _revision(branch: Branch, now: dt.datetime) -> object:
    """Changes with every rating of the day, and every visit that ends."""
    day = calendar.local_day(branch, now)
    given = Rating.objects.filter(branch=branch, day=day)
    ended = Ticket.objects.of_day(branch, day).filter(state=State.DONE)
    counts = given.aggregate(Count("pk"), Max("explained_at"))
    return sorted(counts.items(), key=str), ended.count()


RATINGS = Panel(
    Right.WATCH,
    "ratings/supervisor/panel_ratings.html",
    _ratings,
    _revision,
    frozenset({Event.RATING_GIVEN, Event.VISIT_FINISHED, Event.TICKET_CHANGED}),
)


def overview(look: Look) -> list[Column]:
    """How many ratings each branch got today, and how many of them are bad."""
    if not access.may(look.member, Right.WATCH):
        return []
    found = ratings_today(look)
    cells = {each.pk: _cell(each, found[each.pk]) for each in look.branches}
    return [Column(_("Ratings today"), cells)]


def _cell(branch: Branch, ratings: RatingsToday) -> Cell:
    said = _("%(count)s not satisfied") % {"count": ratings.dissatisfied}
    return Cell(str(ratings.given), rows_at(branch), note=said if ratings.dissatisfied else "")
