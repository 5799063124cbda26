"""What the lobby board shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from hall import calendar
from hall.models import Branch, Notice, OpeningHours, Zone
from queueing.figures.waits import LineGroup, Queues, group_by_zone, queues
from queueing.models import AT_COUNTER, State, Ticket
from staff import duty
from staff.models import Member

# As many rows of 116 pixels of cap height as have room: read from six metres (EN 301 549, 5.1.4).
CALLS_SHOWN = 8
CALLS_READ = 64  # enough to find a call that nobody has answered yet among those of forty counters
LINES_SHOWN = 7  # as many as have room beside the calls
LINES_BESIDE_LEADER = 6  # as many as have room above the leader on duty
# The leader's portrait takes two rows of them.
EARLIER_BESIDE_LEADER = 6


@dataclass(frozen=True)
class Call:
    """A call on the board. The id is new with every call and recall of a ticket."""

    id: str
    code: str
    counter: int
    zone: Zone | None
    at: dt.datetime
    is_current: bool
    is_answered: bool


@dataclass(frozen=True)
class BoardState:
    """Everything on a branch's lobby board. ``hours`` are today's, told while nothing is open;
    ``leader`` is on duty today."""

    branch: Branch
    now: dt.datetime
    calls: Sequence[Call]
    earlier: Sequence[Call]
    queues: Queues
    notices: Sequence[Notice]
    hours: Sequence[OpeningHours]
    leader: Member | None

    @property
    def has_floors(self) -> bool:
        """Whether visitors must be told the floor."""
        zones = [line.offering.zone for line in self.queues.lines]
        return len({zone.floor for zone in zones if zone}) > 1

    @property
    def has_zones(self) -> bool:
        """Whether visitors must be told the zone."""
        return len({line.offering.zone_id for line in self.queues.lines}) > 1

    @property
    def line_pages(self) -> list[list[LineGroup]]:
        """The lines that matter, by zone, on pages that the board shows in turn."""
        lines = group_by_zone([line for line in self.queues.lines if line.matters])
        return paged(lines, LINES_SHOWN if self.leader is None else LINES_BESIDE_LEADER)


def paged(groups: Iterable[LineGroup], room: int = LINES_SHOWN) -> list[list[LineGroup]]:
    """Groups on as few pages as their order allows; a heading takes half a line's room.

    A group that goes on on the next page has its heading again; no line stands alone for it.
    """
    pages: list[list[LineGroup]] = []
    left = 0.0
    for group in groups:
        rest = group.lines
        while rest:
            fit = int(left - 0.5)
            if fit < min(len(rest), 2):
                pages.append([])
                left, fit = room + 0.5, room
            part, rest = rest[:fit], rest[fit:]
            pages[-1].append(LineGroup(group.zone, part))
            left -= len(part) + 0.5
    return pages


def calls(branch: Branch, now: dt.datetime, limit: int = CALLS_READ) -> list[Call]:
    """The latest calls of today, newest first."""
    tickets = (
        Ticket.objects.of_day(branch, calendar.local_day(branch, now))
        .filter(last_called_at__isnull=False, counter__isnull=False)
        .select_related("counter__zone")
        .order_by("-last_called_at")[:limit]
    )
    return [_call(ticket) for ticket in tickets]


def _call(ticket: Ticket) -> Call:
    counter = ticket.counter
    assert counter is not None and ticket.last_called_at is not None
    day = ticket.day.isoformat().replace("-", "")
    return Call(
        id=f"{day}-{ticket.code}-{ticket.call_count}",
        code=ticket.code,
        counter=counter.number,
        zone=counter.zone,
        at=ticket.last_called_at,
        is_current=ticket.state in AT_COUNTER,
        is_answered=ticket.state != State.CALLED,
    )


def board(branch: Branch, now: dt.datetime | None = None) -> BoardState:
    """Everything that the branch's board shows now, in a fixed number of queries."""
    moment = now or timezone.now()
    recent = calls(branch, moment)
    at_counters = [each for each in recent if each.is_current]
    # Who has not come yet still looks for the counter; newer calls must not push them off.
    current = sorted(at_counters, key=lambda call: call.is_answered)[:CALLS_SHOWN]
    day = calendar.local_day(branch, moment)
    leader = duty.leader(branch, day)
    room = CALLS_SHOWN if leader is None else EARLIER_BESIDE_LEADER
    earlier = [each for each in recent if each not in current][:room]
    notices = list(Notice.objects.shown_at(branch, moment))
    state = queues(branch, moment)
    is_quiet = not any(line.matters for line in state.lines)
    hours = calendar.hours_of(branch, day) if is_quiet else []
    return BoardState(branch, moment, current, earlier, state, notices, hours, leader)
