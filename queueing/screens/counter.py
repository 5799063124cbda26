"""What the clerk's screen shows, gathered in a fixed number of queries for page and live update."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, Window
from django.utils import timezone

from hall import calendar
from hall.formats import whole_minutes
from hall.models import Branch, Counter, Notice
from queueing import dispatch, seats, spans
from queueing.figures import announced, clerk_day
from queueing.models import Sitting, State, Step, Ticket

# As many as stand at 1366×768 without scrolling, held and missed ones under them.
LINE_SHOWN = 10
MISSED_SHOWN = 5


@dataclass(frozen=True)
class Waiting:
    """Somebody in line, the whole minutes there, and since when it would be without a break; or
    on hold, and since when this hold lasts."""

    ticket: Ticket
    minutes: int
    since: dt.datetime


@dataclass(frozen=True)
class DeskState:
    """A clerk's screen: the visitor now with the time line, the line, who is put aside."""

    sitting: Sitting
    visitor: Ticket | None
    steps: Sequence[Step]
    has_line: bool
    line: Sequence[Ticket]
    line_length: int
    aside: Sequence[Ticket]
    last_done: Ticket | None
    told: announced.Told | None
    now: dt.datetime

    @property
    def queue(self) -> list[Waiting]:
        """The first in line with what they have waited."""
        stands = [(each, each.stands) for each in self.line]  # type: ignore[attr-defined]
        return [Waiting(each, whole_minutes(self.now - since), since) for each, since in stands]

    @property
    def state(self) -> str:
        """What the clerk is at: ``idle``, ``called`` or ``serving``."""
        return self.visitor.state if self.visitor else "idle"

    @property
    def held(self) -> list[Waiting]:
        """Visits on hold that began here or with this clerk."""
        return [each for each in self._held if self._is_mine(each.ticket)]

    @property
    def held_elsewhere(self) -> list[Waiting]:
        """Visits on hold that a colleague began."""
        return [each for each in self._held if not self._is_mine(each.ticket)]

    @property
    def _held(self) -> list[Waiting]:
        held = [(each, each.state_since) for each in self.aside if each.state == State.HELD]
        return [Waiting(each, whole_minutes(self.now - since), since) for each, since in held]

    @property
    def missed(self) -> list[Ticket]:
        """Who did not come to this counter or clerk, the latest first."""
        missed = [each for each in self.aside if each.state == State.NO_SHOW]
        # They come by state_since, the oldest first: so from the end.
        return missed[: -MISSED_SHOWN - 1 : -1]

    @property
    def began(self) -> dt.datetime | None:
        """When the visitor was called, or the visit would have begun without a break."""
        if self.visitor is None:
            return None
        # A visitor who is called again is awaited anew; served time is what the figures will say.
        is_served = self.visitor.state == State.SERVING
        return spans.began(self.steps) if is_served else self.visitor.state_since

    @property
    def elapsed(self) -> dt.timedelta:
        return self.now - (self.began or self.now)

    @property
    def waited(self) -> int:
        """Whole minutes that the visitor has stood in line."""
        in_line = spans.total(spans.of(self.steps, self.now), State.WAITING)
        return whole_minutes(in_line or dt.timedelta())

    @property
    def notes(self) -> list[Step]:
        """What colleagues wrote on passing the visitor on or putting the visit aside."""
        return [step for step in self.steps if step.reason]

    @property
    def version(self) -> str:
        """Changes when the visitor, or what can be done with them, does."""
        shown = self.visitor or self.last_done
        return f"{shown.pk}-{shown.state_since.timestamp():.6f}" if shown else "idle"

    def _is_mine(self, ticket: Ticket) -> bool:
        seat = self.sitting
        return seat.counter_id == ticket.counter_id or seat.member_id == ticket.member_id


def desk(
    sitting: Sitting, *, visitor: Ticket | None = None, now: dt.datetime | None = None
) -> DeskState:
    """Everything on the screen of the clerk who sits here, in six queries.

    Who has just called or served somebody gives the ``visitor``: then the answer is of them
    alone, in one query, for the line beside is fetched a moment later like any other change.
    """
    moment = now or timezone.now()
    has_line = visitor is None
    visitor = visitor or seats.visitor_at(sitting.counter)
    line = _first_in_line(sitting.counter, moment) if has_line else []
    return DeskState(
        sitting=sitting,
        visitor=visitor,
        steps=_time_line(visitor) if visitor else [],
        has_line=has_line,
        line=line,
        line_length=line[0].line_length if line else 0,  # type: ignore[attr-defined]
        aside=_aside(sitting, moment) if has_line else [],
        last_done=None if visitor else seats.undoable(sitting, moment),
        # Who has just been called cannot have been announced yet.
        told=announced.told(visitor, moment) if has_line and visitor else None,
        now=moment,
    )


def day(sitting: Sitting, now: dt.datetime | None = None) -> clerk_day.Today:
    """The clerk's own day, in two queries."""
    return clerk_day.clerk_day(sitting.member_id, sitting.branch, now)


def notices(branch: Branch, now: dt.datetime | None = None) -> list[Notice]:
    """What the hall tells everybody now."""
    return list(Notice.objects.shown_at(branch, now or timezone.now()))


def _first_in_line(counter: Counter, moment: dt.datetime) -> list[Ticket]:
    """The first in line for a counter; each carries the length of the whole line."""
    line = dispatch.line_for(counter, calendar.local_day(counter.branch, moment))
    # A window is counted before the slice is cut: one query tells the first ten and how many.
    counted = line.select_related("service").annotate(
        line_length=Window(Count("pk")), stands=spans.standing_since(State.WAITING)
    )
    return list(counted[:LINE_SHOWN])


def _time_line(ticket: Ticket) -> list[Step]:
    return list(ticket.steps.select_related("service", "counter", "member"))


def _aside(sitting: Sitting, moment: dt.datetime) -> list[Ticket]:
    """Visits on hold at the branch, and those whom this counter or clerk missed today."""
    tickets = Ticket.objects.of_day(sitting.branch, calendar.local_day(sitting.branch, moment))
    mine = Q(counter=sitting.counter_id) | Q(member=sitting.member_id)
    put_aside = tickets.filter(state__in=(State.HELD, State.NO_SHOW))
    return list(
        put_aside.filter(mine | Q(state=State.HELD))
        .select_related("service", "counter")
        .order_by("state_since")
    )
