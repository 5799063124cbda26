"""What the lobby board shows."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from hall import calendar
from hall.models import Branch, Notice, OpeningHours, Zone
from queueing.figures.announced import OF_THE_LAST_CALL
from queueing.figures.waits import LineGroup, Queues, group_by_zone, queues
from queueing.models import AT_COUNTER, State, Ticket
from staff import duty
from staff.models import Member

ANSWERED_READ = 64  # enough for who is being served at forty counters, and for the calls before
CALLS_BEFORE = 8
LINES_SHOWN = 7  # as many as have room beside the calls
LINES_BESIDE_LEADER = 6  # as many as have room above the leader on duty
# The leader's portrait takes two rows of them.
EARLIER_BESIDE_LEADER = 6
CALL_ID: Final = re.compile(r"([0-9]{8})-([A-Z]{1,2})([0-9]{3,6})-([1-9][0-9]{0,3})")
# A code and a counter of more signs together, as AB100 and 12, are too long for four columns.
SHORT = 6


@dataclass(frozen=True)
class Layout:
    """How many rows of calls stand in how many columns: css/board.css has the sizes of each."""

    rows: int
    columns: int

    @property
    def room(self) -> int:
        return self.rows * self.columns

    @property
    def heads(self) -> range:
        """One for each column, for the template to go through."""
        return range(self.columns)

    def __str__(self) -> str:
        return f"{self.rows}x{self.columns}"


# Up to twelve calls stand in 116 pixels of cap height, read from six metres (EN 301 549, 5.1.4); no
# call is smaller than 58, read from three. Beyond the last layout pages take turns. Only the first
# two, one column, leave the lines their place beside.
LAYOUTS: Final = (Layout(4, 1), Layout(6, 1), Layout(4, 2), Layout(6, 2), Layout(8, 2))
DENSE: Final = (*LAYOUTS, Layout(8, 3), Layout(10, 4))
DENSE_AND_LONG: Final = (*LAYOUTS, Layout(11, 3))


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
    is_announced: bool


@dataclass(frozen=True)
class BoardState:
    """Everything on a branch's lobby board. ``hours`` are today's, told while nothing is open;
    ``leader`` is on duty today; ``pages`` is in how many turns the calls are shown."""

    branch: Branch
    now: dt.datetime
    calls: Sequence[Call]
    layout: Layout
    pages: int
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
    def unanswered(self) -> int:
        """How many calls nobody has answered yet."""
        return sum(not call.is_answered for call in self.calls)

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


def calls(branch: Branch, now: dt.datetime) -> list[Call]:
    """The calls of today that nobody has answered yet, however many; then the latest of the others.
    Each newest first."""
    called = (
        Ticket.objects.of_day(branch, calendar.local_day(branch, now))
        .filter(last_called_at__isnull=False, counter__isnull=False)
        .select_related("counter__zone")
        .annotate(is_announced=OF_THE_LAST_CALL)
        .order_by("-last_called_at")
    )
    unanswered = called.filter(state=State.CALLED)
    # Two queries: in one, newer calls would push out who has not come yet.
    others = called.exclude(state=State.CALLED)[:ANSWERED_READ]
    return [_call(ticket) for ticket in (*unanswered, *others)]


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
        is_announced=ticket.is_announced,  # type: ignore[attr-defined]
    )


def call_of(text: str, day: dt.date) -> tuple[str, int, int] | None:
    """Prefix, number and which call of its ticket, of the id of a call of this day."""
    found = CALL_ID.fullmatch(text)
    if found is None or found[1] != day.isoformat().replace("-", ""):
        return None
    return found[2], int(found[3]), int(found[4])


def arranged(count: int, longest: int) -> tuple[Layout, int]:
    """The layout in which so many calls have room in the largest letters, and on how many pages."""
    layouts = DENSE_AND_LONG if longest > SHORT else DENSE
    pages = max(1, math.ceil(count / layouts[-1].room))
    on_each = math.ceil(count / pages)
    return next(each for each in layouts if each.room >= on_each), pages


def board(branch: Branch, now: dt.datetime | None = None) -> BoardState:
    """Everything that the branch's board shows now, in a fixed number of queries."""
    moment = now or timezone.now()
    recent = calls(branch, moment)
    unanswered = [each for each in recent if not each.is_answered]
    served = [each for each in recent if each.is_answered and each.is_current]
    longest = max((len(each.code) + len(str(each.counter)) for each in recent), default=0)
    layout, pages = arranged(len(unanswered), longest)
    if layout == LAYOUTS[0] and len(unanswered) + len(served) > layout.room:
        layout = LAYOUTS[1]  # it still leaves the lines their place
    # Who is served has found the counter: only in room that is left, and not over pages.
    current = unanswered + served[: max(0, layout.room - len(unanswered))]
    day = calendar.local_day(branch, moment)
    leader = duty.leader(branch, day)
    before = [each for each in recent if each.is_answered and each not in current]
    room = CALLS_BEFORE if leader is None else EARLIER_BESIDE_LEADER
    notices = list(Notice.objects.shown_at(branch, moment))
    state = queues(branch, moment)
    is_quiet = not any(line.matters for line in state.lines)
    return BoardState(
        branch=branch,
        now=moment,
        calls=current,
        layout=layout,
        pages=pages,
        earlier=before[:room],
        queues=state,
        notices=notices,
        hours=calendar.hours_of(branch, day) if is_quiet else [],
        leader=leader,
    )
