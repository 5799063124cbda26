"""The demo's past is whole, and looks as if the hall's own actions had left it."""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_django
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models import Count, F, Max, Min, Q
from django.utils import translation

from complaints import actions as box
from complaints.models import OPEN, Entry, Matter
from demo.past import days as past
from hall import calendar
from hall.models import Branch, Counter
from queueing import states
from queueing.models import OUTCOMES, Numbering, Sitting, State, Step, Ticket
from ratings import actions as pads
from ratings.models import Grade, Rating, Remark, Summary
from staff import access
from staff.models import Duty
from tests.past import NOW, TODAY, load_past, load_place

HOLIDAY, MONDAY, WEDNESDAY = dt.date(2026, 10, 1), dt.date(2026, 11, 16), dt.date(2026, 11, 18)


@pytest.fixture(scope="module")
def past_hall(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[dict[str, int]]:
    """The demo with a month and a half of past, for all these tests; what loading it added."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(django_settings, "HALL_DEMO_HISTORY", True)
        patch.setattr(past, "MONTHS", 1)
        load_place(patch)
        added = load_past()
        connection.check_constraints()  # once, and not after every test again
        yield added
        transaction.set_rollback(True)


pytestmark = pytest.mark.django_db
Added = dict[str, int]


def main_hall() -> Branch:
    return Branch.objects.get(slug="nanshan")


# --- the tickets ---


def test_each_working_day_has_its_visitors_and_no_other_day_any(past_hall: Added) -> None:
    for branch in Branch.objects.all():
        worked = calendar.open_days(branch, dt.date(2026, 10, 1), TODAY - dt.timedelta(days=1))
        counts = Tally(Ticket.objects.filter(branch=branch).values_list("day", flat=True))
        assert list(worked) == sorted(counts)
        low, high = (260, 375) if branch.kind == Branch.Kind.MAIN else (30, 52)
        assert all(low <= count <= high for count in counts.values()), counts
        assert HOLIDAY not in counts
        assert counts[MONDAY] > counts[WEDNESDAY]


def test_every_ticket_has_one_outcome_and_its_time_line_adds_up(past_hall: Added) -> None:
    lines = defaultdict(list)
    for step in Step.objects.order_by("id").values_list(
        "ticket_id", "at", "move", "from_state", "to_state"
    ):
        lines[step[0]].append(step[1:])
    tickets = Ticket.objects.values_list("pk", "issued_at", "state", "state_since")
    assert len(lines) == past_hall["tickets"] == len(tickets)
    for pk, issued_at, state, since in tickets:
        line = lines[pk]
        assert (line[0][:3], line[-1][0], line[-1][3]) == ((issued_at, "issue", ""), since, state)
        assert state in OUTCOMES
        for one, two in pairwise(line):
            assert one[0] <= two[0] and one[3] == two[2] in states.MOVES[two[1]].sources
        lengths = sum((two[0] - one[0] for one, two in pairwise(line)), dt.timedelta())
        assert lengths == since - issued_at


# What the close of a day, a line that is closed, and a seat that ends under a visitor leave.
SELDOM = {"miss", "close", "redirect", "release", "set_aside"}


def test_everything_that_happens_in_a_hall_has_happened(past_hall: Added) -> None:
    assert set(Step.objects.values_list("move", flat=True)) >= set(states.MOVES) - SELDOM
    assert Ticket.objects.filter(lane="assisted", issued_by__in=access.with_role("guide")).exists()
    shares = Tally(Ticket.objects.values_list("state", flat=True))
    assert shares[State.DONE] > 0.9 * past_hall["tickets"]


def test_numbers_have_no_gaps_and_will_not_be_given_again(past_hall: Added) -> None:
    given = Ticket.objects.values("branch", "day", "prefix").annotate(
        first=Min("number"), last=Max("number"), count=Count("pk")
    )
    rows = {(row["branch"], row["day"], row["prefix"]): row for row in given}
    assert all(row["first"] == 1 and row["last"] == row["count"] for row in rows.values())
    kept = Numbering.objects.values_list("branch", "day", "prefix", "last")
    assert {key[:3]: key[3] for key in kept} == {key: row["last"] for key, row in rows.items()}


def test_numbers_are_given_in_the_order_of_issue(past_hall: Added) -> None:
    order = Ticket.objects.order_by("branch", "day", "prefix", "number")
    rows = order.values_list("branch", "day", "prefix", "issued_at", "pk")
    assert all(one[3:] < two[3:] for one, two in pairwise(rows) if one[:3] == two[:3])


def test_a_counter_serves_one_visitor_at_a_time_and_who_sits_there_serves(past_hall: Added) -> None:
    seats = defaultdict(list)
    for seat in Sitting.objects.values_list("counter", "member", "started_at", "ended_at"):
        seats[seat[0]].append(seat[1:])
    busy = defaultdict(list)
    for ticket in Ticket.objects.prefetch_related("steps").filter(branch__slug="oct"):
        for one, two in pairwise(ticket.steps.all()):
            if one.to_state in (State.CALLED, State.SERVING):
                assert one.counter_id is not None
                busy[one.counter_id].append((one.at, two.at, one.member_id))
    for counter, spans in busy.items():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(spans)))
        for start, _end, member in spans:
            assert any(m == member and b and a <= start <= b for m, a, b in seats[counter])


@pytest.mark.parametrize("of", ["counter", "member"])
def test_nobody_sits_twice_and_no_counter_is_sat_at_twice(past_hall: Added, of: str) -> None:
    seats = Sitting.objects.order_by(of, "started_at").values_list(of, "started_at", "ended_at")
    assert all(one[2] <= two[1] for one, two in pairwise(seats) if one[0] == two[0])
    assert not Sitting.objects.filter(ended_at=None).exists()
    assert not Sitting.objects.filter(ended_at__gt=NOW).exists()


def test_clerks_sit_at_counters_of_their_departments(past_hall: Added) -> None:
    wrong = Sitting.objects.exclude(counter__department=F("member__department"))
    assert not wrong.exists()
    used = Counter.objects.filter(pk__in=Sitting.objects.values("counter"), branch__slug="nanshan")
    assert used.count() == 40


def test_waits_are_longer_at_the_peaks(past_hall: Added) -> None:
    zone, waits = ZoneInfo("Asia/Shanghai"), defaultdict(list)
    called = Ticket.objects.filter(branch__slug="nanshan", first_called_at__isnull=False)
    for issued, wait in called.values_list("issued_at", F("first_called_at") - F("issued_at")):
        waits[issued.astimezone(zone).hour].append(wait.total_seconds() / 60)
    means = {hour: sum(each) / len(each) for hour, each in waits.items()}
    assert 3 < means[10] < 30 and 3 < means[14] < 30
    assert means[10] > 1.5 * means[12] and means[14] > 1.2 * means[17]


# --- ratings, matters, the roster, summaries ---


def test_ratings_are_mostly_good_and_only_of_finished_visits(past_hall: Added) -> None:
    grades = Tally(Rating.objects.values_list("grade", flat=True))
    rated = sum(grades.values())
    assert 0.45 < rated / Ticket.objects.filter(state=State.DONE).count() < 0.6
    assert 0.9 < grades[Grade.SATISFIED] / rated < 0.97
    assert 0.008 < grades[Grade.DISSATISFIED] / rated < 0.025
    assert not Rating.objects.exclude(ticket__state=State.DONE).exists()
    assert not Rating.objects.filter(ticket__closed_by_day_end=True).exists()
    assert not Rating.objects.filter(given_at__lt=F("ticket__state_since")).exists()
    assert not Rating.objects.filter(given_at__gte=calendar.day_bounds(main_hall(), TODAY)[0])
    assert Rating.objects.filter(via="phone", day__gt=F("ticket__day")).exists()
    assert Remark.objects.exists() and Rating.objects.exclude(comment="").exists()


def test_every_bad_rating_and_no_other_opened_a_case(past_hall: Added) -> None:
    bad = Rating.objects.filter(grade=Grade.DISSATISFIED)
    assert bad.count() == Matter.objects.filter(source="rating").count()
    assert not bad.filter(matter=None).exists()
    assert not bad.exclude(matter__ticket=F("ticket")).exists()


def test_every_matter_has_an_owner_whom_it_is_not_about(past_hall: Added) -> None:
    assert not Matter.objects.filter(owner=None).exists()
    assert not Matter.objects.filter(about=F("owner")).exists()
    assert not Entry.objects.filter(matter__about=F("by")).exists()
    assert not Matter.objects.filter(state="closed").exclude(entries__move="reply").exists()


def test_matters_are_in_every_stage(past_hall: Added) -> None:
    matters = Matter.objects.filter(branch=main_hall())
    assert set(matters.values_list("kind", flat=True)) == {
        "complaint", "suggestion", "praise", "help",
    }  # fmt: skip
    assert 1 <= matters.overdue(TODAY).count() <= 3
    assert matters.filter(extended_at__isnull=False, due_on__gt=TODAY, state__in=OPEN).count() == 1
    assert matters.filter(source="rating", contacted_at=None, state="received").count() == 1
    in_time = sum(
        calendar.local_day(each.branch, each.replied_at) <= each.due_on
        for each in Matter.objects.select_related("branch").filter(replied_at__isnull=False)
        if each.replied_at
    )
    assert 0.85 < in_time / Matter.objects.filter(replied_at__isnull=False).count() < 1


def test_someone_leads_each_working_day_and_two_guide(past_hall: Added) -> None:
    for branch in Branch.objects.all():
        days = set(calendar.open_days(branch, dt.date(2026, 10, 1), dt.date(2027, 1, 31)))
        duties = Duty.objects.filter(branch=branch)
        assert set(duties.filter(role="leader").values_list("day", flat=True)) == days
        guides = Tally(duties.filter(role="guide").values_list("day", flat=True))
        assert guides == dict.fromkeys(days, 2)
    guiding = Duty.objects.filter(role="guide", branch__slug="oct").values_list("day", "member")
    seats = Sitting.objects.filter(branch__slug="oct").values_list("started_at", "member")
    assert not {(start.astimezone(NOW.tzinfo).date(), who) for start, who in seats} & set(guiding)


def test_a_month_that_is_over_has_its_summaries(past_hall: Added) -> None:
    assert Summary.objects.count() == past_hall["summaries"] == Branch.objects.count()
    issued = Ticket.objects.filter(branch=main_hall(), day__month=10).count()
    rows = Summary.objects.get(branch=main_hall()).rows.filter(scope="branch")
    assert [row.issued for row in rows] == [issued]


# --- loading ---


def test_loading_again_adds_nothing(past_hall: Added) -> None:
    assert load_past() == {}


# --- as the actions would have left it ---


def told(matter: Matter) -> list[dict[str, Any]]:
    """A matter and its time line, without ids and what cannot be guessed."""
    left_out = {"id", "token", "reference", "request_id", "changed_at", "matter_id"}
    rows = [*Matter.objects.filter(pk=matter.pk).values(), *matter.entries.values()]
    found = [{k: v for k, v in row.items() if k not in left_out} for row in rows]
    return [*found, {"about": sorted(matter.about.values_list("pk", flat=True))}]


def play_on(matter: Matter, entries: list[Entry]) -> None:
    """The same moves by the actions."""
    for entry in entries:
        said: dict[str, Any] = {"text": entry.text} if entry.text else {}
        if entry.move == "words":
            box.add_words(matter=matter, now=entry.at, **said)
            continue
        if entry.move == "extend":
            said = {"reason": entry.text}
        if entry.move == "assign":
            said = {"reason": entry.text, "owner": entry.owner}
        getattr(box, entry.move)(matter=matter, by=entry.by, now=entry.at, **said)


def some_matters() -> list[Matter]:
    """One of each kind of time line that came by the box."""
    found = {}
    for matter in Matter.objects.filter(source="box").prefetch_related("entries__by"):
        about = (matter.ticket_id is None, matter.counter_id is None)
        found[about, tuple(entry.move for entry in matter.entries.all())] = matter
    return list(found.values())


def test_matters_are_what_the_actions_would_have_written(past_hall: Added) -> None:
    matters = some_matters()
    assert {entry.move for each in matters for entry in each.entries.all()} >= {
        "receive", "take", "assign", "note", "words", "extend", "reply", "close",
    }  # fmt: skip
    for matter in matters:
        same = "branch kind text name contact ticket counter service source language".split()
        again = box.receive(
            **{name: getattr(matter, name) for name in same}, now=matter.received_at
        )
        play_on(again, list(matter.entries.all())[1:])
        assert told(again) == told(matter)


def explain_again(again: Rating, rating: Rating, reasons: list[str]) -> None:
    if rating.explained_at:
        moment, comment = rating.explained_at, rating.comment
        pads.explain(rating=again, reasons=reasons, comment=comment, now=moment)


def test_ratings_are_what_the_actions_would_have_written(past_hall: Added) -> None:
    explained = Rating.objects.filter(~Q(explained_at=None), grade=Grade.DISSATISFIED)
    ratings = [*explained.order_by("pk")[:3], *Rating.objects.filter(via="phone")[:2]]
    for rating in ratings:
        reasons = list(rating.remarks.values_list("reason", flat=True))
        before = Rating.objects.filter(pk=rating.pk).values().get()
        case = rating.matter
        rating.delete()
        again = pads.rate(
            ticket=rating.ticket, grade=rating.grade, via=rating.via, now=rating.given_at
        )
        with translation.override(rating.ticket.language):
            explain_again(again, rating, reasons)
        after = Rating.objects.filter(pk=again.pk).values().get()
        free = {"id", "matter_id"}
        assert {k: v for k, v in after.items() if k not in free} == {
            k: v for k, v in before.items() if k not in free
        }
        assert list(again.remarks.values_list("reason", flat=True)) == reasons
        if case is not None:
            assert again.matter is not None
            by_staff = case.entries.exclude(move__in=("receive", "words"))
            play_on(again.matter, list(by_staff.select_related("by", "owner")))
            assert told(again.matter) == told(case)
