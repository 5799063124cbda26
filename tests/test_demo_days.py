"""The days of the demo's past are the same everywhere, and the actions would play them so."""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from pytest_django.fixtures import Settings

from complaints.models import Matter
from demo.past import days as past
from demo.past import habits
from demo.past import visits as history
from demo.people import roster
from hall import calendar
from hall.models import Branch, Counter
from queueing import actions, simulate
from queueing.models import Numbering, Sitting, Step, Ticket
from queueing.simulate.visit import Moved, Seated, Visit
from ratings.models import Rating
from staff.models import Member
from tests.past import NOW, TODAY, load_past, load_place

pytestmark = pytest.mark.django_db


def fingerprint() -> list[object]:
    """What must be the same on two machines: all but ids and what cannot be guessed."""
    tickets = Ticket.objects.order_by("branch__slug", "day", "prefix", "number")
    ratings = Rating.objects.order_by("ticket__branch__slug", "given_at")
    return [
        list(tickets.values_list("service__slug", "state", "state_since", "member__staff_number")),
        list(ratings.values_list("grade", "given_at", "comment")),
        list(Matter.objects.order_by("received_at").values_list("text", "state", "owner__name_en")),
    ]


def test_two_machines_get_the_same_past(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.HALL_DEMO_HISTORY = True
    load_place(monkeypatch)
    station = Branch.objects.get(slug="oct")
    monkeypatch.setattr(past, "MONTHS", 0)
    monkeypatch.setattr(past, "branches", lambda: [station])
    found = []
    for _machine in range(2):
        savepoint = transaction.savepoint()
        load_past()
        found.append(fingerprint())
        transaction.savepoint_rollback(savepoint)
    assert found[0] == found[1]


def test_the_past_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    load_place(monkeypatch)
    assert set(load_past()) == {"duties"}


def test_a_hall_of_ones_own_gets_no_past(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.HALL_DEMO_HISTORY = True
    load_place(monkeypatch)
    Branch.objects.update(address_zh_hans="真的地址")
    assert load_past() == {}


# --- as the actions would have left it ---


def rows_of(branch: Branch) -> dict[str, list[dict[str, Any]]]:
    """All rows of a branch's tickets and seats, without ids and what cannot be guessed."""
    left_out = {"id", "token", "request_id", "changed_at", "ticket_id"}

    def plain(rows: Any) -> list[dict[str, Any]]:
        return [{k: v for k, v in row.items() if k not in left_out} for row in rows.values()]

    steps = Step.objects.filter(ticket__branch=branch).annotate(
        code=F("ticket__prefix"), number=F("ticket__number")
    )
    return {
        "tickets": plain(Ticket.objects.filter(branch=branch).order_by("prefix", "number")),
        "steps": plain(steps.order_by("code", "number", "pk")),
        "seats": plain(Sitting.objects.filter(branch=branch).order_by("started_at")),
        "numbers": plain(Numbering.objects.filter(branch=branch).order_by("prefix")),
    }


class Played:
    """A day of the demo's past, done once more by the hall's own actions."""

    def __init__(self, day: history.Day) -> None:
        self.day = day
        self.members = Member.objects.in_bulk()
        self.counters = Counter.objects.select_related("branch").in_bulk()
        self.offerings = {each.service_id: each for each in day.branch.offerings.all()}
        self.tickets: dict[int, Ticket] = {}
        self.seats: dict[int | None, Sitting] = {}
        for offering in self.offerings.values():
            offering.branch = day.branch

    def play(self) -> None:
        """Every move and every seat in the order of time."""
        moments: list[tuple[int, int, Callable[[], None]]] = []
        for visit in self.day.visits:
            for step in visit.steps:
                moments.append((step.at, len(moments), partial(self.move, visit, step)))
        for seat in self.day.sittings:
            moments.append((seat.started, -1, partial(self.sit, seat)))
            if seat.ended is not None:
                moments.append((seat.ended, -2, partial(self.leave, seat)))
        for _at, _place, act in sorted(moments, key=lambda each: each[:2]):
            act()

    def member(self, pk: int | None) -> Member | None:
        return None if pk is None else self.members[pk]

    def sit(self, seat: Seated) -> None:
        counter, by = self.counters[seat.counter], self.members[seat.member]
        now = self.day.moment(seat.started)
        self.seats[seat.counter] = actions.sit_down(counter=counter, by=by, now=now)

    def leave(self, seat: Seated) -> None:
        assert seat.ended is not None
        actions.leave(by=self.members[seat.member], now=self.day.moment(seat.ended))

    def move(self, visit: Visit, step: Moved) -> None:
        now, by = self.day.moment(step.at), self.member(step.member)
        if step.move == "issue":
            self.tickets[visit.order] = actions.issue(
                offering=visit.offering, lane=visit.lane, language=visit.language, by=by, now=now
            )
        elif step.move == "call":
            called = actions.call_next(sitting=self.seats[step.counter], by=by, now=now)  # type: ignore[arg-type]
            assert called == self.tickets[visit.order], "another was first in line"
        elif step.move not in ("abandon", "miss", "close"):
            self.other(step, self.tickets[visit.order], by=by, now=now)

    def other(self, step: Moved, ticket: Ticket, **how: Any) -> None:
        if step.move in ("hold", "transfer"):
            how["reason"] = step.reason
        if step.move == "transfer":
            how["offering"] = self.offerings[step.service]
        if step.move == "resume":
            how["sitting"] = self.seats[step.counter]
        name = {"return": "return_to_line"}.get(step.move, step.move)
        getattr(actions, name)(ticket=ticket, **how)


def eventful_day(branch: Branch) -> history.Day:
    """The day on which most happened: kinds of moves, and visitors put back behind others."""
    first, last = past.days(branch, NOW) or (TODAY, TODAY)
    if branch.kind == Branch.Kind.MAIN:
        last = first + dt.timedelta(days=14)
    days = history.play(branch, first, last, now=NOW)
    return max(days, key=what_happened)


def what_happened(day: history.Day) -> int:
    kinds = {step.move for visit in day.visits for step in visit.steps}
    return len(kinds) + sum(visit.rank > visit.issued for visit in day.visits)


@pytest.mark.parametrize("slug", ["oct", "nanshan"])  # in the second they come back into a line
def test_the_past_is_what_the_actions_would_have_written(
    slug: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.HALL_DEMO_HISTORY = True
    load_place(monkeypatch)
    roster.load(NOW)
    branch = Branch.objects.get(slug=slug)
    day = eventful_day(branch)
    assert slug == "oct" or any(visit.rank > visit.issued for visit in day.visits)
    savepoint = transaction.savepoint()
    history.write([day])
    written = rows_of(branch)
    transaction.savepoint_rollback(savepoint)
    Played(day).play()
    closed_at = calendar.day_bounds(branch, day.date)[1] + history.CLOSED_AFTER
    actions.close_day(branch=branch, day=day.date, now=closed_at)
    done = rows_of(branch)
    assert len({step["move"] for step in written["steps"]}) >= 10
    for kind, rows in done.items():
        assert written[kind] == rows, kind


# --- the simulator ---


def of_the_demo(source: str) -> set[str]:
    """What a piece of code says that belongs to the demo: its services, and words of its clerks."""
    said = {n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant)}
    texts = {text for text in said if isinstance(text, str)}
    return {
        text for text in texts if text in habits.POPULARITY or re.search("[\u4e00-\u9fff]", text)
    }


def test_the_simulator_knows_nothing_of_the_demo() -> None:
    paths = list(Path(simulate.__file__).parent.glob("*.py"))
    assert {path.name: said for path in paths if (said := of_the_demo(path.read_text()))} == {}
    assert "staff-changes" in of_the_demo(Path(habits.__file__).read_text())
