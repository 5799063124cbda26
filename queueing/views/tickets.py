"""The tickets behind the supervisor's figures, and the time line of one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hall import lists
from queueing.forms import TicketFilter
from queueing.models import Ticket
from queueing.screens import tickets as tickets_screen
from staff.access import branch_for, requires
from staff.models import Member
from staff.rights import Right


@never_cache
@require_safe
@requires(Right.WATCH)
def tickets(request: HttpRequest, member: Member, branch: str) -> HttpResponse:
    """The tickets of a day that were asked for, page by page."""
    place = branch_for(member, Right.WATCH, branch)
    now = timezone.now()
    asked = TicketFilter(place, now, request.GET)
    found = asked.tickets().select_related("service", "counter", "member")
    listed = lists.page_of(request, found)
    context = {
        "branch": place,
        "form": asked.form,
        "day": asked.day_asked,
        "page": listed.page,
        "rows": tickets_screen.rows(listed.page),
        "asked": listed.asked,
    }
    return render(request, "queueing/tickets/page.html", context)


@never_cache
@require_safe
@requires(Right.WATCH)
def time_line(request: HttpRequest, member: Member, branch: str, ticket: int) -> HttpResponse:
    """Everything that happened with one ticket."""
    place = branch_for(member, Right.WATCH, branch)
    tickets = Ticket.objects.visible_to(member, Right.WATCH).filter(branch=place)
    found = get_object_or_404(tickets.select_related("service", "counter", "member"), pk=ticket)
    line = tickets_screen.time_line(found, timezone.now())
    return render(request, "queueing/tickets/time_line.html", {"branch": place, "line": line})
