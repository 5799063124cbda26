"""Spans: how long a ticket stood in a state. Every length of a visit comes from here.

A span is the state that a step began, from its moment to that of the ticket's next step (by id: two
moves of one action have the same moment). The last one goes on until now; a ticket that is over
stands in no state any more.

*Served* are the spans of ``serving`` together: not a time on hold, not another line after a
transfer, not between a finish and its undoing. *In line* are those of ``waiting``, also of one who
came back or was passed on. The *first wait* is another fact: it ends with the first call.

The same sums in three forms, for steps in memory, for querysets, and for SQL by hand. Where the
database sums, a state's time is the moments at which it was left less those at which it was
entered: each step names the state before and after it, so that no window is needed.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from queueing.models import OUTCOMES, State, Step, Ticket

NOTHING: Final = dt.timedelta()


@dataclass(frozen=True)
class Span:
    """A step, and how long the state that it began lasted; None after the last of all."""

    step: Step
    lasted: dt.timedelta | None


# --- over steps in memory ---


def of(steps: Sequence[Step], now: dt.datetime) -> list[Span]:
    """The spans of a ticket's whole time line, in order."""
    known = [Span(before, after.at - before.at) for before, after in itertools.pairwise(steps)]
    # Not below nothing: the clocks of two servers differ.
    last = [Span(step, _open(step, now)) for step in steps[-1:]]
    return [*known, *last]


def _open(step: Step, now: dt.datetime) -> dt.timedelta | None:
    return None if step.to_state in OUTCOMES else max(now - step.at, NOTHING)


def total(spans: Iterable[Span], state: State) -> dt.timedelta | None:
    """All the time in a state; None for a ticket that never was in it."""
    lengths = [span.lasted for span in spans if span.step.to_state == state]
    return sum((length or NOTHING for length in lengths), NOTHING) if lengths else None


def began(steps: Sequence[Step]) -> dt.datetime:
    """Since when the ticket would be in its present state, had it been in it without a break."""
    last = steps[-1]
    before = total(of(steps, last.at), State(last.to_state))
    return last.at - (before or NOTHING)


def served(ticket: Ticket, steps: Sequence[Step], now: dt.datetime) -> dt.timedelta | None:
    """How long the visitor was served so far; None if never, or if nobody knows how long."""
    # What the close of the day ended was over when nobody can say.
    is_unknown = ticket.state == State.DONE and ticket.closed_by_day_end
    return None if is_unknown else total(of(steps, now), State.SERVING)


# --- in a queryset of tickets ---

FIRST_WAIT: Final = ExpressionWrapper(
    F("first_called_at") - F("issued_at"), output_field=DurationField()
)


def counted() -> Q:
    """Visits whose served time the figures count: over, and served at all, whatever the outcome.

    Left out are those that the close of the day ended while they were being served.
    """
    served_once = Step.objects.filter(ticket=OuterRef("pk"), to_state=State.SERVING)
    unknown = Q(state=State.DONE, closed_by_day_end=True)
    return Q(state__in=OUTCOMES, first_called_at__isnull=False) & ~unknown & Q(Exists(served_once))


def served_in_all() -> Subquery:
    """``served`` of a visit that is over."""
    return _left_less_entered(State.SERVING)


def standing_since(state: State) -> Case:
    """``began`` of a ticket that is in this state; for any other the moment of its last step."""
    length = Coalesce(_left_less_entered(state), Value(NOTHING, DurationField()))
    # Entered once more than left, so what is summed is the time until the issue: a negative one.
    since = ExpressionWrapper(F("issued_at") - length, output_field=DateTimeField())
    # Most have been in one state only since their ticket, and need no look at the time line.
    is_new = Q(state_since=F("issued_at"))
    return Case(When(Q(state=state) & ~is_new, then=since), default=F("state_since"))


def in_line(now: dt.datetime) -> Case:
    """All the time in line so far."""
    moment = ExpressionWrapper(Value(now, DateTimeField()), output_field=DateTimeField())
    so_far = ExpressionWrapper(moment - standing_since(State.WAITING), output_field=DurationField())
    return Case(When(state=State.WAITING, then=so_far), default=_left_less_entered(State.WAITING))


def _left_less_entered(state: State) -> Subquery:
    """A state's time over the ticket's steps, each counted from the issue."""
    issued = ExpressionWrapper(OuterRef("issued_at"), output_field=DateTimeField())
    steps = Step.objects.filter(ticket=OuterRef("pk")).order_by()
    ends = steps.filter(Q(from_state=state) ^ Q(to_state=state))
    signed = Case(
        When(from_state=state, then=_length(F("at") - issued)),
        default=_length(issued - F("at")),
    )
    sums = ends.values("ticket").annotate(length=Sum(signed)).values("length")
    return Subquery(sums, output_field=DurationField())


def _length(difference: Combinable) -> ExpressionWrapper[Any]:
    return ExpressionWrapper(difference, output_field=DurationField())


# --- in SQL written by hand ---

# Whole numbers, alike on both. SQLite keeps moments as text, and its strftime knows no more than
# milliseconds: what is behind the point is read from the text.
_MICROSECONDS: Final = {
    "postgresql": "(EXTRACT(EPOCH FROM {0}) * 1000000)::bigint",
    "sqlite": (
        "(CAST(strftime('%%s', substr({0}, 1, 19)) AS integer) * 1000000"
        " + CAST(substr({0}, 21, 6) AS integer))"
    ),
}
_SERVED: Final = """SUM(
    CASE WHEN s.from_state = 'serving' THEN {at} ELSE 0 END
    - CASE WHEN s.to_state = 'serving' THEN {at} ELSE 0 END
)"""
_OVER: Final = ", ".join(f"'{state}'" for state in OUTCOMES)


def sql(vendor: str) -> dict[str, str]:
    """For a query over ``queueing_ticket t`` and its ``queueing_step s``, in microseconds.

    ``served`` is the sum over the steps of a ticket that is ``counted``, of which those that
    ``matter`` are enough; ``issued`` counts from 1970.
    """
    moment = _MICROSECONDS[vendor].format
    return {
        "issued": moment("t.issued_at"),
        "first_wait": f"{moment('t.first_called_at')} - {moment('t.issued_at')}",
        "served": _SERVED.format(at=moment("s.at")),
        "matter": "(s.from_state = 'serving' OR s.to_state = 'serving')",
        "counted": (
            f"t.state IN ({_OVER}) AND t.first_called_at IS NOT NULL"
            " AND NOT (t.state = 'done' AND t.closed_by_day_end)"
        ),
    }
