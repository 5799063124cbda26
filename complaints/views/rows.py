"""The matters behind the supervisor's figures of the day."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_filters import ChoiceFilter

from complaints.figures.day import answered, received
from complaints.models import Matter
from hall import lists
from staff.access import branch_for, requires
from staff.models import Member
from staff.rights import Right

SHOWS: Final = {
    "received": (received, gettext_lazy("Matters received today")),
    "answered": (answered, gettext_lazy("Matters answered today")),
}


class RowsFilter(lists.Filter):
    """Which of the day's matters."""

    show = ChoiceFilter(
        label=gettext_lazy("Which matters"),
        choices=[(name, heading) for name, (_which, heading) in SHOWS.items()],
        empty_label=None,
        method="whole",
    )

    def __init__(self, asked: Any = None) -> None:
        super().__init__(asked, Matter.objects.none(), {"show": "received"})


@never_cache
@require_safe
@requires(Right.HANDLE)
def rows(request: HttpRequest, member: Member, branch: str) -> HttpResponse:
    """The matters that were received, or answered, today; none about the member."""
    place = branch_for(member, Right.HANDLE, branch)
    asked = RowsFilter(request.GET)
    which, heading = SHOWS[asked.value("show")]
    found = Matter.objects.visible_to(member).listed().filter(which([place], timezone.now()))
    related = found.select_related("owner", "ticket", "counter").order_by("-received_at", "-pk")
    listed = lists.page_of(request, related)
    context = {
        "branch": place,
        "heading": heading,
        "form": asked.form,
        "page": listed.page,
        "asked": listed.asked,
    }
    return render(request, "complaints/rows/page.html", context)
