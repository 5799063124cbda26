"""The moves that a parcel of the outbox may make. Nothing else in Hall assigns its state.

``waiting → sending → delivered`` is the usual way; the table has the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from hall.models import Parcel, ParcelQuerySet

State = Parcel.State


@dataclass(frozen=True)
class Move:
    """A named change of state: from where it is allowed, and where it leads."""

    name: str
    sources: Collection[State]
    target: State


_MOVES = [
    Move("claim", (State.WAITING,), State.SENDING),
    # From unknown, too: whoever was thought dead may come back and know what came of it.
    Move("deliver", (State.SENDING, State.UNKNOWN), State.DELIVERED),
    Move("retry", (State.SENDING,), State.WAITING),
    Move("fail", (State.SENDING,), State.FAILED),
    Move("doubt", (State.SENDING,), State.UNKNOWN),
    Move("skip", (State.SENDING,), State.DROPPED),
    # What a person decides.
    Move("came_out", (State.UNKNOWN,), State.DELIVERED),
    Move("again", (State.UNKNOWN, State.FAILED), State.WAITING),
    Move("drop", (State.UNKNOWN, State.FAILED), State.DROPPED),
]
MOVES: Final = {move.name: move for move in _MOVES}


def move(rows: ParcelQuerySet, name: str, *, at: dt.datetime, **fields: object) -> bool:
    """Make one move of those of the rows whose state allows it; whether there were any.

    One conditional statement: of two who move the same parcel at once only one gets True.
    """
    found = MOVES[name]
    allowed = rows.filter(state__in=found.sources)
    return allowed.update(state=found.target, state_since=at, **fields) > 0
