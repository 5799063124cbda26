"""Setting a branch's rules in the administration."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from hall import rules
from hall.forms import field_name
from hall.models import Branch, LedgerRow, RuleRow
from queueing.dispatch import REQUEUE_LIMIT, RETURN_AFTER
from queueing.figures.counter_plan import WAIT_LIMIT
from queueing.opening import OUTSIDE_HOURS
from tests.cast import Cast, rule

A_DAY = dt.timedelta(days=1)
INPUT = re.compile(r'<input type="(?:number|hidden)" name="([^"]+)"(?: value="([^"]*)")?')
SELECT = re.compile(r'<select name="([^"]+)".*?</select>', re.DOTALL)


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The administrator's browser."""
    client.force_login(cast.administrator)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def url(branch: Branch) -> str:
    return f"/admin/hall/branch/{branch.pk}/rules/"


def shown(desk: Client, cast: Cast) -> dict[str, str]:
    """What the fields of the page hold."""
    html = desk.get(url(cast.branch)).content.decode()
    found = {name: value for name, value in INPUT.findall(html) if "csrf" not in name}
    for select in SELECT.finditer(html):
        chosen = re.search(r'value="([^"]*)" selected', select[0])
        found[select[1]] = chosen[1] if chosen else ""
    return found


def rows(cast: Cast) -> list[tuple[str, object]]:
    """What was set since the scene began."""
    found = RuleRow.objects.filter(branch=cast.branch, valid_from__gt=timezone.now() - A_DAY)
    return list(found.values_list("name", "value"))


def says(which: rules.Rule[int], cast: Cast, service: int | None = None) -> int:
    """What a rule says at this moment."""
    return which.at(Branch.objects.get(pk=cast.branch.pk), timezone.now(), service)


def test_every_rule_stands_on_the_page_with_unit_default_and_value(
    cast: Cast, desk: Client
) -> None:
    rule(cast.branch, RETURN_AFTER, 7)
    fields = shown(desk, cast)
    assert set(rules.declared()) <= set(fields)
    assert fields[RETURN_AFTER.name] == "7" and fields[REQUEUE_LIMIT.name] == ""
    assert fields[OUTSIDE_HOURS.name] == "True"
    html = desk.get(url(cast.branch)).content.decode()
    assert "now 7, default 3" in html and "minutes" in html and "Complaints" in html
    branch = desk.get(url(cast.branch).replace("rules", "change")).content.decode()
    assert f'href="{url(cast.branch)}"' in branch


def test_what_is_saved_holds_from_now_on_and_the_rest_is_left_alone(
    cast: Cast, desk: Client
) -> None:
    rule(cast.branch, RETURN_AFTER, 7)
    fields = shown(desk, cast)
    fields |= {RETURN_AFTER.name: "", REQUEUE_LIMIT.name: "0", OUTSIDE_HOURS.name: "False"}
    assert desk.post(url(cast.branch), fields).status_code == 303
    assert rows(cast) == [
        (OUTSIDE_HOURS.name, False),
        (REQUEUE_LIMIT.name, 0),
        (RETURN_AFTER.name, None),
    ]
    assert (says(RETURN_AFTER, cast), says(REQUEUE_LIMIT, cast)) == (3, 0)
    before = timezone.now() - A_DAY
    assert RETURN_AFTER.at(Branch.objects.get(pk=cast.branch.pk), before) == 7, "what was is kept"
    log = LogEntry.objects.get()
    assert log.user == cast.administrator and "missed visitor" in log.get_change_message()
    told = LedgerRow.objects.filter(what="rule.set", actor_number=cast.administrator.staff_number)
    assert sorted(row.facts["rule"] for row in told) == [name for name, _value in rows(cast)]
    assert desk.post(url(cast.branch), shown(desk, cast)).status_code == 303
    assert len(rows(cast)) == 3, "nothing was changed, nothing is stored"


def test_a_service_has_its_own(cast: Cast, desk: Client) -> None:
    name = field_name(WAIT_LIMIT, cast.pension.service)
    assert desk.post(url(cast.branch), shown(desk, cast) | {name: "15"}).status_code == 303
    assert says(WAIT_LIMIT, cast, cast.pension.service_id) == 15
    assert says(WAIT_LIMIT, cast) == says(WAIT_LIMIT, cast, cast.medical.service_id) == 40
    assert field_name(RETURN_AFTER, cast.pension.service) not in shown(desk, cast)


def test_two_who_have_it_open_at_once_do_not_undo_each_other(cast: Cast, desk: Client) -> None:
    mine, theirs = shown(desk, cast), shown(desk, cast)
    desk.post(url(cast.branch), theirs | {RETURN_AFTER.name: "9"})
    desk.post(url(cast.branch), mine | {REQUEUE_LIMIT.name: "1"})
    assert (says(RETURN_AFTER, cast), says(REQUEUE_LIMIT, cast)) == (9, 1)


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "less than or equal to 50"), ("zh-hans", "小于或等于50")]
)
def test_what_does_not_fit_is_said_in_the_persons_language(
    cast: Cast, desk: Client, language: str, sentence: str
) -> None:
    desk.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    wrong = shown(desk, cast) | {RETURN_AFTER.name: "51", REQUEUE_LIMIT.name: "1"}
    response = desk.post(url(cast.branch), wrong)
    assert response.status_code == 200 and sentence in response.content.decode()
    assert rows(cast) == [], "all or nothing"


def test_a_value_that_cannot_be_read_can_be_put_right(cast: Cast, desk: Client) -> None:
    RuleRow.objects.bulk_create(
        [RuleRow(branch=cast.branch, name=name, value={"a": 1}, valid_from=rules.BEGINNING)
         for name in (RETURN_AFTER.name, REQUEUE_LIMIT.name)]
    )  # fmt: skip
    assert "now 3, default 3" in desk.get(url(cast.branch)).content.decode()
    fields = shown(desk, cast) | {RETURN_AFTER.name: "4", REQUEUE_LIMIT.name: ""}
    assert desk.post(url(cast.branch), fields).status_code == 303
    assert rows(cast) == [(REQUEUE_LIMIT.name, None), (RETURN_AFTER.name, 4)]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("role", "status"),
    [("clerk", 302), ("supervisor", 403), ("handler", 302), ("administrator", 200)],
)
def test_who_may_set_rules(cast: Cast, client: Client, role: str, status: int, method: str) -> None:
    client.force_login(getattr(cast, role))
    wrong = {RETURN_AFTER.name: "99"}
    assert getattr(client, method)(url(cast.branch), wrong).status_code == status
    assert rows(cast) == []


def test_a_branch_that_is_none(cast: Cast, desk: Client) -> None:
    assert desk.get("/admin/hall/branch/0/rules/").status_code == 404
    assert desk.get("/admin/hall/branch/x/rules/").status_code == 404
