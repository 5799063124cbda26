"""The moves a ticket may make. Nothing else in Hall assigns a ticket's state.

``waiting → called → serving → done`` is the usual visit; the table has the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hall import ledger
from hall.models import Counter
from hall.refusal import Refused
from queueing.models import State, Step, Ticket
from staff.models import Member

# Not a rule that a hall may set: a month is summed up when no finish of it can be undone any more.
REOPEN_WITHIN = dt.timedelta(minutes=2)
CLOSING_MOVES = {
    State.WAITING: "abandon",
    State.HELD: "abandon",
    State.CALLED: "miss",
    State.SERVING: "close",
}
# What becomes of the visitor at a seat that ends by itself.
SEAT_MOVES = {State.CALLED: "release", State.SERVING: "set_aside"}
# Nobody presses these: the hall makes them.
HALLS_MOVES = frozenset({*CLOSING_MOVES.values(), *SEAT_MOVES.values()})


@dataclass(frozen=True)
class Move:
    """A named change of state: from where it is allowed, and where it leads."""

    name: str
    sources: Collection[State]
    target: State
    label: Promise


# A move that closes has a name of its own: at the close of the day nobody pressed *finish*, and the
# figures tell the two apart ("false served" is what other systems count here).
_MOVES = [
    Move("call", (State.WAITING,), State.CALLED, gettext_lazy("call")),
    Move("recall", (State.CALLED,), State.CALLED, gettext_lazy("recall")),
    Move("start", (State.CALLED,), State.SERVING, gettext_lazy("start")),
    Move("finish", (State.SERVING,), State.DONE, gettext_lazy("finish")),
    Move("reopen", (State.DONE,), State.SERVING, gettext_lazy("reopen")),
    Move("no_show", (State.CALLED,), State.NO_SHOW, gettext_lazy("no-show")),
    Move("return", (State.CALLED,), State.WAITING, gettext_lazy("return to line")),
    Move("requeue", (State.NO_SHOW,), State.WAITING, gettext_lazy("back in line")),
    Move("hold", (State.SERVING,), State.HELD, gettext_lazy("hold")),
    Move("resume", (State.HELD,), State.SERVING, gettext_lazy("resume")),
    Move("transfer", (State.SERVING,), State.WAITING, gettext_lazy("transfer")),
    Move("redirect", (State.WAITING,), State.WAITING, gettext_lazy("to another line")),
    Move("cancel", (State.WAITING,), State.CANCELLED, gettext_lazy("cancel")),
    Move("abandon", (State.WAITING, State.HELD), State.ABANDONED, gettext_lazy("close of day")),
    Move("miss", (State.CALLED,), State.NO_SHOW, gettext_lazy("close of day")),
    Move("close", (State.SERVING,), State.DONE, gettext_lazy("close of day")),
    Move("release", (State.CALLED,), State.WAITING, gettext_lazy("seat ended")),
    Move("set_aside", (State.SERVING,), State.HELD, gettext_lazy("seat ended")),
]
MOVES: Final = {move.name: move for move in _MOVES}


def check(ticket: Ticket, move: Move) -> None:
    """Raise Refused unless the ticket's state allows the move."""
    if ticket.state not in move.sources:
        raise Refused(
            _("%(code)s is %(state)s now, so this is no longer possible.")
            % {"code": ticket.code, "state": ticket.get_state_display()}
        )


def apply(
    ticket: Ticket,
    name: str,
    *,
    at: dt.datetime,
    by: Member | None,
    counter: Counter | None = None,
    reason: str = "",
) -> Step:
    """Make one move of a locked ticket: state, stamps, a row of its time line, and the ledger's.

    The caller holds the row's lock inside a transaction, and saves the row. A moment before the
    last step (clocks differ between servers) is moved up to it, so that no duration is negative.
    Raises Refused if the move is not allowed from the ticket's state.
    """
    move = MOVES[name]
    check(ticket, move)
    # As GREATEST does in dispatch's statement.
    moment = max(at, ticket.state_since)
    step = Step(
        ticket=ticket,
        at=moment,
        move=name,
        from_state=ticket.state,
        to_state=move.target,
        service=ticket.service,
        counter=counter or ticket.counter,
        member=by,
        reason=reason[:200],
    )
    before = ticket.state
    ticket.state = move.target
    ticket.state_since = moment
    # Of the last move: who comes back, or finishes after all, was not closed by the day.
    ticket.closed_by_day_end = name in CLOSING_MOVES.values()
    if move.target == State.CALLED:
        # The wait ends with the first call; one who comes back to the line has not waited anew.
        ticket.first_called_at = ticket.first_called_at or moment
        ticket.last_called_at = moment
        ticket.call_count += 1
    step.save(force_insert=True)
    ledger.record(
        f"ticket.{name}",
        of=ticket,
        by=ledger.HALL if name in HALLS_MOVES else by,
        at=moment,
        state=(before, move.target.value),
        service=ticket.service_id,
        counter=step.counter_id,
    )
    return step
