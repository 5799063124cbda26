"""A visit in memory: a ticket with its time line, as the actions would have left it.

Moments are microseconds since the midnight with which the branch's day began.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hall.models import Offering
from queueing import states
from queueing.models import State

TARGETS: Final = {name: move.target.value for name, move in states.MOVES.items()}
WAITING: Final = State.WAITING.value
CALLED: Final = State.CALLED.value


class Moved(NamedTuple):
    """A row of the time line."""

    at: int
    move: str
    before: str
    after: str
    service: int
    counter: int | None
    member: int | None
    reason: str


@dataclass(slots=True, eq=False)
class Visit:
    """A ticket and its time line; ``stage`` is its state at the moment."""

    order: int  # of issue, on this day
    number: int
    offering: Offering
    issued: int
    rank: int
    lane: str
    language: str
    issued_by: int | None
    service: int
    department: int | None
    stage: str = WAITING
    since: int = 0
    counter: int | None = None
    member: int | None = None
    first_called: int | None = None
    last_called: int | None = None
    calls: int = 0
    requeues: int = 0
    is_closed_by_day_end: bool = False
    steps: list[Moved] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.since = self.issued
        first = Moved(self.issued, "issue", "", WAITING, self.service, None, self.issued_by, "")
        self.steps.append(first)

    def move(self, name: str, at: int, by: int | None, reason: str = "") -> None:
        """Make a move, as ``queueing.states.apply`` does."""
        after = TARGETS[name]
        self.steps.append(
            Moved(at, name, self.stage, after, self.service, self.counter, by, reason)
        )
        self.stage, self.since = after, at
        if after == CALLED:
            self.first_called = at if self.first_called is None else self.first_called
            self.last_called = at
            self.calls += 1


@dataclass(slots=True)
class Seated:
    """A member at a counter, from sitting down to leaving (None: until the next morning)."""

    counter: int
    member: int
    started: int
    ended: int | None = None
