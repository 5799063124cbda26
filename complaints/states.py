"""The moves a matter may make. Nothing else in Hall assigns a matter's state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from complaints.models import OPEN, Entry, Matter, State
from hall import ledger
from hall.refusal import Refused
from staff.models import Member


@dataclass(frozen=True)
class Move:
    """A named entry of the time line: from where it is allowed; where it leads (None: stays)."""

    name: str
    sources: Collection[State]
    target: State | None
    label: Promise


_MOVES = [
    Move("receive", (State.RECEIVED,), None, pgettext_lazy("matter", "received")),
    Move("words", tuple(State), None, pgettext_lazy("matter", "the visitor added")),
    Move("take", (State.RECEIVED,), State.IN_HAND, pgettext_lazy("matter", "taken in hand")),
    Move("assign", OPEN, None, pgettext_lazy("matter", "given to another owner")),
    Move("note", tuple(State), None, pgettext_lazy("matter", "note")),
    Move("contact", OPEN, State.IN_HAND, pgettext_lazy("matter", "visitor contacted")),
    Move("extend", OPEN, State.IN_HAND, pgettext_lazy("matter", "answer put off")),
    Move("reply", OPEN, State.IN_HAND, pgettext_lazy("matter", "answered")),
    Move("close", OPEN, State.CLOSED, pgettext_lazy("matter", "closed")),
    Move("reopen", (State.CLOSED,), State.IN_HAND, pgettext_lazy("matter", "opened again")),
]
MOVES: Final = {move.name: move for move in _MOVES}


def is_answered(moves: Iterable[str]) -> bool:
    """Whether the moves of a matter, in their order, have a reply since it was last opened."""
    found = False
    for name in moves:
        found = name == "reply" or (found and name != "reopen")
    return found


def apply(
    matter: Matter,
    name: str,
    *,
    at: dt.datetime,
    by: Member | None,
    text: str = "",
    is_public: bool = False,
) -> Entry:
    """Make one move of a locked matter: its state, a row of its time line and one of the ledger.

    The caller holds the row's lock inside a transaction, and saves the row. Raises Refused if
    the matter's state does not allow the move, or if it would close without a reply (since it
    was opened again, if it was).
    """
    move = MOVES[name]
    if matter.state not in move.sources:
        raise Refused(
            _("This matter is %(state)s now, so this is no longer possible.")
            % {"state": matter.get_state_display()}
        )
    # The table's constraint knows only whether there ever was a reply: of a matter that was opened
    # again, it is asked here alone that somebody answered anew.
    if move.target == State.CLOSED and not is_answered(_moves_of(matter)):
        raise Refused(_("A matter cannot be closed before it was answered."))
    before = matter.state
    target = move.target or before
    if target != before:
        matter.state, matter.state_since = target, max(at, matter.state_since)
    entry = Entry(
        matter=matter,
        at=at,
        move=name,
        from_state="" if name == "receive" else before,
        to_state=target,
        by=by,
        owner=matter.owner,
        due_on=matter.due_on,
        text=text,
        is_public=is_public,
    )
    entry.save(force_insert=True)
    ledger.record(
        f"matter.{name}",
        of=matter,
        # Nobody's press: the worker found an owner. Else None is the visitor.
        by=ledger.HALL if name == "assign" and by is None else by,
        at=at,
        state=(entry.from_state, target),
        owner=matter.owner_id,
        due_on=matter.due_on,
    )
    return entry


def _moves_of(matter: Matter) -> Iterable[str]:
    return matter.entries.order_by("pk").values_list("move", flat=True)
