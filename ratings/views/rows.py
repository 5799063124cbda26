"""The ratings behind the supervisor's figures."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hall import calendar
from hall.forms import DayField
from hall.models import Branch
from ratings.figures import day as today
from ratings.models import Grade, Rating
from staff.access import branch_for, requires
from staff.models import Member
from staff.rights import Right

PER_PAGE: Final = 50
UNRATED: Final = "none"
GRADES: Final = [
    ("", gettext_lazy("all grades")),
    *Grade.choices,
    (UNRATED, gettext_lazy("not rated")),
]


class RatingFilter(forms.Form):
    """Which ratings of a branch; nothing chosen means all of today's."""

    day = DayField(label=gettext_lazy("Day"), required=False)
    grade = forms.ChoiceField(label=gettext_lazy("Grade"), choices=GRADES, required=False)

    def __init__(self, day: dt.date, data: Any = None) -> None:
        super().__init__(data, initial={"day": day})
        self.chosen_day = day
        if self.is_bound and self.is_valid():
            self.chosen_day = self.cleaned_data["day"] or day

    @property
    def chosen_grade(self) -> str:
        """The grade, or ``none`` for the visits that were not rated; empty for all grades."""
        return self.cleaned_data.get("grade", "") if self.is_bound and self.is_valid() else ""


@never_cache
@require_safe
@requires(Right.WATCH)
def rows(request: HttpRequest, member: Member, branch: str) -> HttpResponse:
    """The ratings of a day, or the visits that were not rated, page by page."""
    place = branch_for(member, Right.WATCH, branch)
    form = RatingFilter(calendar.local_day(place, timezone.now()), request.GET or None)
    is_unrated = form.chosen_grade == UNRATED
    found = visits(place, form) if is_unrated else ratings(place, member, form)
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "branch": place,
        "form": form,
        "is_unrated": is_unrated,
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "asked": asked.urlencode(),
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
