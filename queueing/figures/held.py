"""Visits on hold at a moment: since when, and who put them there. Many branches cost one query."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy

from hall import calendar, rules
from hall.formats import whole_minutes
from hall.models import Branch
from queueing.figures import counter_plan
from queueing.models import State, Step, Ticket
from staff.look import Look

# As of the moment at which somebody looks.
HELD_LIMIT: Final = rules.minutes(
    "queueing.alarm_held_minutes",
    default=20,
    most=9999,
    label=gettext_lazy("visit that is on hold for too long"),
    per_service=True,
)


@dataclass(frozen=True)
class HeldNow:
    """A visit on hold; ``step`` is the one that put it there, with the clerk and the counter."""

    ticket: Ticket
    step: Step
    now: dt.datetime

    @property
    def minutes(self) -> int:
        """Whole minutes of this hold; one before it is not counted."""
        return whole_minutes(self.now - self.ticket.state_since)

    @property
    def limit(self) -> int:
        """From how many minutes on a hold is too long."""
        return HELD_LIMIT.at(self.ticket.branch, self.now, self.ticket.service_id)

    @property
    def too_long(self) -> bool:
        return self.minutes >= self.limit


def at(branches: Sequence[Branch], now: dt.datetime) -> Mapping[int, list[HeldNow]]:
    """Today's visits on hold of these branches, by branch id, the longest first (one query).

    Those of a day that is over are tickets left open (``counter_plan``).
    """
    days = {branch.pk: calendar.local_day(branch, now) for branch in branches}
    by_id = {branch.pk: branch for branch in branches}
    # By the state and not the move: the hall puts a visit on hold, too, when a seat ends.
    steps = Step.objects.filter(counter_plan.of_days(days, "ticket__"), to_state=State.HELD)
    held = steps.filter(ticket__state=State.HELD)
    held = held.select_related("ticket__member", "member", "counter")
    # Of several holds of one visit the last one stays.
    last = {step.ticket_id: step for step in held.order_by("id")}
    found: dict[int, list[HeldNow]] = defaultdict(list)
    for step in sorted(last.values(), key=lambda each: each.ticket.state_since):
        step.ticket.branch = by_id[step.ticket.branch_id]  # with its rules
        found[step.ticket.branch_id].append(HeldNow(step.ticket, step, now))
    return found


def seen(look: Look) -> Mapping[int, list[HeldNow]]:
    """The branches that are looked at."""
    return at(look.branches, look.now)
