"""The inquiry: one field that finds a ticket's place, a matter's progress, or a guide."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from complaints.forms import InquiryForm
from complaints.models import REFERENCE_DIGITS, Matter
from complaints.views.keeping import on_expiry
from hall import calendar, limits, typed
from hall.limits import Limit
from hall.models import Branch
from hall.pages import SeeOther, unlisted
from queueing.models import Ticket
from queueing.screens import ticket as ticket_screen

# Reference numbers are safe by their length: there are nine million billion. This only makes it
# dull to try them by hand. Nothing waits in a thread, and whoever waits a minute goes on.
UNKNOWN_NUMBERS: Final = Limit("inquiry", times=10, per=60, guards_secret=True)
# A ticket's number is no secret: who asks for a place in line is answered without Redis, too.
UNKNOWN_TICKETS: Final = Limit("inquiry-tickets", times=10, per=60)


def expired(request: HttpRequest) -> HttpResponse:
    """The page was open for too long: here it is again, with what was typed."""
    return page(request, InquiryForm(request.POST), status=403, is_expired=True)


@on_expiry(expired)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def inquiry(request: HttpRequest) -> HttpResponse:
    """Ask by POST: a number in an address would stand in histories and logs."""
    if request.method != "POST":
        return page(request, InquiryForm())
    form = InquiryForm(request.POST)
    if not form.is_valid():
        return page(request, form, status=400)
    said: str = form.cleaned_data["q"]
    if not typed.has_no_letter(said) and typed.ticket_code(said) is None:
        return SeeOther(reverse("hall:guides") + "?" + urlencode({"q": said}))
    limit = UNKNOWN_TICKETS if typed.ticket_code(said) else UNKNOWN_NUMBERS
    who = limits.browser_of(request)
    # Before the look-up: over the limit a number that exists is answered like one that does not.
    if limits.is_reached(limit, who):
        return must_wait(request, form, limit, who)
    found = answer(request, form, said)
    if found is None:  # one and the same answer for every number, however near to one that exists
        # Here alone: who looks often after their own ticket guesses nothing.
        limits.hit(limit, who)
        return page(request, form, is_missing=True)
    return found


def must_wait(request: HttpRequest, form: InquiryForm, limit: Limit, who: str) -> HttpResponse:
    """Please try again in a minute; what was typed stays."""
    response = page(request, form, must_wait=True, is_blind=limits.is_blind(limit), status=429)
    response.headers["Retry-After"] = str(limits.retry_after(limit, who))
    return response


def answer(request: HttpRequest, form: InquiryForm, said: str) -> HttpResponse | None:
    """What there is of this number."""
    code = typed.ticket_code(said)
    if code:
        return of_tickets(request, form, tickets_of(*code))
    reference = typed.digits(said, REFERENCE_DIGITS, REFERENCE_DIGITS)
    matter = Matter.objects.filter(reference=reference).first() if reference else None
    return SeeOther(matter.get_absolute_url()) if matter else None


def tickets_of(prefix: str, number: int) -> list[Ticket]:
    """Today's tickets of this number: each branch may have one."""
    now = timezone.now()
    branches = list(Branch.objects.filter(is_active=True))
    days = {branch.pk: calendar.local_day(branch, now) for branch in branches}
    rows = Ticket.objects.filter(branch__in=branches, day__in=set(days.values()))
    found = rows.filter(prefix=prefix, number=number).select_related("branch")
    # Today is another day where the clocks are others: each ticket by its own branch.
    return [each for each in found.order_by("branch__order") if each.day == days[each.branch_id]]


def of_tickets(
    request: HttpRequest, form: InquiryForm, tickets: list[Ticket]
) -> HttpResponse | None:
    """The ticket's place; where several branches have one, which is meant?"""
    chosen = request.POST.get("branch", "")
    if len(tickets) > 1:
        tickets = [each for each in tickets if each.branch.slug == chosen] or tickets
    if len(tickets) > 1:
        return page(request, form, branches=[each.branch for each in tickets])
    if not tickets:
        return None
    ticket = tickets[0]
    state = ticket_screen.ticket_states(ticket.branch_id, {ticket.token})[ticket.token]
    shown: dict[str, Any] = state.context()
    return page(request, form, branch=ticket.branch, **shown)


def page(
    request: HttpRequest, form: InquiryForm, *, status: int = 200, **context: Any
) -> HttpResponse:
    """The field, and under it what was found."""
    values = {"form": form, **context}
    return unlisted(render(request, "complaints/inquiry/page.html", values, status=status))
