"""The ratings behind the supervisor's figures."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_filters import ChoiceFilter

from hall import calendar, lists
from hall.models import Branch
from ratings.figures import day as today
from ratings.models import Grade, Rating
from staff.access import branch_for, requires
from staff.models import Member
from staff.rights import Right

UNRATED: Final = "none"
GRADES: Final = [*Grade.choices, (UNRATED, gettext_lazy("not rated"))]


class RatingFilter(lists.Filter):
    """Which ratings of a branch; nothing chosen means all of today's."""

    day = lists.DayFilter(label=gettext_lazy("Day"), method="whole")
    grade = ChoiceFilter(
        label=gettext_lazy("Grade"),
        choices=GRADES,
        empty_label=gettext_lazy("all grades"),
        method="whole",
    )

    def __init__(self, day: dt.date, asked: Any = None) -> None:
        super().__init__(asked, Rating.objects.none(), {"day": day})

    @property
    def chosen_day(self) -> dt.date:
        """The day on which they were given; of visits, on which they were."""
        day: dt.date = self.value("day")
        return day

    @property
    def chosen_grade(self) -> str:
        """The grade, or ``none`` for the visits that were not rated; empty for all grades."""
        return self.value("grade") or ""


@never_cache
@require_safe
@requires(Right.WATCH)
def rows(request: HttpRequest, member: Member, branch: str) -> HttpResponse:
    """The ratings of a day, or the visits that were not rated, page by page."""
    place = branch_for(member, Right.WATCH, branch)
    form = RatingFilter(calendar.local_day(place, timezone.now()), request.GET)
    is_unrated = form.chosen_grade == UNRATED
    found = visits(place, form) if is_unrated else ratings(place, member, form)
    listed = lists.page_of(request, found)
    context = {
        "branch": place,
        "form": form.form,
        "day": form.chosen_day,
        "is_unrated": is_unrated,
        "page": listed.page,
        "asked": listed.asked,
    }
    return render(request, "ratings/rows/page.html", context)


def ratings(branch: Branch, member: Member, form: RatingFilter) -> Any:
    """The ratings that the form asks for, the newest first."""
    found = Rating.objects.visible_to(member).filter(branch=branch, day=form.chosen_day)
    if form.chosen_grade:
        found = found.filter(grade=form.chosen_grade)
    related = found.select_related("ticket", "counter", "member", "matter")
    return related.prefetch_related("remarks").order_by("-given_at", "-id")


def visits(branch: Branch, form: RatingFilter) -> Any:
    """The visits that nobody rated, the newest first."""
    found = today.unrated({branch.pk: form.chosen_day}).select_related("counter", "member")
    return found.order_by("-state_since", "-id")
