"""The matters behind the supervisor's figures of the day."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from complaints.figures.day import answered, received
from complaints.models import Matter
from staff.access import branch_for, requires
from staff.models import Member
from staff.rights import Right

SHOWN: Final = 200
SHOWS: Final = {
    "received": (received, gettext_lazy("Matters received today")),
    "answered": (answered, gettext_lazy("Matters answered today")),
}


@never_cache
@require_safe
@requires(Right.HANDLE)
def rows(request: HttpRequest, member: Member, branch: str) -> HttpResponse:
    """The matters that were received, or answered, today; none about the member."""
    place = branch_for(member, Right.HANDLE, branch)
    which, heading = SHOWS.get(request.GET.get("show", ""), SHOWS["received"])
    found = Matter.objects.visible_to(member).listed().filter(which([place], timezone.now()))
    related = found.select_related("owner", "ticket", "counter").order_by("-received_at")
    context = {"branch": place, "heading": heading, "matters": list(related[:SHOWN])}
    return render(request, "complaints/rows/page.html", context)
