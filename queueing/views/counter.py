"""The counter screen: one visitor after the other, by keyboard.

A press is a plain form. Sent by htmx it is answered with the fresh desk (200, also if the rules
refuse it: then ``data-refused`` is set and the sentence stands in the desk, since htmx shows no
4xx answer); sent by the browser itself it leads back to ``/counter/``. The desk's root carries
what a script needs to know, see ``templates/queueing/counter/now.html``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Final, ParamSpec

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import reswap, retarget

from hall import calendar, typed
from hall.models import Offering
from hall.pages import htmx
from hall.refusal import Refused
from queueing import actions, seats
from queueing.models import AT_COUNTER, Sitting, State, Ticket
from queueing.screens import counter as counter_screen
from queueing.screens import seat as seat_screen
from staff import access, duty, whose
from staff.access import StaffView, requires
from staff.models import Member
from staff.rights import Right

P = ParamSpec("P")
SeatView = Callable[Concatenate[HttpRequest, Member, Sitting, P], HttpResponse]


@dataclass(frozen=True)
class Press:
    """One press of a button: whose ticket, at which seat, and what the form says."""

    ticket: Ticket
    sitting: Sitting
    by: Member
    form: QueryDict

    @property
    def reason(self) -> str:
        return typed.line(self.form.get("reason", ""))

    @property
    def offering(self) -> Offering:
        """The service that the clerk chose; raises Refused if there is none."""
        chosen = typed.number(self.form.get("offering"))
        offerings = Offering.objects.filter(branch=self.sitting.branch_id).select_related("service")
        found = offerings.filter(pk=chosen).first() if chosen else None
        if found is None:
            raise Refused(_("Please choose a service."))
        return found


@dataclass(frozen=True)
class Move:
    """What a button does, and what is said when it is done."""

    act: Callable[[Press], Ticket]
    said: str | Promise = ""
    changes_day: bool = False


MOVES: Final = {
    "call": Move(lambda p: actions.call(ticket=p.ticket, sitting=p.sitting, by=p.by)),
    "recall": Move(
        lambda p: actions.recall(ticket=p.ticket, by=p.by),
        gettext_lazy("%(code)s was called again."),
    ),
    "start": Move(lambda p: actions.start(ticket=p.ticket, by=p.by)),
    "finish": Move(lambda p: actions.finish(ticket=p.ticket, by=p.by), changes_day=True),
    "reopen": Move(
        lambda p: actions.reopen(ticket=p.ticket, by=p.by),
        gettext_lazy("The visit of %(code)s goes on."),
        changes_day=True,
    ),
    "no-show": Move(
        lambda p: actions.no_show(ticket=p.ticket, by=p.by),
        gettext_lazy("%(code)s did not come."),
        changes_day=True,
    ),
    "return": Move(
        lambda p: actions.return_to_line(ticket=p.ticket, by=p.by),
        gettext_lazy("%(code)s is back in line."),
    ),
    "requeue": Move(
        lambda p: actions.requeue(ticket=p.ticket, by=p.by),
        gettext_lazy("%(code)s is back in line."),
        changes_day=True,
    ),
    "hold": Move(
        lambda p: actions.hold(ticket=p.ticket, by=p.by, reason=p.reason),
        gettext_lazy("%(code)s is on hold."),
    ),
    "resume": Move(lambda p: actions.resume(ticket=p.ticket, sitting=p.sitting, by=p.by)),
    "transfer": Move(
        lambda p: actions.transfer(ticket=p.ticket, offering=p.offering, by=p.by, reason=p.reason),
        gettext_lazy("%(code)s is in line for another service: %(service)s."),
    ),
}


@dataclass(frozen=True)
class Button:
    """A button of the row: its key, its word, where it goes, and when it can be pressed."""

    key: str
    label: Promise
    enabled_in: frozenset[str]
    likely_in: str = ""
    move: str = ""
    panel: str = ""
    is_dangerous: bool = False


IDLE: Final = frozenset({"idle"})
CALLED: Final = frozenset({State.CALLED.value})
SERVING: Final = frozenset({State.SERVING.value})
# In the order of a visit; the dangerous one stands apart, far from every likely one.
BUTTONS: Final = [
    Button("n", gettext_lazy("Call next"), IDLE, likely_in="idle"),
    Button("s", gettext_lazy("Start"), CALLED, likely_in="called", move="start"),
    Button("f", gettext_lazy("Finish"), SERVING, likely_in="serving", move="finish"),
    Button("r", gettext_lazy("Call again"), CALLED, move="recall"),
    Button("h", gettext_lazy("Hold"), SERVING, panel="hold"),
    Button("t", gettext_lazy("Transfer"), SERVING, panel="transfer"),
    Button("b", gettext_lazy("Back to line"), CALLED, move="return"),
    Button("x", gettext_lazy("Did not come"), CALLED, move="no-show", is_dangerous=True),
]
LEVELS: Final = {"bad": messages.ERROR, "info": messages.INFO, "good": messages.SUCCESS}
KINDS: Final = {level: kind for kind, level in LEVELS.items()}
PANELS: Final = frozenset({"hold", "transfer"})


@dataclass(frozen=True)
class Said:
    """A sentence for the clerk, where the eye is."""

    kind: str
    text: str


def at_seat(view: SeatView[P]) -> StaffView[P]:
    """Only from a page of the counter where the member sits now; of another, nothing is done."""

    @functools.wraps(view)
    def seated(
        request: HttpRequest, member: Member, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        sitting = seats.current_sitting(member)
        if sitting is None:
            return displaced(request, member)
        before = whose.elsewhere(request, sitting.counter)
        if before:
            return whose.stop(request, member, before, home="queueing:counter")
        whose.mark(request, whose.Mark(member.pk, sitting.counter_id))
        return view(request, member, sitting, *args, **kwargs)

    return seated


@require_safe
@requires(Right.SERVE, home="queueing:counter")
@at_seat
def desk(request: HttpRequest, _member: Member, sitting: Sitting) -> HttpResponse:
    """The desk of a clerk who sits somewhere; else the counters to choose from."""
    state = counter_screen.desk(sitting)
    panel = open_panel(request, state)
    if htmx(request) and panel:
        return render(request, "queueing/counter/panel.html", {"desk": state, **panel})
    if htmx(request):
        return refreshed(request, state)
    told = messages.get_messages(request)
    said = [Said(KINDS.get(each.level, "info"), str(each)) for each in told]
    context = desk_context(state, said=said, result=state.last_done)
    context |= beside(sitting) | {"branch": sitting.branch}
    return render(request, "queueing/counter/page.html", context | panel)


@require_POST
@requires(Right.SERVE, home="queueing:counter")
@at_seat
def call_next(request: HttpRequest, member: Member, sitting: Sitting) -> HttpResponse:
    try:
        ticket = actions.call_next(sitting=sitting, by=member)
    except actions.SeatLost:
        return displaced(request, member)
    except Refused as refusal:
        return answer(request, sitting, Said("bad", str(refusal)))
    if ticket is None:
        return answer(request, sitting, Said("info", _("Nobody is waiting for your counter.")))
    return answer(request, sitting, result=ticket)


@require_POST
@requires(Right.SERVE, home="queueing:counter")
@at_seat
def act(
    request: HttpRequest, member: Member, sitting: Sitting, ticket: int, move: str
) -> HttpResponse:
    """Make one move with a ticket of the member's branch.

    The address names the ticket's row: its token opens the visitor's page, where one rates.
    """
    if move not in MOVES:
        raise Http404
    visitor = get_object_or_404(Ticket.objects.visible_to(member, Right.SERVE), pk=ticket)
    try:
        moved = MOVES[move].act(Press(visitor, sitting, member, request.POST))
    except actions.SeatLost:
        return displaced(request, member)
    except Refused as refusal:
        return answer(request, sitting, Said("bad", str(refusal)), panel=move)
    said = said_of(move, moved)
    return answer(request, sitting, said, result=moved, changes_day=MOVES[move].changes_day)


def said_of(move: str, ticket: Ticket) -> Said | None:
    """What is said when a move is made."""
    text = str(MOVES[move].said)
    words = {"code": ticket.code, "service": ticket.service.name}
    return Said("good", text % words) if text else None


def answer(
    request: HttpRequest,
    sitting: Sitting,
    said: Said | None = None,
    *,
    result: Ticket | None = None,
    panel: str = "",
    changes_day: bool = False,
) -> HttpResponse:
    """The fresh desk for htmx; for a browser without JavaScript the way back to its page."""
    if not htmx(request):
        if said:
            messages.add_message(request, LEVELS[said.kind], said.text)
        query = f"?panel={panel}" if panel in PANELS else ""
        return redirect(reverse("queueing:counter") + query)
    is_here = result is not None and result.state in AT_COUNTER
    state = counter_screen.desk(sitting, visitor=result if is_here else None)
    context = desk_context(state, said=[said] if said else [], result=result)
    # Two queries more in a press: only where a visit ended, or goes on after all.
    if changes_day:
        context["day"] = counter_screen.day(sitting)
    if panel in PANELS and state.state == State.SERVING:
        context |= panel_context(state, panel, request.POST)
    return render(request, "queueing/counter/answer.html", context)


def desk_context(
    state: counter_screen.DeskState, *, said: list[Said], result: Ticket | None = None
) -> dict[str, Any]:
    return {
        "desk": state,
        "buttons": BUTTONS,
        "said": said,
        "is_refused": any(each.kind == "bad" for each in said),
        "result": result,
    }


def beside(sitting: Sitting) -> dict[str, Any]:
    today = calendar.local_day(sitting.branch, timezone.now())
    return {
        "day": counter_screen.day(sitting),
        "notices": counter_screen.notices(sitting.branch),
        "leader": duty.leader(sitting.branch, today),
    }


def open_panel(request: HttpRequest, state: counter_screen.DeskState) -> dict[str, Any]:
    """The variables of the panel that the request asks for, if it can be open now."""
    panel = request.GET.get("panel", "")
    if panel not in PANELS or state.state != State.SERVING:
        return {}
    return panel_context(state, panel, request.GET)


def panel_context(state: counter_screen.DeskState, panel: str, form: QueryDict) -> dict[str, Any]:
    """The variables of a panel; what was typed before is kept."""
    assert state.visitor is not None
    offerings = state.sitting.branch.offerings.select_related("service").filter(is_open=True)
    others = offerings.exclude(service=state.visitor.service_id)
    return {
        "panel": panel,
        "offerings": others if panel == "transfer" else [],
        "reason": form.get("reason", ""),
        "chosen": form.get("offering", ""),
    }


def refreshed(request: HttpRequest, state: counter_screen.DeskState) -> HttpResponse:
    """What changed around the clerk; the visitor's part only if it is no longer what is shown."""
    context = desk_context(state, said=[]) | beside(state.sitting)
    if request.GET.get("seen") == state.version:
        return render(request, "queueing/counter/beside.html", context)
    return in_place(render(request, "queueing/counter/answer.html", context))


def displaced(request: HttpRequest, member: Member) -> HttpResponse:
    """The clerk sits nowhere (any more): say who sits there now, and offer the counters."""
    if not htmx(request):
        is_press = request.method == "POST"
        return redirect("queueing:counter") if is_press else picker(request, member)
    response = render(request, "queueing/counter/displaced.html", lost_seat(member))
    # In place of the whole desk: what it could do, it can no more.
    return reswap(retarget(response, "#main"), "innerHTML")


def in_place(response: HttpResponse) -> HttpResponse:
    """Have htmx put the answer where the visitor's part is, whatever asked for it."""
    return reswap(retarget(response, "#now"), "outerHTML")


def lost_seat(member: Member) -> dict[str, Any]:
    """Where the member sat last, and who took that seat over."""
    last = member.sittings.select_related("counter__branch").order_by("-started_at").first()
    if last is None or last.ended_at is None:
        return {"last": last, "taken_by": None}
    # A take-over ends one sitting and begins the next with the same moment (actions.sit_down).
    now = seats.sitting_at(last.counter)
    is_theirs = now is not None and now.started_at == last.ended_at and now.member_id != member.pk
    return {"last": last, "taken_by": now if is_theirs else None}


def picker(request: HttpRequest, member: Member) -> HttpResponse:
    """The counters of the member's branch; who may serve at several chooses one first."""
    own = access.only_branch(member, Right.SERVE)
    several = access.branches(member, Right.SERVE).filter(is_active=True)
    branch = own or several.filter(slug=typed.slug(request.GET.get("branch"))).first()
    context: dict[str, Any] = {"branch": branch, "branches": [], "seats": []}
    if own is None:
        context["branches"] = several
    if branch is not None:
        context["seats"] = seat_screen.seats(branch, member)
    return render(request, "queueing/seat/picker.html", context | lost_seat(member))
