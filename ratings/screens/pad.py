"""What the rating pads show, gathered in a fixed number of queries for page and live update."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hall import calendar, rules
from hall.languages import HTML_TAG
from hall.models import Branch, Counter, Department
from queueing import seats
from queueing.models import State, Step, Ticket
from ratings import signed
from ratings.models import ASPECT_OF, REASONS, Aspect, Grade, Rating, Reason
from staff.models import Member

# As of the moment at which the pad is looked at.
PAD_SECONDS: Final = rules.seconds(
    "ratings.pad_seconds",
    default=60,
    most=3600,
    label=_("time for which the pad asks for a rating"),
)
ON_ITS_WAY: Final = dt.timedelta(seconds=3)  # a tap in the last moment still counts


@dataclass(frozen=True)
class Question:
    """How was the visit that ended here just now? Asked until a moment, or until the next call."""

    visit: Ticket
    counter: Counter
    until: dt.datetime

    @property
    def name(self) -> str:
        """What the form calls the visit."""
        return signed.name(signed.VISIT, self.visit.pk, self.counter, self.until + ON_ITS_WAY)


@dataclass(frozen=True)
class PadState:
    """A counter's pad: who sits there, and what the visitor is asked."""

    counter: Counter
    member: Member | None
    question: Question | None

    @property
    def post(self) -> Department | None:
        """The department that serves here."""
        return (self.member and self.member.department) or self.counter.department


@dataclass(frozen=True)
class Offered:
    """The reasons of one aspect from which the visitor may choose."""

    aspect: Aspect
    reasons: list[Reason]


def pads(
    branch: Branch, asked: QuerySet[Counter], now: dt.datetime | None = None
) -> dict[int, PadState]:
    """The pads of these counters of the branch, by their ids, in four queries."""
    moment = now or timezone.now()
    counters = asked.filter(is_active=True).select_related("branch", "department")
    found = seats.open_at([branch], moment).select_related("member__department")
    members = {seat.counter_id: seat.member for seat in found}
    visits = _just_finished(branch, moment)
    return {
        counter.pk: PadState(
            counter,
            members.get(counter.pk),
            _question(counter, visits.get(counter.pk), asks_for(branch, moment)),
        )
        for counter in counters
    }


def _just_finished(branch: Branch, moment: dt.datetime) -> dict[int | None, Step]:
    """The last step of each counter in the time for which a pad asks, if it finished a visit.

    Whatever happens at the counter afterwards ends the question, for good.
    """
    since = moment - asks_for(branch, moment)
    steps = Step.objects.filter(
        ticket__branch=branch,
        ticket__day=calendar.local_day(branch, moment),
        ticket__state_since__gt=since,  # few, however many came today
        at__gt=since,
        move__in=("call", "start", "resume", "finish", "reopen"),
    )
    rows = steps.select_related("ticket__rating", "ticket__service").order_by("id")
    last = {step.counter_id: step for step in rows}
    return {pk: step for pk, step in last.items() if step.move == "finish"}


def _question(counter: Counter, step: Step | None, length: dt.timedelta) -> Question | None:
    if step is None or step.ticket.state != State.DONE or hasattr(step.ticket, "rating"):
        return None
    return Question(step.ticket, counter, step.at + length)


def asks_for(branch: Branch, moment: dt.datetime) -> dt.timedelta:
    return dt.timedelta(seconds=PAD_SECONDS.at(branch, moment))


def offered(rating: Rating) -> list[Offered]:
    """The reasons for this grade, by aspect."""
    reasons = REASONS[Grade(rating.grade)]
    by_aspect = {aspect: [r for r in reasons if ASPECT_OF[r] == aspect] for aspect in Aspect}
    return [Offered(aspect, found) for aspect, found in by_aspect.items() if found]


def chosen_language(code: str | None) -> str:
    """The language that the visitor chose on the pad; empty for that of screen and visit."""
    return code if code in HTML_TAG else ""
