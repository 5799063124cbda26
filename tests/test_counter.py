"""The counter screen: who may open it, what it shows, what it costs, how it keeps up."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hall.models import Notice
from queueing import actions
from queueing.models import Lane, Sitting, State, Ticket
from queueing.screens import counter as counter_screen
from staff.models import Member
from tests.cast import Cast, dismiss

HTMX = {"HX-Request": "true"}
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The clerk's browser, in English; the clerk sits nowhere yet."""
    return signed_in(client, cast.clerk)


def signed_in(client: Client, member: Member) -> Client:
    client.force_login(member, backend="staff.backends.ByGrants")
    client.cookies["django_language"] = "en"
    return client


def told(html: str) -> dict[str, str]:
    """What the desk's root tells a script."""
    root = re.search(r'<section class="now" id="now".*?>\n', html, re.DOTALL)
    assert root, html
    return dict(re.findall(r'data-([\w-]+)="([^"]*)"', root[0]))


def seen(client: Client) -> str:
    """The version of the desk that the page shows."""
    match = re.search(r"name=\"seen\" value=\"([^\"]+)\"", client.get("/counter/").text)
    assert match
    return match[1]


def queries(client: Client, path: str, method: str = "post", **data: str) -> int:
    """How many statements an answer takes; the bounds of transactions are not counted."""
    bounds = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    with CaptureQueriesContext(connection) as captured:
        response = getattr(client, method)(path, data, headers=HTMX)
    assert response.status_code == 200
    return len([each for each in captured if not each["sql"].startswith(bounds)])


# --- who may open it ---


def test_a_stranger_is_asked_to_sign_in_and_comes_back(cast: Cast, client: Client) -> None:
    response = client.get("/counter/?branch=nanshan")
    assert response.headers["Location"] == "/sign-in/?next=/counter/%3Fbranch%3Dnanshan"


def test_a_part_of_the_page_leads_the_whole_page_to_the_sign_in(cast: Cast, client: Client) -> None:
    response = client.post("/counter/next/", headers=HTMX)
    assert response.headers["HX-Redirect"] == "/sign-in/?next=/counter/"


@pytest.mark.parametrize("role", ["guide", "handler", "administrator"])
def test_other_roles_are_refused(cast: Cast, client: Client, role: str) -> None:
    signed_in(client, getattr(cast, role))
    assert client.get("/counter/").status_code == 403
    assert client.post("/counter/next/").status_code == 403
    assert client.post("/counter/next/", headers=HTMX).headers["HX-Redirect"] == "/counter/"


def test_a_lost_role_bites_at_once(cast: Cast, desk: Client) -> None:
    cast.sit()
    assert desk.get("/counter/").status_code == 200
    dismiss(cast.clerk)
    assert desk.get("/counter/").status_code == 403


def test_a_supervisor_may_serve(cast: Cast, client: Client) -> None:
    assert signed_in(client, cast.supervisor).get("/counter/").status_code == 200


def test_calling_is_a_post(cast: Cast, desk: Client) -> None:
    cast.sit()
    assert desk.get("/counter/next/").status_code == 405


# --- what it shows ---


def test_a_free_counter(cast: Cast, desk: Client) -> None:
    cast.sit()
    cast.ticket()
    page = desk.get("/counter/").text
    assert "Your counter is free" in page and "1 visitor is waiting: P001" in page
    root = told(page)
    assert (root["counter"], root["state"], root["ticket"]) == ("3", "idle", "")
    assert root["line-length"] == "1"


@pytest.mark.usefixtures("well_into_the_day")
def test_the_visitor_now(cast: Cast, desk: Client) -> None:
    now = timezone.now()
    cast.ticket(lane=Lane.ASSISTED, language="en", now=now - 12 * MINUTE)
    seat = cast.sit()
    ticket = actions.call_next(sitting=seat, by=cast.clerk)
    assert ticket is not None
    page = desk.get("/counter/").text
    assert told(page) | {"state": "called", "ticket": str(ticket.pk), "code": "P001"} == told(page)
    assert "waited 12 minutes" in page and "assisted" in page and "Apply for retirement" in page
    assert f'data-issued-at="{ticket.issued_at.astimezone(dt.UTC).isoformat()}"' in page
    assert ticket.last_called_at is not None
    assert f'data-called-at="{ticket.last_called_at.astimezone(dt.UTC).isoformat()}"' in page


def blue_and_possible(page: str) -> tuple[list[str], list[str]]:
    """The keys of the blue buttons, and of those that can be pressed."""
    found = re.findall(r'<button class="(button tall[^"]*)" id="key-(\w)"([^>]*)>', page)
    assert [key for _kind, key, _rest in found] == list("nsfrhtbx")  # all stay where they are
    blue = [key for kind, key, _rest in found if "primary" in kind]
    return blue, [key for _kind, key, rest in found if "aria-disabled" not in rest]


def test_the_likely_button_is_the_blue_one_and_the_others_stay(cast: Cast, desk: Client) -> None:
    cast.ticket()
    seat = cast.sit()
    assert blue_and_possible(desk.get("/counter/").text) == (["n"], ["n"])
    ticket = actions.call_next(sitting=seat, by=cast.clerk)
    assert ticket is not None
    assert blue_and_possible(desk.get("/counter/").text) == (["s"], ["s", "r", "b", "x"])
    actions.start(ticket=ticket, by=cast.clerk)
    assert blue_and_possible(desk.get("/counter/").text) == (["f"], ["f", "h", "t"])


def test_the_clock_of_the_visit_stands_still_in_a_pause_and_while_a_finish_is_not_undone(
    cast: Cast,
) -> None:
    now = timezone.now()
    cast.ticket(now=now - 30 * MINUTE)
    seat = cast.sit()
    ticket = actions.call_next(sitting=seat, by=cast.clerk, now=now - 20 * MINUTE)
    assert ticket is not None
    actions.start(ticket=ticket, by=cast.clerk, now=now - 19 * MINUTE)
    actions.hold(ticket=ticket, by=cast.clerk, now=now - 10 * MINUTE)
    actions.resume(ticket=ticket, sitting=seat, by=cast.clerk, now=now - 5 * MINUTE)
    assert counter_screen.desk(seat, now=now).elapsed == 14 * MINUTE
    actions.finish(ticket=ticket, by=cast.clerk, now=now - MINUTE)
    actions.reopen(ticket=ticket, by=cast.clerk, now=now)
    assert counter_screen.desk(seat, now=now).elapsed == 13 * MINUTE


@pytest.mark.usefixtures("well_into_the_day")
def test_the_line_says_why_each_ranks_there(cast: Cast, desk: Client) -> None:
    now = timezone.now()
    cast.sit()
    cast.ticket(now=now - 9 * MINUTE)
    cast.ticket(cast.medical, lane=Lane.EXPRESS, now=now - 3 * MINUTE)
    cast.ticket(cast.other_pension)
    page = desk.get("/counter/").text
    line = re.findall(r'<strong class="num">(\w+)</strong>', page)
    assert line == ["M001", "P001"]
    assert 'data-lane="express"' in page and ">9</span> min" in page


def test_ten_of_the_line_and_its_length(cast: Cast, desk: Client) -> None:
    for _each in range(12):
        cast.ticket()
    cast.sit()
    page = desk.get("/counter/").text
    assert told(page)["line-length"] == "12"
    assert len(re.findall(r'<strong class="num">', page)) == 10


@pytest.mark.usefixtures("well_into_the_day")
def test_a_visit_on_hold_is_shown_to_who_began_it_and_to_colleagues(cast: Cast) -> None:
    cast.ticket()
    seat, theirs = cast.sit(), cast.sit(5, cast.colleague)
    ticket = actions.call_next(sitting=seat, by=cast.clerk)
    assert ticket is not None
    actions.start(ticket=ticket, by=cast.clerk)
    since = actions.hold(ticket=ticket, by=cast.clerk).state_since
    now = since + dt.timedelta(minutes=28, seconds=30)
    mine, other = (counter_screen.desk(each, now=now) for each in (seat, theirs))
    held = [counter_screen.Waiting(ticket, 28, since)]
    assert (mine.held, mine.held_elsewhere) == (held, [])
    assert (other.held, other.held_elsewhere) == ([], held)


def test_the_desk_tells_how_long_each_visit_is_on_hold(cast: Cast, desk: Client) -> None:
    cast.ticket()
    ticket = actions.call_next(sitting=cast.sit(), by=cast.clerk)
    assert ticket is not None
    actions.start(ticket=ticket, by=cast.clerk)
    actions.hold(ticket=ticket, by=cast.clerk)
    since = timezone.now() - dt.timedelta(minutes=28, seconds=30)
    Ticket.objects.update(state_since=since)
    page = desk.get("/counter/").text
    counted = f'data-clock="minutes" data-since="{since.astimezone(dt.UTC).isoformat()}">28</span>'
    assert counted in page


@pytest.mark.usefixtures("well_into_the_day")
def test_the_day_and_the_notices(cast: Cast, desk: Client) -> None:
    now = timezone.now()
    Notice.objects.create(branch=cast.branch, text_zh_hans="午休", text_en="Lunch <b>at noon</b>")
    Notice.objects.create(branch=cast.other, text_zh_hans="别处", text_en="Elsewhere")
    cast.ticket(now=now - 30 * MINUTE)
    seat = cast.sit()
    ticket = actions.call_next(sitting=seat, by=cast.clerk, now=now - 20 * MINUTE)
    assert ticket is not None
    actions.start(ticket=ticket, by=cast.clerk, now=now - 19 * MINUTE)
    actions.finish(ticket=ticket, by=cast.clerk, now=now - 10 * MINUTE)
    page = desk.get("/counter/").text
    assert 'data-served="1"' in page and ">9:00<" in page
    assert "Lunch &lt;b&gt;at noon&lt;/b&gt;" in page and "Elsewhere" not in page


def test_times_are_those_of_the_branch(cast: Cast, desk: Client) -> None:
    cast.branch.timezone = "America/Vancouver"
    cast.branch.save()
    now = timezone.now()
    cast.ticket(now=now)
    actions.call_next(sitting=cast.sit(), by=cast.clerk)
    local = now.astimezone(ZoneInfo("America/Vancouver"))
    assert f"Took the ticket at {local:%H:%M}" in desk.get("/counter/").text


# --- how it keeps up ---


def test_a_change_around_the_clerk_refreshes_the_line_only(cast: Cast, desk: Client) -> None:
    cast.sit()
    version = seen(desk)
    cast.ticket()
    response = desk.get("/counter/", {"seen": version}, headers=HTMX)
    assert "HX-Retarget" not in response.headers
    assert 'id="line"' in response.text and 'id="now"' not in response.text
    assert "P001" in response.text and "1 visitor is waiting" in response.text


def test_a_change_of_the_visitor_refreshes_everything(cast: Cast, desk: Client) -> None:
    cast.ticket()
    seat = cast.sit()
    version = seen(desk)
    actions.call_next(sitting=seat, by=cast.clerk)  # in another window
    response = desk.get("/counter/", {"seen": version}, headers=HTMX)
    assert response.headers["HX-Retarget"] == "#now"
    assert told(response.text)["state"] == "called"


def test_who_is_displaced_is_told(cast: Cast, desk: Client) -> None:
    cast.sit()
    version = seen(desk)
    actions.sit_down(counter=cast.counters[3], by=cast.colleague, take_over=True)
    for response in (
        desk.get("/counter/", {"seen": version}, headers=HTMX),
        desk.post("/counter/next/", headers=HTMX),
    ):
        assert response.headers["HX-Retarget"] == "#main"  # the line's buttons go, too
        assert "You no longer sit at counter 3" in response.text
        assert "Member N1004 has taken it over" in response.text
    assert "has taken over counter 3 from you" in desk.get("/counter/").text


# --- what it costs ---


def full_hall(cast: Cast, desk: Client, tickets: int) -> Sitting:
    seat = cast.sit()
    for number in range(tickets):
        cast.ticket(cast.medical if number % 3 else cast.pension)
    for _each in range(tickets // 4):
        ticket = actions.call_next(sitting=seat, by=cast.clerk)
        assert ticket is not None
        actions.start(ticket=ticket, by=cast.clerk)
        actions.hold(ticket=ticket, by=cast.clerk, reason="copies")
    return seat


@pytest.mark.parametrize("tickets", [4, 24])
def test_the_number_of_queries_is_small_and_fixed(cast: Cast, desk: Client, tickets: int) -> None:
    full_hall(cast, desk, tickets)
    # The seat and the row of the ledger are two of them.
    claim = 1 if connection.vendor == "postgresql" else 5
    assert queries(desk, "/counter/next/") == 6 + claim
    visitor = Ticket.objects.get(state=State.CALLED)
    assert queries(desk, f"/counter/{visitor.pk}/start/") == 11
    assert queries(desk, "/counter/", "get", panel="transfer") == 9
    assert queries(desk, f"/counter/{visitor.pk}/finish/") == 16
    assert queries(desk, "/counter/", "get", seen=seen(desk)) == 12
