"""What a month's summary counts, scene by scene; and that it stays as it was made."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from complaints import actions as complaints
from complaints.models import Kind, Matter
from hall.calendar import Month
from hall.events import Change, Event, change_of, publisher
from hall.models import Branch, Category, Department
from hall.refusal import Refused
from queueing import actions as queue
from queueing.models import Ticket
from ratings import actions, tasks
from ratings.figures import summary_rows as summaries
from ratings.models import Grade, Rating, Row, Summary, Via
from tests.cast import Cast

MARCH = Month(2026, 3)
SHENZHEN = ZoneInfo("Asia/Shanghai")
LATER = dt.datetime(2026, 4, 1, 1, tzinfo=SHENZHEN)
MINUTE = dt.timedelta(minutes=1)
MUCH_LATER = LATER + dt.timedelta(days=90)


def on(day: int, hour: int = 9, minute: int = 0, month: int = 3) -> dt.datetime:
    """A moment of the clock in Shenzhen."""
    return dt.datetime(2026, month, day, hour, minute, tzinfo=SHENZHEN)


def visit(
    cast: Cast, at: dt.datetime, *, wait: float = 5, length: float | None = 10, counter: int = 3
) -> Ticket:
    """Somebody comes, waits and is served (no length: does not come when called)."""
    cast.ticket(now=at)
    by = cast.clerk if counter == 3 else cast.colleague
    called_at = at + MINUTE * wait
    ticket = queue.call_next(sitting=cast.sit(counter, by), by=by, now=called_at)
    assert ticket is not None
    if length is None:
        return queue.no_show(ticket=ticket, by=by, now=called_at + MINUTE)
    queue.start(ticket=ticket, by=by, now=called_at)
    return queue.finish(ticket=ticket, by=by, now=called_at + MINUTE * length)


def rate(ticket: Ticket, at: dt.datetime, grade: str = Grade.SATISFIED) -> None:
    """The visitor presses a face."""
    actions.rate(ticket=ticket, grade=grade, via=Via.PAD, now=at)


def put_in(cast: Cast, at: dt.datetime, **fields: object) -> Matter:
    """Somebody complains; the answer is due five working days later."""
    fields = {"kind": Kind.COMPLAINT, "text": "等了很久。"} | fields
    return complaints.receive(branch=cast.branch, now=at, **fields)  # type: ignore[arg-type]


def summarise(cast: Cast, month: Month = MARCH, now: dt.datetime = LATER) -> Summary:
    """The worker makes it on the 1st."""
    return actions.summarise(branch=cast.branch, month=month, now=now)


def rows(summary: Summary, scope: str) -> list[Row]:
    """Its rows of a scope."""
    return list(summary.rows.filter(scope=scope).order_by("order"))


def whole(cast: Cast, month: Month = MARCH, now: dt.datetime = LATER) -> Row:
    """The figures of the whole branch."""
    return rows(summarise(cast, month, now), Row.Scope.BRANCH)[0]


def figures(summary: Summary) -> list[tuple[object, ...]]:
    """Every cell of every row."""
    names = [field.attname for field in Row._meta.concrete_fields if field.name not in ("id",)]
    return list(summary.rows.order_by("order").values_list(*names))


# --- tickets ---


def test_every_ticket_has_one_outcome_and_all_add_up(cast: Cast) -> None:
    visit(cast, on(2))
    visit(cast, on(2, 10), length=None)
    queue.cancel(ticket=cast.ticket(now=on(2, 11)), now=on(2, 12))
    cast.ticket(now=on(2, 12))
    row = whole(cast)
    assert (row.issued, row.done, row.no_show, row.cancelled, row.abandoned) == (4, 1, 1, 1, 1)
    assert row.closed_by_day_end == 0


def test_who_was_never_finished_is_served_but_counted_apart(cast: Cast) -> None:
    cast.ticket(now=on(2))
    ticket = queue.call_next(sitting=cast.sit(), by=cast.clerk, now=on(2, 10))
    assert ticket is not None
    queue.start(ticket=ticket, by=cast.clerk, now=on(2, 10))
    row = whole(cast)
    assert (row.issued, row.done, row.closed_by_day_end) == (1, 1, 1)
    assert (row.waits, row.services, row.unrated) == (1, 0, 0)
    assert row.service_median is None


def test_a_ticket_belongs_to_the_month_of_its_day(cast: Cast) -> None:
    ticket = visit(cast, on(31, 23, 50), wait=5, length=10)
    assert ticket.state_since == on(1, 0, 5, month=4)
    visit(cast, on(1, 0, 10, month=4))
    assert whole(cast).issued == 1
    assert whole(cast, Month(2026, 4), MUCH_LATER).issued == 1
    assert whole(cast, Month(2026, 2)).issued == 0


def test_waits_are_of_all_who_were_called(cast: Cast) -> None:
    for number, minutes in enumerate((2, 4, 8, 30)):
        visit(cast, on(2, 9 + number), wait=minutes, length=None if minutes == 8 else 1)
    cast.ticket(now=on(2, 20))
    row = whole(cast)
    assert (row.waits, row.issued) == (4, 5)
    assert row.wait_median == 6 * MINUTE, "the mean of the middle two"
    assert row.wait_p90 == 30 * MINUTE, "nearest rank"


def test_the_90th_percentile_of_ten_is_the_ninth(cast: Cast) -> None:
    for number in range(10):
        visit(cast, on(2 + number), wait=number + 1)
    assert whole(cast).wait_p90 == 9 * MINUTE


def test_a_length_is_the_time_of_being_served(cast: Cast) -> None:
    """Five minutes, then on hold for twenty, three minutes more, and two after the undoing."""
    cast.ticket(now=on(2))
    seat = cast.sit()
    ticket = queue.call_next(sitting=seat, by=cast.clerk, now=on(2, 9, 10))
    assert ticket is not None
    queue.start(ticket=ticket, by=cast.clerk, now=on(2, 9, 10))
    queue.hold(ticket=ticket, by=cast.clerk, now=on(2, 9, 15))
    queue.resume(ticket=ticket, sitting=seat, by=cast.clerk, now=on(2, 9, 35))
    queue.finish(ticket=ticket, by=cast.clerk, now=on(2, 9, 38))
    queue.reopen(ticket=ticket, by=cast.clerk, now=on(2, 9, 39))
    queue.finish(ticket=ticket, by=cast.clerk, now=on(2, 9, 41))
    row = whole(cast)
    assert (row.services, row.service_median, row.service_p90) == (1, 10 * MINUTE, 10 * MINUTE)


def test_medians_of_the_whole_are_of_all_lengths_not_of_medians(cast: Cast) -> None:
    """Three short days and a long one: the mean of the days' medians would be 11 minutes."""
    for number in range(9):
        visit(cast, on(2, 9 + number), length=2)
    visit(cast, on(3), length=20)
    summary = summarise(cast)
    days = {row.day: row.service_median for row in rows(summary, Row.Scope.DAY)}
    assert days[dt.date(2026, 3, 2)] == 2 * MINUTE and days[dt.date(2026, 3, 3)] == 20 * MINUTE
    assert rows(summary, Row.Scope.BRANCH)[0].service_median == 2 * MINUTE


# --- by what ---


def test_parts_of_the_month(cast: Cast) -> None:
    cast.pension.department = Department.objects.get(branch=cast.branch)
    cast.pension.save()
    visit(cast, on(2, 9, 29))
    visit(cast, on(2, 11, 30), counter=4)
    cast.ticket(cast.medical, now=on(3, 9, 31))
    summary = summarise(cast)
    departments = rows(summary, Row.Scope.DEPARTMENT)
    assert [(row.name, row.issued) for row in departments] == [("Pension section", 2), ("", 1)]
    services = {row.name: row.issued for row in rows(summary, Row.Scope.SERVICE)}
    assert services == {"Apply for retirement": 2, "Claim back medical costs": 1}
    people = [(row.staff_number, row.done) for row in rows(summary, Row.Scope.PERSON)]
    assert people == [("N1003", 1), ("N1004", 1)], "nobody dealt with the third"
    slots = [(f"{row.slot:%H:%M}", row.issued) for row in rows(summary, Row.Scope.SLOT)]
    assert slots[:2] == [("09:00", 1), ("09:30", 1)]
    assert slots[2:] == [("10:00", 0), ("10:30", 0), ("11:00", 0), ("11:30", 1)]
    days = rows(summary, Row.Scope.DAY)
    assert len(days) == 31 and sum(row.issued for row in days) == 3


def test_what_a_part_has_no_figure_for_is_null(cast: Cast) -> None:
    visit(cast, on(2))
    put_in(cast, on(2))
    summary = summarise(cast)
    has = {
        scope: (row.satisfied is not None, row.received is not None)
        for scope in Row.Scope
        for row in rows(summary, scope)
    }
    assert has == {
        Row.Scope.BRANCH: (True, True),
        Row.Scope.DEPARTMENT: (True, True),
        Row.Scope.SERVICE: (True, True),
        Row.Scope.PERSON: (True, False),
        Row.Scope.DAY: (True, False),
        Row.Scope.SLOT: (False, False),
    }


def test_a_month_without_anything_is_all_zeros(cast: Cast) -> None:
    summary = summarise(cast)
    row = rows(summary, Row.Scope.BRANCH)[0]
    assert (row.issued, row.waits, row.wait_median, row.received) == (0, 0, None, 0)
    assert rows(summary, Row.Scope.SLOT) == rows(summary, Row.Scope.PERSON) == []


# --- ratings ---


def test_a_rating_counts_once_in_the_month_in_which_it_was_given(cast: Cast) -> None:
    early, late = visit(cast, on(2)), visit(cast, on(31))
    visit(cast, on(31, 11))
    rate(early, on(2, 10), Grade.BASICALLY)
    rate(late, on(2, 10, month=4), Grade.DISSATISFIED)
    march, april = whole(cast), whole(cast, Month(2026, 4), MUCH_LATER)
    assert (march.satisfied, march.basically, march.dissatisfied, march.unrated) == (0, 1, 0, 2)
    assert (april.satisfied, april.basically, april.dissatisfied, april.unrated) == (0, 0, 1, 0)


def test_no_rating_is_no_grade_and_only_finished_visits_can_lack_one(cast: Cast) -> None:
    visit(cast, on(2))
    visit(cast, on(2, 11), length=None)
    cast.ticket(now=on(3))
    row = whole(cast)
    assert (row.rated, row.unrated, row.finished) == (0, 1, 1)


# --- matters ---


def test_matters_flow_through_the_month(cast: Cast) -> None:
    """Due on the fifth working day: the 9th, the 10th, …; the 28th is a Saturday."""
    by = cast.handler
    in_time, late = put_in(cast, on(2)), put_in(cast, on(2))
    complaints.reply(matter=in_time, text="好。", by=by, now=on(9, 23, 59))
    complaints.reply(matter=late, text="好。", by=by, now=on(10, 0, 1))
    put_in(cast, on(3))
    put_in(cast, on(30))
    row = whole(cast)
    flow = (row.received, row.answered_in_time, row.answered_late, row.overdue, row.open)
    assert flow == (4, 1, 1, 1, 2)


def test_an_answer_counts_in_the_month_of_the_first_reply(cast: Cast) -> None:
    matter = put_in(cast, on(25))
    complaints.reply(matter=matter, text="好。", by=cast.handler, now=on(1, month=4))
    complaints.reply(matter=matter, text="还有。", by=cast.handler, now=on(2, month=5))
    march, april = whole(cast), whole(cast, Month(2026, 4), MUCH_LATER)
    may = whole(cast, Month(2026, 5), MUCH_LATER)
    assert (march.received, march.answered_in_time, march.open) == (1, 0, 1)
    assert (april.received, april.answered_in_time, april.open) == (0, 1, 0)
    assert (may.answered_in_time, may.answered_late) == (0, 0)


def test_what_is_put_off_after_the_month_was_overdue_in_it(cast: Cast) -> None:
    matter = put_in(cast, on(20))
    complaints.extend(matter=matter, reason="要查档案。", by=cast.handler, now=on(1, month=4))
    assert whole(cast, now=MUCH_LATER).overdue == 1


def test_what_is_put_off_in_the_month_is_not_overdue_in_it(cast: Cast) -> None:
    matter = put_in(cast, on(20))
    complaints.extend(matter=matter, reason="要查档案。", by=cast.handler, now=on(24))
    assert whole(cast).overdue == 0


# --- made once, and for good ---


def test_a_month_that_is_not_over_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="2026-03 is not over"):
        summarise(cast, now=on(31, 23, 59))
    assert summarise(cast, now=on(1, 0, 0, month=4)).version == 1


def test_it_is_over_when_it_is_over_at_the_branch(cast: Cast) -> None:
    cast.branch.timezone = "America/Los_Angeles"
    cast.branch.save()
    branch = Branch.objects.get(pk=cast.branch.pk)
    with pytest.raises(Refused):
        actions.summarise(branch=branch, month=MARCH, now=on(1, 12, month=4))
    assert actions.summarise(branch=branch, month=MARCH, now=on(1, 15, month=4))


def test_made_twice_it_is_one(cast: Cast) -> None:
    visit(cast, on(2))
    first = summarise(cast)
    before = figures(first)
    visit(cast, on(3))  # written in later: a summary does not follow
    assert summarise(cast, now=MUCH_LATER) == first
    assert figures(first) == before and Summary.objects.count() == 1


def test_a_visit_counts_for_the_department_that_had_it_in_every_column(cast: Cast) -> None:
    """On 2 April the service moves: March says the same of visits, ratings and matters."""
    pensions = Department.objects.get(branch=cast.branch)
    cast.pension.department = pensions
    cast.pension.save()
    first, second = visit(cast, on(30)), visit(cast, on(30, 11))
    rate(first, on(30, 12), Grade.DISSATISFIED)
    before = [(row.name, row.issued, row.rated) for row in rows(summarise(cast), "department")]
    other = Department.objects.create(branch=cast.branch, name_zh_hans="医保科", name_en="Health")
    cast.pension.department = other
    cast.pension.save()
    cast.branch = Branch.objects.get(pk=cast.branch.pk)
    again = summaries.rows(cast.branch, MARCH)
    assert summaries.same_figures(summarise(cast).rows.order_by("order"), again)
    assert before == [("Pension section", 2, 1)]
    # What is said of the visit later is of that department, too.
    rate(second, on(31, 12), Grade.DISSATISFIED)
    put_in(cast, on(2, month=4), ticket=second)
    told = [*Rating.objects.all(), *Matter.objects.all()]
    assert len(told) == 5 and {each.department for each in told} == {pensions}
    assert cast.ticket().department == other


def test_one_who_was_passed_on_is_of_the_department_of_the_last_line(cast: Cast) -> None:
    pensions = Department.objects.get(branch=cast.branch)
    cast.medical.department = pensions
    cast.medical.save()
    ticket = cast.ticket(now=on(3))
    queue.call(ticket=ticket, sitting=cast.sit(), by=cast.clerk, now=on(3, 10))
    queue.start(ticket=ticket, by=cast.clerk, now=on(3, 10))
    assert ticket.department is None
    passed = queue.transfer(ticket=ticket, offering=cast.medical, by=cast.clerk, now=on(3, 11))
    passed.refresh_from_db()
    assert passed.department == pensions


def test_made_later_it_is_the_same(cast: Cast) -> None:
    """What comes after the month, or is renamed, is not in its figures."""
    cast.pension.department = Department.objects.get(branch=cast.branch)
    cast.pension.save()
    ticket, matter = visit(cast, on(30)), put_in(cast, on(3))
    visit(cast, on(30, 11))
    queue.cancel(ticket=cast.ticket(cast.medical, now=on(30, 12)), now=on(30, 13))
    summary = summarise(cast)
    Category.objects.filter(services=cast.pension.service_id).update(order=9)
    rate(ticket, on(1, 10, month=4), Grade.DISSATISFIED)
    complaints.reply(
        matter=matter, text="好。", by=cast.handler, and_close=True, now=on(2, month=4)
    )
    complaints.reopen(matter=matter, reason="又问。", by=cast.handler, now=on(3, month=4))
    Department.objects.update(name_zh_hans="新名字")
    Department.objects.create(branch=cast.branch, name_zh_hans="新科室", order=0)
    cast.clerk.name_en = "Somebody Else"
    cast.clerk.save()
    assert summaries.same_figures(
        summary.rows.order_by("order"), summaries.rows(cast.branch, MARCH)
    )
    again = actions.summarise(
        branch=cast.branch, month=MARCH, now=MUCH_LATER, correct=True, reason="看看"
    )
    assert again == summary, "nothing to correct"
    names = {row.name_zh_hans for row in summary.rows.all()} | {
        row.name_en for row in summary.rows.all()
    }
    assert "养老科" in names and not names & {"新名字", "Somebody Else"}


def test_the_screens_hear_of_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Change] = []
    monkeypatch.setattr(publisher, "send", heard.append)
    for _again in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            summary = summarise(cast)
    assert heard == [change_of(cast.branch.pk, Event.SUMMARY_MADE, summary=summary.pk)]


def test_a_correction_is_a_version_beside_it(cast: Cast) -> None:
    visit(cast, on(2))
    first = summarise(cast)
    before = figures(first)
    visit(cast, on(3))
    with pytest.raises(Refused):
        actions.summarise(branch=cast.branch, month=MARCH, now=LATER, correct=True)
    second = actions.summarise(
        branch=cast.branch,
        month=MARCH,
        now=LATER,
        by=cast.supervisor,
        correct=True,
        reason="3日补录",
    )
    assert (second.version, second.reason, second.made_by) == (2, "3日补录", cast.supervisor)
    assert rows(second, Row.Scope.BRANCH)[0].issued == 2
    assert figures(first) == before
    assert summarise(cast) == second, "the newest version is the summary"


def test_nobody_is_left_open_in_a_month_that_is_summed_up(cast: Cast) -> None:
    cast.ticket(now=on(2))
    cast.ticket(now=on(1, month=4))
    summarise(cast)
    states = list(Ticket.objects.order_by("day").values_list("state", flat=True))
    assert states == ["abandoned", "waiting"]


# --- by itself ---


def at_clock(monkeypatch: pytest.MonkeyPatch, moment: dt.datetime) -> None:
    """It is this late."""
    monkeypatch.setattr("ratings.tasks.timezone.now", lambda: moment)


def test_the_worker_makes_what_is_missing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    visit(cast, on(30, month=1))
    cast.ticket(cast.other_pension, now=on(3))
    at_clock(monkeypatch, LATER)
    assert tasks.summarise_months() == 4
    made = [str(each) for each in Summary.objects.order_by("branch", "first_day")]
    assert made == [
        "Nanshan Service Hall 2026-01",
        "Nanshan Service Hall 2026-02",
        "Nanshan Service Hall 2026-03",
        "Shekou Station 2026-03",
    ]
    assert tasks.summarise_months() == 0


def test_the_worker_waits_for_the_last_undoing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    visit(cast, on(30))
    for minute, made in ((1, 0), (3, 1)):
        at_clock(monkeypatch, on(1, 0, minute, month=4))
        assert tasks.summarise_months() == made


def test_one_branch_does_not_keep_the_others_waiting(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(cast, on(30))
    cast.ticket(cast.other_pension, now=on(3))
    real = summaries.rows

    def broken(branch: Branch, month: Month) -> list[Row]:
        if branch == cast.branch:
            raise ValueError("a fault")
        return real(branch, month)

    monkeypatch.setattr(summaries, "rows", broken)
    at_clock(monkeypatch, LATER)
    assert tasks.summarise_months() == 1
    assert Summary.objects.get().branch == cast.other


def run(*arguments: str) -> str:
    """What the command says."""
    said = io.StringIO()
    call_command("summarise", *arguments, stdout=said)
    return said.getvalue()


def test_the_command_says_what_was_made_and_what_was_there(cast: Cast) -> None:
    visit(cast, on(2))
    assert run("2026-03") == (
        "nanshan 2026-03: made (version 1).\nshekou 2026-03: made (version 1).\n"
    )
    assert run("2026-03", "--branch", "nanshan") == "nanshan 2026-03: was there (version 1).\n"
    visit(cast, on(3))
    said = run("2026-03", "--branch=nanshan", "--correct", "--reason=put right")
    assert said == "nanshan 2026-03: made (version 2).\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["2026-13"],
        ["March"],
        ["2999-01"],
        ["2026-03", "--branch=nowhere"],
        ["2026-03", "--correct"],
    ],
)
def test_the_command_refuses_in_one_line(cast: Cast, arguments: list[str]) -> None:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert "\n" not in str(caught.value)
    assert not Summary.objects.exists()
