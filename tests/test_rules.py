"""Rules that a hall may set: as of when, for what, and what happens to those that are wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from structlog.testing import capture_logs

from complaints import actions as complaints
from complaints.owed import ANSWER_DAYS, EXTENSION_DAYS
from hall import rules
from hall.actions.rule import set_rule
from hall.models import Branch, RuleRow, fetch_rules
from hall.rules import BEGINNING
from queueing import actions, dispatch
from queueing.dispatch import HEAD_STARTS, RETURN_AFTER
from queueing.figures.counter_plan import WAIT_LIMIT
from queueing.models import Lane, Ticket
from queueing.opening import OUTSIDE_HOURS
from ratings.rateable import RATING_DAYS, may_rate
from tests.cast import Cast, rule

NOON = dt.datetime(2026, 3, 6, 4, tzinfo=dt.UTC)  # a Friday in Nanshan
MINUTE = dt.timedelta(minutes=1)
A_DAY = dt.timedelta(days=1)


def stored(branch: Branch, name: str, value: Any, **more: Any) -> None:
    """A row as somebody else's program may leave it."""
    RuleRow.objects.bulk_create(
        [RuleRow(**{"branch": branch, "name": name, "value": value, "valid_from": NOON} | more)]
    )
    branch.forget_rules()


# --- which value rules ---


def test_what_nobody_set_is_the_default(cast: Cast) -> None:
    assert RETURN_AFTER.at(cast.branch, NOON) == 3
    assert OUTSIDE_HOURS.at(cast.branch, NOON) is True, "the hall of the tests set it"


def test_the_newest_value_of_the_moment_rules(cast: Cast) -> None:
    set_rule(branch=cast.branch, rule=RETURN_AFTER, value=5, now=NOON + A_DAY)
    set_rule(branch=cast.branch, rule=RETURN_AFTER, value=4, now=NOON)
    asked = [NOON - MINUTE, NOON, NOON + A_DAY - MINUTE, NOON + A_DAY]
    assert [RETURN_AFTER.at(cast.branch, moment) for moment in asked] == [3, 4, 4, 5]
    assert RETURN_AFTER.at(cast.other, NOON + A_DAY) == 3, "each branch has its own"
    set_rule(branch=cast.branch, rule=RETURN_AFTER, value=None, now=NOON + 2 * A_DAY)
    assert RETURN_AFTER.at(cast.branch, NOON + 2 * A_DAY) == 3, "as if it never was set"
    assert RETURN_AFTER.at(cast.branch, NOON + A_DAY) == 5, "what it was is kept"


def test_a_services_own_value_goes_before_the_branchs(cast: Cast) -> None:
    pension, medical = cast.pension.service, cast.medical.service
    set_rule(branch=cast.branch, rule=WAIT_LIMIT, value=20, now=NOON)
    set_rule(branch=cast.branch, rule=WAIT_LIMIT, value=10, service=pension, now=NOON)
    assert WAIT_LIMIT.at(cast.branch, NOON) == 20
    assert WAIT_LIMIT.at(cast.branch, NOON, pension.pk) == 10
    assert WAIT_LIMIT.at(cast.branch, NOON, medical.pk) == 20
    later = NOON + A_DAY
    set_rule(branch=cast.branch, rule=WAIT_LIMIT, value=None, service=pension, now=later)
    assert WAIT_LIMIT.at(cast.branch, later, pension.pk) == 20


def test_the_rules_of_a_branch_take_one_query_and_those_of_many_too(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fresh = Branch.objects.get(pk=cast.branch.pk)
    with django_assert_num_queries(1):
        for each in (RETURN_AFTER, OUTSIDE_HOURS, WAIT_LIMIT, RETURN_AFTER):
            each.at(fresh, NOON)
    many = list(Branch.objects.all())
    with django_assert_num_queries(1):
        fetch_rules(many)
        assert [RETURN_AFTER.at(branch, NOON) for branch in many] == [3, 3]


def test_an_ordinary_ticket_asks_for_no_head_start(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fresh = Branch.objects.get(pk=cast.branch.pk)
    with django_assert_num_queries(0):
        assert not dispatch.head_start(fresh, Lane.ORDINARY, NOON)


# --- a rule that is changed at noon ---


def test_a_ticket_keeps_the_head_start_of_its_issue(cast: Cast) -> None:
    before = cast.ticket(lane=Lane.ASSISTED, now=NOON - MINUTE)
    set_rule(branch=cast.branch, rule=HEAD_STARTS[Lane.ASSISTED], value=0, now=NOON)
    after = cast.ticket(lane=Lane.ASSISTED, now=NOON)
    assert before.issued_at - before.rank_at == 15 * MINUTE
    assert after.issued_at == after.rank_at
    assert [each.pk for each in dispatch.line(cast.branch, before.day)] == [before.pk, after.pk]


def test_a_matter_keeps_the_days_of_its_receipt_and_is_put_off_by_those_of_then(
    cast: Cast,
) -> None:
    matter = complaints.receive(branch=cast.branch, kind="help", text="?", now=NOON)
    later = NOON + MINUTE
    set_rule(branch=cast.branch, rule=ANSWER_DAYS, value=1, now=later)
    set_rule(branch=cast.branch, rule=EXTENSION_DAYS, value=2, now=later)
    assert Ticket.objects.count() == 0 and matter.due_on == dt.date(2026, 3, 13)
    matter = complaints.extend(matter=matter, reason="Away.", by=cast.handler, now=later)
    assert matter.due_on == dt.date(2026, 3, 17)
    next_one = complaints.receive(branch=cast.branch, kind="help", text="?", now=later)
    assert next_one.due_on == dt.date(2026, 3, 9)


def test_a_visit_may_be_rated_for_as_long_as_was_said_when_it_ended(cast: Cast) -> None:
    seat = actions.sit_down(counter=cast.counters[3], by=cast.clerk, now=NOON - 9 * MINUTE)
    cast.ticket(now=NOON - 9 * MINUTE)
    called = actions.call_next(sitting=seat, by=cast.clerk, now=NOON - 8 * MINUTE)
    assert called is not None
    begun = actions.start(ticket=called, by=cast.clerk, now=NOON - 7 * MINUTE)
    visit = actions.finish(ticket=begun, by=cast.clerk, now=NOON - MINUTE)
    set_rule(branch=cast.branch, rule=RATING_DAYS, value=0, now=NOON)
    visit.branch.forget_rules()
    assert may_rate(visit, NOON + 7 * A_DAY), "the fifth working day"
    assert not may_rate(visit, NOON + 8 * A_DAY)


def test_how_many_go_first_is_decided_when_somebody_comes_back(cast: Cast) -> None:
    seat = cast.sit()
    missed, *others = [cast.ticket() for _ in range(5)]
    actions.call_next(sitting=seat, by=cast.clerk)
    set_rule(branch=cast.branch, rule=RETURN_AFTER, value=1)
    actions.return_to_line(ticket=missed, by=cast.clerk)
    order = [each.pk for each in dispatch.line(cast.branch, missed.day)]
    assert order == [each.pk for each in (others[0], missed, *others[1:])]


# --- what cannot be ---


@pytest.mark.parametrize("value", [-1, 51, "3", 3.0, True, [3], {}])
def test_a_value_that_does_not_fit_is_not_stored(cast: Cast, value: Any) -> None:
    with pytest.raises(ValidationError):
        set_rule(branch=cast.branch, rule=RETURN_AFTER, value=value)
    with pytest.raises(ValidationError):
        RuleRow(
            branch=cast.branch, name=RETURN_AFTER.name, value=value, valid_from=NOON
        ).full_clean()
    assert RETURN_AFTER.at(cast.branch, timezone.now()) == 3


@pytest.mark.parametrize("value", [0, 1, "true", ""])
def test_what_only_counts_as_yes_or_no_is_neither(cast: Cast, value: Any) -> None:
    with pytest.raises(ValidationError):
        set_rule(branch=cast.branch, rule=OUTSIDE_HOURS, value=value)


def test_a_name_that_nobody_declares_and_a_service_where_there_is_one_rule_for_all(
    cast: Cast,
) -> None:
    with pytest.raises(ValidationError, match="no such rule"):
        RuleRow.objects.create(branch=cast.branch, name="queueing.x", value=1, valid_from=NOON)
    with pytest.raises(ValidationError, match="same for all services"):
        set_rule(branch=cast.branch, rule=RETURN_AFTER, value=1, service=cast.pension.service)


def test_one_moment_has_one_value(cast: Cast) -> None:
    for service in (None, cast.pension.service):
        stored(cast.branch, WAIT_LIMIT.name, 1, service=service)
        with pytest.raises(IntegrityError), transaction.atomic():
            stored(cast.branch, WAIT_LIMIT.name, 2, service=service)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="Two rules"):
        rules.number(RETURN_AFTER.name, default=1, most=2, label="again")
    with pytest.raises(ValueError, match="from 0 to 2"):
        rules.number("tests.x", default=3, most=2, label="a default out of bounds")
    assert "tests.x" not in rules.declared()


# --- what is wrong all the same ---


@pytest.mark.parametrize("value", [True, "three", 5000, {"a": [1]}])
def test_a_value_that_cannot_be_read_counts_as_the_default_and_is_said_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    monkeypatch.setattr(rules, "_told", set())
    stored(cast.branch, RETURN_AFTER.name, value)
    with capture_logs() as said:
        assert [RETURN_AFTER.at(cast.branch, NOON) for _ in range(3)] == [3, 3, 3]
    assert [(each["event"], each["rule"]) for each in said] == [
        ("rule_unreadable", RETURN_AFTER.name)
    ]


def test_a_bad_row_takes_no_screen_down(cast: Cast, client: Client) -> None:
    for name in rules.declared():
        RuleRow.objects.filter(branch=cast.branch, name=name).delete()
        stored(cast.branch, name, {"bad": "row"})
    ticket = cast.ticket(now=NOON)
    for page in ("/kiosk/nanshan/", "/board/nanshan/", "/pad/nanshan/3/", f"/t/{ticket.token}/"):
        assert client.get(page).status_code == 200, page
    client.force_login(cast.supervisor)
    assert client.get("/supervisor/nanshan/").status_code == 200
    client.force_login(cast.handler)
    assert client.get("/matters/").status_code == 200


def checked() -> list[tuple[str | None, str]]:
    """What ``check --database default`` says of the rules."""
    found = run_checks(databases=["default"])
    return [(each.id, each.msg) for each in found if (each.id or "").startswith("hall.W00")]


def test_check_names_what_is_wrong_and_nothing_else(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_rule(branch=cast.branch, rule=RETURN_AFTER, value=4)
    set_rule(branch=cast.branch, rule=RETURN_AFTER, value=None, now=NOON)
    assert checked() == []
    stored(cast.branch, "queueing.return_afer", 4)
    stored(cast.branch, "queueing.old", 4)
    stored(cast.other, WAIT_LIMIT.name, "long")
    monkeypatch.setattr(rules, "RETIRED", frozenset({"queueing.old"}))
    assert checked() == [
        (
            "hall.W002",
            "shekou: queueing.alarm_wait_minutes = long (A whole number from 0 to 9999.)",
        ),
        (
            "hall.W001",
            "nanshan: queueing.return_afer = 4 (There is no such rule: queueing.return_afer)",
        ),
    ]


def test_check_is_silent_before_the_first_migration(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RuleRow._meta, "db_table", "not_yet")
    assert checked() == []


def test_every_rule_says_what_it_is(db: None) -> None:
    found = rules.declared()
    assert len(found) >= 15
    for name, each in found.items():
        assert name.split(".")[0] in ("staff", "queueing", "complaints", "ratings"), name
        assert str(each.label) and each.say(each.default)
        assert each.read(each.default) == each.default


def test_the_cast_sets_rules_that_always_were(cast: Cast) -> None:
    rule(cast.branch, RETURN_AFTER, 7)
    assert RETURN_AFTER.at(cast.branch, BEGINNING) == 7
