"""The duty roster: a month is planned, copied, read; never by the wrong people."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hall import calendar
from hall.calendar import Month
from hall.models import OpeningHours, SpecialDay
from hall.refusal import Refused
from staff import actions, duty
from staff.models import Duty, Member
from staff.screens import roster as roster_screen
from tests.cast import Cast, member

pytestmark = pytest.mark.servers  # pages: once, on what a hall has

URL = "/supervisor/nanshan/roster/"
ROW = re.compile(r"<tr.*?</tr>", re.DOTALL)


@pytest.fixture
def month(cast: Cast) -> Month:
    """The month after the present one: all of its days can be planned."""
    return Month.of(calendar.local_day(cast.branch, timezone.now())).next


@pytest.fixture
def planner(cast: Cast, client: Client) -> Client:
    """The supervisor's browser, in English."""
    client.cookies["django_language"] = "en"
    client.force_login(cast.supervisor)
    return client


@pytest.fixture
def monday(month: Month) -> dt.date:
    """The second Monday of the month."""
    return [day for day in month.days if day.weekday() == 0][1]


def text_of(client: Client, month: Month) -> str:
    response = client.get(f"{URL}?month={month}")
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, month: Month, **data: object) -> str:
    """Send the form; the page that follows."""
    fields = {name.replace("_", "-"): value for name, value in data.items()}
    response: Any = client.post(f"{URL}?month={month}", fields, follow=True)
    return str(response.content.decode())


def field(kind: str, day: dt.date) -> str:
    return f"{kind}_{day.isoformat().replace('-', '_')}"


def plan(
    day: dt.date, leader: Member | None = None, guides: list[Member] | None = None, was: str = ""
) -> dict[str, object]:
    """The fields of one day."""
    return {
        field("was", day): was,
        field("leader", day): str(leader.pk) if leader else "",
        field("guide", day): [*(str(each.pk) for each in guides or []), ""],
    }


def on_duty(cast: Cast, day: dt.date) -> tuple[Member | None, list[Member]]:
    return duty.leader(cast.branch, day), duty.guides(cast.branch, day)


# --- planning ---


def test_a_day_is_planned(cast: Cast, planner: Client, month: Month, monday: dt.date) -> None:
    page = post(planner, month, **plan(monday, cast.supervisor, [cast.guide, cast.clerk]))
    assert "1 day was saved." in page
    assert on_duty(cast, monday) == (cast.supervisor, [cast.clerk, cast.guide])
    assert Duty.objects.get(role="leader").changed_by == cast.supervisor


def test_a_new_leader_takes_the_place_and_a_guide_is_taken_off(
    cast: Cast, planner: Client, month: Month, monday: dt.date
) -> None:
    post(planner, month, **plan(monday, cast.supervisor, [cast.guide]))
    was = f"guide-{cast.guide.pk} leader-{cast.supervisor.pk}"
    leader = member("N1500", "值班", None, "duty-leader")
    page = post(planner, month, **plan(monday, leader, [], was))
    assert "1 day was saved." in page
    assert on_duty(cast, monday) == (leader, [])


def test_saving_without_a_change_changes_nothing(
    cast: Cast, planner: Client, month: Month, monday: dt.date
) -> None:
    post(planner, month, **plan(monday, cast.supervisor))
    before = list(Duty.objects.values())
    page = post(planner, month, **plan(monday, cast.supervisor, was=f"leader-{cast.supervisor.pk}"))
    assert "Nothing was changed." in page
    assert list(Duty.objects.values()) == before


def test_two_planners_do_not_overwrite_each_other(
    cast: Cast, planner: Client, month: Month, monday: dt.date
) -> None:
    tuesday = monday + dt.timedelta(days=1)
    actions.put_on_duty(
        branch=cast.branch, day=monday, role="guide", member=cast.guide, by=cast.administrator
    )
    both = plan(monday, cast.supervisor) | plan(tuesday, cast.supervisor)
    page = post(planner, month, **both)
    assert "Somebody else has changed this day meanwhile." in page
    assert 'aria-invalid="true"' in page
    chosen = f'<option value="{cast.supervisor.pk}" selected>'
    assert page.count(chosen) == 2, "what was chosen is kept"
    assert on_duty(cast, monday) == (None, [cast.guide])
    assert on_duty(cast, tuesday) == (cast.supervisor, []), "the other day was saved"


def test_a_stranger_cannot_be_put_on_duty(
    cast: Cast, planner: Client, month: Month, monday: dt.date
) -> None:
    post(planner, month, **plan(monday, cast.stranger, [cast.stranger]))
    assert not Duty.objects.exists()
    with pytest.raises(Refused):
        actions.plan_day(
            branch=cast.branch,
            day=monday,
            leader=cast.stranger,
            guides=[],
            before="",
            by=cast.supervisor,
        )
    assert not Duty.objects.exists()


def test_hostile_fields_change_nothing(
    cast: Cast, planner: Client, month: Month, monday: dt.date
) -> None:
    hostile = {
        field("was", monday): "",
        field("leader", monday): "1; DROP TABLE",
        field("guide", monday): ["\x00", "９", "-1", "9" * 40],
        "was-yesterday": "x",
        "copy": "not-a-day",
    }
    response = planner.post(
        f"{URL}?month={month}", {k.replace("_", "-"): v for k, v in hostile.items()}
    )
    assert response.status_code == 302
    assert not Duty.objects.exists()


# --- the week before ---


def test_the_week_before_fills_the_empty_days(
    cast: Cast, planner: Client, month: Month, monday: dt.date
) -> None:
    next_monday = monday + dt.timedelta(days=7)
    kept = plan(next_monday + dt.timedelta(days=1), None, [cast.clerk])
    for day in range(2):
        kept |= plan(monday + dt.timedelta(days=day), cast.supervisor, [cast.guide])
    page = post(planner, month, **kept, copy=next_monday.isoformat())
    assert "3 days were saved." in page
    assert "1 day was taken over from the week before." in page
    assert on_duty(cast, next_monday) == (cast.supervisor, [cast.guide])
    assert on_duty(cast, next_monday + dt.timedelta(days=1)) == (None, [cast.clerk])
    again = post(planner, month, copy=next_monday.isoformat())
    assert "There was no empty day to fill" in again


# --- the table ---


def row_of(page: str, day: dt.date) -> str:
    name = f"{day:%B} {day.day}<"
    rows: list[str] = ROW.findall(page)
    return next(row for row in rows if name in row)


def test_working_days_have_fields_and_holidays_are_marked(
    cast: Cast, planner: Client, month: Month, monday: dt.date
) -> None:
    SpecialDay.objects.create(date=monday, is_working=False, reason="国庆节")
    saturday = monday + dt.timedelta(days=5)
    SpecialDay.objects.create(branch=cast.branch, date=saturday, is_working=True, reason="调休")
    page = text_of(planner, month)
    assert "国庆节" in row_of(page, monday) and "<select" not in row_of(page, monday)
    assert "调休" in row_of(page, saturday) and "<select" in row_of(page, saturday)
    assert f'name="leader-{monday + dt.timedelta(days=1)}"' in page
    assert f'name="leader-{monday + dt.timedelta(days=6)}"' not in page, "a plain Sunday"


def test_days_that_are_over_stay_as_they_were(cast: Cast, planner: Client) -> None:
    for day in range(7):
        OpeningHours.objects.get_or_create(
            branch=cast.branch, weekday=day, opens=dt.time(9), closes=dt.time(18)
        )
    today = calendar.local_day(cast.branch, timezone.now())
    yesterday = today - dt.timedelta(days=1)
    month = Month.of(yesterday)
    post(planner, month, **plan(yesterday, cast.supervisor))
    assert not Duty.objects.exists()
    assert f'name="leader-{yesterday}"' not in text_of(planner, month)
    assert "<select" in row_of(text_of(planner, Month.of(today)), today)


def test_who_left_the_staff_keeps_the_place_until_somebody_else_is_chosen(
    cast: Cast, planner: Client, month: Month, monday: dt.date
) -> None:
    post(planner, month, **plan(monday, cast.supervisor, [cast.guide]))
    Member.objects.filter(pk=cast.guide.pk).update(is_active=False)
    row = row_of(text_of(planner, month), monday)
    assert f'<option value="{cast.guide.pk}" selected>' in row


@pytest.mark.parametrize("typed", ["", "2026-13", "0000-01", "9999-12", "x" * 300, "２０２６-01"])
def test_a_month_that_is_none_shows_this_one(cast: Cast, planner: Client, typed: str) -> None:
    response = planner.get(URL, {"month": typed})
    assert response.status_code == 200
    today = calendar.local_day(cast.branch, timezone.now())
    assert f"Duty roster, {today:%B %Y}" in response.content.decode()


def test_days_without_a_leader_are_counted(cast: Cast, month: Month, monday: dt.date) -> None:
    found = roster_screen.of_month(cast.branch, month, timezone.now())
    before = found.without_leader
    assert before == len([day for day in month.days if day.weekday() < 5])
    actions.put_on_duty(
        branch=cast.branch, day=monday, role="leader", member=cast.supervisor, by=None
    )
    assert roster_screen.of_month(cast.branch, month, timezone.now()).without_leader == before - 1


# --- who may ---


def test_who_only_watches_reads_but_does_not_plan(
    cast: Cast, client: Client, month: Month, monday: dt.date
) -> None:
    client.force_login(member("N1400", "丁", cast.branch, "inspector"))
    page = text_of(client, month)
    assert "<select" not in page and 'type="submit" name="copy"' not in page
    fields = {name.replace("_", "-"): v for name, v in plan(monday, cast.supervisor).items()}
    assert client.post(f"{URL}?month={month}", fields).status_code == 403
    assert not Duty.objects.exists()


def test_another_branch_and_other_roles(cast: Cast, planner: Client, month: Month) -> None:
    assert planner.get("/supervisor/shekou/roster/").status_code == 404
    assert planner.post("/supervisor/shekou/roster/", {}).status_code == 404
    assert planner.put(URL).status_code == 405
    planner.force_login(cast.clerk)
    assert planner.get(URL).status_code == 403
    assert planner.post(URL, {}).status_code == 403


def test_a_planner_of_another_branch_changes_nothing(cast: Cast, monday: dt.date) -> None:
    other = member("S2100", "戊", cast.other, "supervisor")
    with pytest.raises(Refused):
        actions.plan_day(
            branch=cast.branch, day=monday, leader=None, guides=[cast.guide], before="", by=other
        )
    assert not Duty.objects.exists()
