"""Sitting down at a counter, leaving it, and what to do first with a visitor who is there."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hall import typed
from hall.models import Counter
from hall.refusal import Refused
from queueing import actions, seats
from queueing.models import State, Ticket
from queueing.views.counter import MOVES, Press
from staff import access, whose
from staff.access import requires
from staff.models import Member
from staff.rights import Right

# What can be done with a visitor before leaving; the first is the kindest.
SETTLING: Final[dict[str, list[tuple[str, Promise]]]] = {
    State.CALLED: [
        ("return", gettext_lazy("Back to line")),
        ("no-show", gettext_lazy("Did not come")),
    ],
    State.SERVING: [
        ("hold", gettext_lazy("Put the visit on hold")),
        ("finish", gettext_lazy("Finish the visit")),
    ],
}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.SERVE, home="queueing:counter")
def sit(request: HttpRequest, member: Member) -> HttpResponse:
    """Sit down at a counter (POST); ask before taking it from somebody (GET)."""
    asked = request.POST if request.method == "POST" else request.GET
    counter = get_object_or_404(counters_of(member), pk=typed.number(asked.get("counter")))
    sitting = seats.sitting_at(counter)
    is_taken = sitting is not None and sitting.member_id != member.pk
    if request.method == "POST":
        # Only from whom the page names: of another who sits there now it is asked anew.
        named = typed.number(request.POST.get("take_over"))
        is_named = is_taken and sitting is not None and sitting.pk == named
        return take_seat(request, member, counter, take_over=is_named)
    if not is_taken:
        return redirect("queueing:counter")
    context = {
        "branch": counter.branch,
        "counter": counter,
        "sitting": sitting,
        "visitor": seats.visitor_at(counter),
    }
    return render(request, "queueing/seat/take_over.html", context)


def take_seat(
    request: HttpRequest, member: Member, counter: Counter, *, take_over: bool = False
) -> HttpResponse:
    """Sit down, or go where what stands against it is asked."""
    try:
        actions.sit_down(counter=counter, by=member, take_over=take_over)
    except actions.VisitorAtCounter:
        return redirect(with_query("queueing:leave", counter=counter.pk))
    except actions.CounterTaken:
        return redirect(with_query("queueing:sit", counter=counter.pk))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("queueing:counter")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.SERVE, home="queueing:counter")
def leave(request: HttpRequest, member: Member) -> HttpResponse:
    """Leave the counter; with a visitor there, ask what to do first (GET), then do it (POST).

    ``then=sign-out`` signs out afterwards, ``counter`` sits down there instead.
    """
    sitting = seats.current_sitting(member)
    before = whose.elsewhere(request, sitting.counter) if sitting else None
    if before:
        return whose.stop(request, member, before, home="queueing:counter")
    if request.method == "POST":
        return settle(request, member)
    if sitting is None:
        return redirect("queueing:counter")
    whose.mark(request, whose.Mark(member.pk, sitting.counter_id))
    visitor = seats.visitor_at(sitting.counter)
    context = {
        "branch": sitting.branch,
        "sitting": sitting,
        "visitor": visitor,
        "ways": SETTLING[visitor.state] if visitor else [],
        "then": request.GET.get("then", ""),
        "counter": typed.number(request.GET.get("counter")),
    }
    return render(request, "queueing/seat/settle.html", context)


def settle(request: HttpRequest, member: Member) -> HttpResponse:
    """Do what was chosen for the visitor, then what was asked for at first."""
    then, counter = request.POST.get("then", ""), typed.number(request.POST.get("counter"))
    try:
        if request.POST.get("settle"):
            deal_with_visitor(request, member)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(with_query("queueing:leave", then=then, counter=counter))
    if counter is not None:
        return take_seat(request, member, get_object_or_404(counters_of(member), pk=counter))
    try:
        actions.leave(by=member)
    except actions.VisitorAtCounter:
        return redirect(with_query("queueing:leave", then=then))
    if then == "sign-out":
        logout(request)
        return redirect("hall:start")
    return redirect("queueing:counter")


def deal_with_visitor(request: HttpRequest, member: Member) -> None:
    """Make the chosen move with the visitor whom the page showed."""
    tickets = Ticket.objects.visible_to(member, Right.SERVE)
    ticket = get_object_or_404(tickets, pk=typed.number(request.POST.get("ticket")))
    sitting = seats.current_sitting(member)
    ways = dict(SETTLING.get(ticket.state, []))
    # By the ticket's state now. What fits no longer is not done, and leaving asks again.
    if sitting is not None and request.POST["settle"] in ways:
        MOVES[request.POST["settle"]].act(Press(ticket, sitting, member, request.POST))


def counters_of(member: Member) -> QuerySet[Counter]:
    """The counters at which the member may sit."""
    counters = Counter.objects.filter(is_active=True).select_related("branch")
    return counters.filter(access.within(member, Right.SERVE))


def with_query(url_name: str, **query: object) -> str:
    """An address with those of the query's values that say something."""
    said = {name: value for name, value in query.items() if value}
    return f"{reverse(url_name)}?{urlencode(said)}" if said else reverse(url_name)
