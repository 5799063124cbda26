"""What must be so in a hall at any moment, worked out anew from the rows alone.

``Truth`` reads the rows; ``check_rows`` holds them against one another, ``check_screens`` what the
staff's screens show against them, ``check_figures`` what figures say. Nothing of it asks the rules
by name (reach, dispatch, seats, spans) how they decide: it is counted once more, in plain Python.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

from hall.models import Branch, Counter, LedgerRow
from queueing import dispatch
from queueing.figures import clerk_day, counter_plan, waits
from queueing.figures.day import day_figures
from queueing.figures.spread import Spread
from queueing.forms import TicketFilter
from queueing.models import AT_COUNTER, OUTCOMES, Issued, Numbering, Sitting, State, Step, Ticket
from queueing.screens import board as board_screen
from queueing.screens import counter as counter_screen
from queueing.screens import tickets as tickets_screen
from staff.models import Grant, Member, RoleRight
from staff.rights import Right

NOTHING = dt.timedelta()
# Moves that somebody makes from a seat: it must be open while they do.
FROM_A_SEAT = {
    "call", "recall", "start", "finish", "reopen", "no_show", "return", "hold", "resume", "transfer"
}  # fmt: skip


@dataclass
class Truth:
    """The rows of all branches at one moment."""

    now: dt.datetime
    branches: list[Branch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.branches = list(Branch.objects.order_by("pk"))
        self.tickets = list(Ticket.objects.order_by("pk"))
        self.sittings = list(Sitting.objects.order_by("pk"))
        self.counters = {each.pk: each for each in Counter.objects.all()}
        self.members = {each.pk: each for each in Member.objects.all()}
        self.steps: dict[int, list[Step]] = defaultdict(list)
        for step in Step.objects.order_by("id"):
            self.steps[step.ticket_id].append(step)
        self.skills: dict[int, set[int]] = defaultdict(set)
        for counter_id, service_id in Counter.services.through.objects.values_list(
            "counter_id", "service_id"
        ):
            self.skills[counter_id].add(service_id)

    # --- what follows from the rows ---

    def day_of(self, moment: dt.datetime, branch_id: int) -> dt.date:
        return moment.astimezone(self._zones[branch_id]).date()

    def today(self, branch_id: int) -> dt.date:
        return self.day_of(self.now, branch_id)

    @cached_property
    def _zones(self) -> dict[int, ZoneInfo]:
        return {branch.pk: ZoneInfo(branch.timezone) for branch in self.branches}

    @cached_property
    def _may_serve(self) -> set[tuple[int, int | None]]:
        """(Member, branch) of every grant in force that holds the right to serve."""
        roles = set(RoleRight.objects.filter(right=Right.SERVE).values_list("role", flat=True))
        return {
            (grant.member_id, grant.branch_id)
            for grant in Grant.objects.all()
            if grant.starts_at <= self.now
            and (grant.ends_at is None or grant.ends_at > self.now)
            and (grant.revoked_at is None or grant.revoked_at > self.now)
            and (grant.right == Right.SERVE or grant.role_id in roles)
        }

    def is_open(self, seat: Sitting) -> bool:
        """Whether anybody works there: begun today and not ended, by an active member who may
        serve there, at a counter of the branch that is in use."""
        counter, member = self.counters[seat.counter_id], self.members[seat.member_id]
        granted = {(seat.member_id, seat.branch_id), (seat.member_id, None)}
        return (
            seat.ended_at is None
            and self.day_of(seat.started_at, seat.branch_id) == self.today(seat.branch_id)
            and member.is_active
            and bool(granted & self._may_serve)
            and counter.is_active
            and counter.branch_id == seat.branch_id
        )

    @cached_property
    def seats(self) -> list[Sitting]:
        return [seat for seat in self.sittings if self.is_open(seat)]

    def has_anybody(self, branch: Branch) -> bool:
        """Whether a screen of the branch has anybody to show, or somebody to show no more."""
        sits = any(each.branch_id == branch.pk and each.ended_at is None for each in self.sittings)
        here = (each for each in self.tickets if each.branch_id == branch.pk)
        return sits or any(each.state not in OUTCOMES for each in here)

    def seats_at(self, branch: Branch) -> list[Sitting]:
        return [seat for seat in self.seats if seat.branch_id == branch.pk]

    def at(self, branch: Branch, *states: State) -> list[Ticket]:
        """The branch's tickets of today in these states."""
        today = self.today(branch.pk)
        return [
            each
            for each in self.tickets
            if each.branch_id == branch.pk and each.day == today and each.state in states
        ]

    def line(self, branch: Branch) -> list[Ticket]:
        """Who waits, in the order of the line."""
        return sorted(self.at(branch, State.WAITING), key=lambda each: (each.rank_at, each.pk))

    def first_for(self, seat: Sitting) -> Ticket | None:
        """Whom a call of this seat must bring."""
        branch = next(each for each in self.branches if each.pk == seat.branch_id)
        able = self.skills[seat.counter_id]
        return next((each for each in self.line(branch) if each.service_id in able), None)

    def before(self, ticket: Ticket, branch: Branch) -> int:
        """How many may really be called before: those in front whom a seat calls that calls this
        one, too."""
        front = self.line(branch)
        front = front[: [each.pk for each in front].index(ticket.pk)]
        able = [self.skills[seat.counter_id] for seat in self.seats_at(branch)]
        together = set[int]().union(*(each for each in able if ticket.service_id in each))
        return sum(each.service_id in together for each in front)

    def spans(self, ticket: Ticket, state: State) -> list[dt.timedelta]:
        """How long the ticket stood in a state, each time."""
        steps = self.steps[ticket.pk]
        lengths = [(a.to_state, b.at - a.at) for a, b in pairwise(steps)]
        if ticket.state not in OUTCOMES:
            lengths.append((steps[-1].to_state, max(self.now - steps[-1].at, NOTHING)))
        return [length for name, length in lengths if name == state]

    def is_counted(self, ticket: Ticket) -> bool:
        """Whether its served time is in the figures: over, served at all, and not ended while it
        was served by the close of the day."""
        steps = self.steps[ticket.pk]
        by_the_day = steps[-1].move == "close"
        return (
            ticket.state in OUTCOMES
            and any(step.to_state == State.SERVING for step in steps)
            and not by_the_day
        )

    def served(self, tickets: list[Ticket]) -> list[dt.timedelta]:
        counted = [each for each in tickets if self.is_counted(each)]
        return [sum(self.spans(each, State.SERVING), NOTHING) for each in counted]


def image() -> tuple[object, ...]:
    """All that an action may change, to see that a refused one changed nothing."""
    return (
        list(Ticket.objects.order_by("pk").values_list()),
        list(Sitting.objects.order_by("pk").values_list()),
        Step.objects.count(),
        LedgerRow.objects.count(),
    )


# --- the rows against one another ---


def check_rows(truth: Truth) -> None:
    for ticket in truth.tickets:
        check_time_line(truth, ticket)
    check_numbers(truth)
    check_ledger(truth)
    at_counters = Tally(each.counter_id for each in truth.tickets if each.state in AT_COUNTER)
    assert None not in at_counters
    assert max(at_counters.values(), default=0) <= 1, "a counter has two visitors"
    taken = [each for each in truth.sittings if each.ended_at is None]
    assert len({each.counter_id for each in taken}) == len(taken), "two at one counter"
    assert len({each.member_id for each in taken}) == len(taken), "one at two counters"


def check_time_line(truth: Truth, ticket: Ticket) -> None:
    """One step follows from the other, and all of them add up to the visit."""
    steps = truth.steps[ticket.pk]
    assert (steps[0].move, steps[0].from_state, steps[0].at) == ("issue", "", ticket.issued_at)
    for before, after in pairwise(steps):
        assert after.from_state == before.to_state, f"{ticket}: {before} → {after}"
        assert after.at >= before.at, f"{ticket}: {after} goes back in time"
    assert steps[-1].to_state == ticket.state
    assert steps[-1].at == ticket.state_since
    lasted = [after.at - before.at for before, after in pairwise(steps)]
    assert sum(lasted, NOTHING) == ticket.state_since - ticket.issued_at
    called = [step.at for step in steps if step.to_state == State.CALLED]
    assert ticket.first_called_at == (called[0] if called else None)
    assert ticket.call_count == len(called)
    assert ticket.requeue_count == sum(step.move == "requeue" for step in steps)
    assert ticket.service_id == steps[-1].service_id
    last_moves = {"abandon", "miss", "close"}
    assert ticket.closed_by_day_end == (steps[-1].move in last_moves)


def check_numbers(truth: Truth) -> None:
    """Numbers count up without a gap, and none was given that no ticket has."""
    numbers = defaultdict[tuple[int, dt.date, str], list[int]](list)
    issued = Tally[tuple[int, dt.date, int]]()
    for ticket in truth.tickets:
        numbers[ticket.branch_id, ticket.day, ticket.prefix].append(ticket.number)
        issued[ticket.branch_id, ticket.day, truth.steps[ticket.pk][0].service_id] += 1
    for found in numbers.values():
        assert sorted(found) == list(range(1, len(found) + 1))
    rows = Numbering.objects.values_list("branch", "day", "prefix", "last")
    assert {tuple(key): last for *key, last in rows} == {
        key: len(found) for key, found in numbers.items()
    }
    counts = Issued.objects.values_list("branch", "day", "service", "count")
    assert {tuple(key): count for *key, count in counts} == issued


def check_ledger(truth: Truth) -> None:
    """The ledger has a row for each step, in order, and for each seat taken and left."""
    found = defaultdict[tuple[str, int | None], list[str]](list)
    rows = LedgerRow.objects.filter(kind__in=["queueing.ticket", "queueing.sitting"])
    for kind, pk, what in rows.order_by("id").values_list("kind", "object_id", "what"):
        found[kind, pk].append(what)
    for ticket in truth.tickets:
        moves = [f"ticket.{step.move}" for step in truth.steps[ticket.pk]]
        assert found["queueing.ticket", ticket.pk] == moves
    for seat in truth.sittings:
        told = found["queueing.sitting", seat.pk]
        assert told[0] == "seat.sit"
        assert len(told) == (1 if seat.ended_at is None else 2), told


def check_new_steps(truth: Truth, before: Truth) -> None:
    """Who acted since at a counter had an open seat there."""
    sat = {(seat.member_id, seat.counter_id) for seat in [*truth.seats, *before.seats]}
    for pk, steps in truth.steps.items():
        for step in steps[len(before.steps[pk]) :]:
            if step.move in FROM_A_SEAT:
                assert (step.member_id, step.counter_id) in sat, f"{step.move} from no open seat"


# --- what the screens of the staff show ---


def check_screens(truth: Truth) -> None:
    for branch in filter(truth.has_anybody, truth.branches):
        # Each as the branch's own page asks: a page of all of them may have what this one lacks.
        plan = counter_plan.at([branch], truth.now)[branch.pk]
        check_counters(truth, branch, plan)
        check_lines(truth, branch, plan)
        check_left_open(truth, branch, plan)
        check_supervisor_rows(truth, branch)
        check_desks(truth, branch)
        if truth.at(branch, State.CALLED):
            check_board(truth, branch)


def check_counters(truth: Truth, branch: Branch, plan: counter_plan.CounterPlan) -> None:
    """The counter plan has whoever sits, and whoever is called or served, where they are."""
    seats = {each.counter.pk: each.sitting.pk for each in plan.counters if each.sitting}
    assert seats == {seat.counter_id: seat.pk for seat in truth.seats_at(branch)}
    shown = {each.counter.pk: each.ticket.pk for each in plan.counters if each.ticket}
    since = truth.today(branch.pk) - dt.timedelta(days=1)
    for ticket in truth.tickets:
        is_here = ticket.branch_id == branch.pk and ticket.state in AT_COUNTER
        if is_here and ticket.day >= since and ticket.counter_id is not None:
            assert shown.get(ticket.counter_id) == ticket.pk, f"{ticket} is not on the counter plan"


def check_lines(truth: Truth, branch: Branch, plan: counter_plan.CounterPlan) -> None:
    """Whoever waits stands in a line, on the plan and with a place that is not too good."""
    line = truth.line(branch)
    waiting = Tally(each.service_id for each in line)
    assert {each.service.pk: each.waiting for each in plan.lines} == waiting
    queues = waits.queues(branch, truth.now)
    assert {each.offering.service_id: each.waiting for each in queues.lines} | waiting == {
        each.offering.service_id: each.waiting for each in queues.lines
    }
    assert queues.waiting == plan.waiting == len(line)
    assert list(queues.places) == [each.pk for each in line]
    able = [truth.skills[seat.counter_id] for seat in truth.seats_at(branch)]
    for each in plan.lines:
        assert each.counters == sum(each.service.pk in services for services in able)
    for ticket in line:
        told = queues.places[ticket.pk].ahead
        assert told >= truth.before(ticket, branch), f"{ticket}: more go first than {told}"
    if line:
        # The visitor's own page may ask of one alone.
        told = queues.places[line[-1].pk].ahead
        last = Ticket.objects.select_related("branch").get(pk=line[-1].pk)
        assert dispatch.ahead_of(last).count() == told


def check_left_open(truth: Truth, branch: Branch, plan: counter_plan.CounterPlan) -> None:
    """What was left open of the days before is told."""
    today = truth.today(branch.pk)
    left = Tally(
        each.day
        for each in truth.tickets
        if each.branch_id == branch.pk and each.day < today and each.state not in OUTCOMES
    )
    assert {each.day: each.count for each in plan.left_open} == left


def check_supervisor_rows(truth: Truth, branch: Branch) -> None:
    """Whoever is in the hall is among the supervisor's rows of those who are."""
    here = defaultdict[dt.date, set[int]](set)
    for ticket in truth.tickets:
        if ticket.branch_id == branch.pk and ticket.state not in OUTCOMES:
            here[ticket.day].add(ticket.pk)
    for day, expected in here.items():
        asked = TicketFilter(branch, truth.now, {"day": day.isoformat(), "state": "open"})
        assert set(asked.tickets().values_list("pk", flat=True)) == expected


def check_desks(truth: Truth, branch: Branch) -> None:
    """Each desk has its visitor, its whole line, and everybody on hold at the branch."""
    held = {each.pk for each in truth.at(branch, State.HELD)}
    at_counters = {each.counter_id: each.pk for each in truth.tickets if each.state in AT_COUNTER}
    line = truth.line(branch)
    for row in truth.seats_at(branch):
        seat = Sitting.objects.select_related("branch", "counter__zone", "member").get(pk=row.pk)
        desk = counter_screen.desk(seat, now=truth.now)
        assert (desk.visitor.pk if desk.visitor else None) == at_counters.get(row.counter_id)
        if desk.visitor and desk.visitor.state == State.SERVING:
            assert desk.elapsed == sum(truth.spans(desk.visitor, State.SERVING), NOTHING)
        mine = [each.pk for each in line if each.service_id in truth.skills[row.counter_id]]
        assert [each.pk for each in desk.line] == mine[: counter_screen.LINE_SHOWN]
        assert desk.line_length == len(mine)
        assert {each.ticket.pk for each in [*desk.held, *desk.held_elsewhere]} == held


def check_board(truth: Truth, branch: Branch) -> None:
    """Every call of today that nobody has answered stands on the board."""
    shown = {each.code for each in board_screen.board(branch, truth.now).calls}
    assert {each.code for each in truth.at(branch, State.CALLED)} <= shown


# --- what figures say ---


def check_figures(truth: Truth) -> None:
    """Every figure that names a length names that of the time line."""
    days = {(each.branch_id, each.day) for each in truth.tickets}
    for branch in truth.branches:
        for day in {day for branch_id, day in days if branch_id == branch.pk}:
            check_day(truth, branch, day)
        for member in truth.members.values():
            check_clerk(truth, branch, member)
    for ticket in truth.tickets:
        check_length(truth, ticket)


def check_day(truth: Truth, branch: Branch, day: dt.date) -> None:
    tickets = [each for each in truth.tickets if (each.branch_id, each.day) == (branch.pk, day)]
    found = day_figures(branch, day)
    assert found.issued == len(tickets)
    states = Tally(each.state for each in tickets)
    assert {state: count for state, count in found.by_state.items() if count} == states
    calls = [(each, each.first_called_at) for each in tickets]
    assert found.waits == Spread.of(call - each.issued_at for each, call in calls if call)
    assert found.services == Spread.of(truth.served(tickets))


def check_clerk(truth: Truth, branch: Branch, member: Member) -> None:
    here = truth.at(branch, *State)
    mine = [each for each in here if each.member_id == member.pk]
    found = clerk_day.clerk_day(member.pk, branch, truth.now)
    last = Tally(truth.steps[each.pk][-1].move for each in mine)
    assert (found.served, found.no_shows) == (last["finish"], last["no_show"])
    assert found.median_service == Spread.of(truth.served(mine)).median


def check_length(truth: Truth, ticket: Ticket) -> None:
    """A ticket's own page, and the row of it from which one comes there."""
    served, waited = (truth.spans(ticket, state) for state in (State.SERVING, State.WAITING))
    line = tickets_screen.time_line(ticket, truth.now)
    lengths = [row.lasted for row in line.steps if row.step.to_state == State.SERVING]
    assert [each or NOTHING for each in lengths] == served
    is_unknown = truth.steps[ticket.pk][-1].move == "close" or not served
    assert line.served == (None if is_unknown else sum(served, NOTHING))
    assert line.row.waited == sum(waited, NOTHING)
    asked = TicketFilter(ticket.branch, truth.now, {"day": ticket.day.isoformat()})
    (row,) = tickets_screen.rows(asked.tickets().filter(pk=ticket.pk))
    assert row.waited == line.row.waited


# --- the close of the day ---


def check_closed(truth: Truth, branch: Branch, day: dt.date) -> None:
    """Each ticket of a day that was closed has its outcome."""
    for ticket in truth.tickets:
        if (ticket.branch_id, ticket.day) == (branch.pk, day):
            assert ticket.state in OUTCOMES, f"{ticket} is {ticket.state} after the close"
