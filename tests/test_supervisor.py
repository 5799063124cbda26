"""The supervisor's view: panels, all branches, and the rows behind each number."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complaints import actions as complaints
from complaints.models import Kind, Matter
from hall import calendar
from hall.live import Key
from hall.models import Counter, Offering
from queueing import actions
from queueing.figures import lines_today as lines_today_of
from queueing.models import Ticket
from queueing.opening import OUTSIDE_HOURS
from ratings import actions as ratings
from ratings.figures.day import ratings_today
from ratings.models import Grade, Via
from staff import panels
from staff.actions import put_on_duty
from staff.look import Look
from staff.models import Duty, Member
from staff.streams import Panels, duty_marks
from tests.cast import Cast, member, rule
from tests.test_query_counts import crowd

pytestmark = pytest.mark.servers  # pages: once, on what a hall has

URL = "/supervisor/nanshan/"
PANELS = ["alarms", "duty", "floor", "lines", "ratings", "matters"]
MINUTES = dt.timedelta(minutes=1)


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The supervisor's browser, in English."""
    client.cookies["django_language"] = "en"
    client.force_login(cast.supervisor)
    return client


def text_of(client: Client, url: str = URL) -> str:
    """The page as a string; it must be there."""
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def panel(client: Client, name: str) -> str:
    return text_of(client, f"{URL}panels/{name}/")


def finished(cast: Cast, by: Member | None = None, number: int = 3) -> Ticket:
    """A visit that somebody (the clerk) finished."""
    person = by or cast.clerk
    cast.ticket()
    ticket = actions.call_next(sitting=cast.sit(number, person), by=person)
    assert ticket is not None
    actions.start(ticket=ticket, by=person)
    return actions.finish(ticket=ticket, by=person)


def rated(cast: Cast, grade: str = Grade.SATISFIED, by: Member | None = None) -> Ticket:
    """A visit that its visitor rated."""
    number = 3 if by is None else 4
    ticket = finished(cast, by, number)
    ratings.rate(ticket=ticket, grade=grade, via=Via.PAD)
    return ticket


def complaint(cast: Cast, about: Member | None = None) -> Matter:
    return complaints.receive(
        branch=cast.branch, kind=Kind.COMPLAINT, text="words", about=[about] if about else []
    )


# --- the page ---


def test_all_panels_stand_on_the_page_at_once(cast: Cast, desk: Client) -> None:
    page = text_of(desk)
    assert re.findall(r'data-panel="(\w+)"', page) == PANELS
    assert page.count("data-live=") == 1, "one stream a page"
    assert 'data-live="/live/panels/nanshan/"' in page
    for name in PANELS:
        assert f'hx-get="{URL}panels/{name}/"' in page


def test_nothing_wrong_is_one_calm_line(cast: Cast, desk: Client) -> None:
    assert "Nothing needs you at this moment." in panel(desk, "alarms")


def test_a_counter_shows_its_state_in_shape_and_word(cast: Cast, desk: Client) -> None:
    cast.sit(4, cast.colleague)
    cast.ticket()
    called = actions.call_next(sitting=cast.sit(), by=cast.clerk)
    assert called is not None
    found = panel(desk, "floor")
    states = dict(re.findall(r'id="counter-(\d+)" data-state="(\w+)"', found))
    assert states == {"3": "called", "4": "idle", "5": "closed"}
    assert called.code in found and cast.clerk.name in found
    actions.start(ticket=called, by=cast.clerk)
    assert 'id="counter-3" data-state="serving"' in panel(desk, "floor")


def test_no_token_of_a_ticket_is_on_any_page(cast: Cast, desk: Client) -> None:
    ticket = rated(cast)
    pages = ["", "panels/floor/", "tickets/", f"tickets/{ticket.pk}/", "ratings/"]
    for page in pages:
        assert ticket.token not in text_of(desk, URL + page)


@pytest.mark.usefixtures("well_into_the_day")
def test_the_lines_tell_length_wait_counters_and_arrivals(cast: Cast, desk: Client) -> None:
    now = timezone.now()
    cast.sit()
    cast.ticket(now=now - 12 * MINUTES)
    cast.ticket(now=now - 3 * MINUTES)
    cast.ticket(cast.medical)
    found = lines_today_of.lines_today(cast.branch, now)
    assert [(each.line.waiting, each.longest) for each in found.busy] == [(2, 12), (1, 0)]
    assert found.busy[0].arrivals.total == 2
    assert (found.waiting, found.issued, found.served) == (3, 3, 0)
    page = panel(desk, "lines")
    assert "Member" not in page
    assert '<svg class="sparkline" role="img"' in page and "2 tickets since" in page
    assert f"?service={cast.pension.service_id}&amp;state=waiting" in page


def test_today_counts_each_grade_and_the_unrated(cast: Cast, desk: Client) -> None:
    for grade in (Grade.SATISFIED, Grade.SATISFIED, Grade.BASICALLY, Grade.DISSATISFIED):
        rated(cast, grade)
    finished(cast)
    found = ratings_today(Look([cast.branch], cast.supervisor, timezone.now()))[cast.branch.pk]
    assert (found.satisfied, found.basically, found.dissatisfied, found.unrated) == (2, 1, 1, 1)
    assert found.given == 4
    assert "grade=dissatisfied" in panel(desk, "ratings")


def test_matters_are_counted_as_they_are_listed(cast: Cast, desk: Client) -> None:
    answered = complaint(cast)
    complaint(cast)
    complaints.receive(
        branch=cast.branch,
        kind=Kind.COMPLAINT,
        text="old",
        now=timezone.now() - dt.timedelta(days=60),
    )
    complaints.reply(matter=answered, text="done", by=cast.supervisor, and_close=True)
    found = panel(desk, "matters")
    numbers = dict(re.findall(r'id="matters-(\w+)"[^>]*>(\d+)<', found))
    assert numbers == {"received": "2", "answered": "1", "open": "2", "overdue": "1"}
    assert text_of(desk, f"{URL}matters/?show=received").count("<tr>") == 3
    assert text_of(desk, f"{URL}matters/?show=answered").count("<tr>") == 2


def test_who_is_on_duty_is_shown_with_a_photo(cast: Cast, desk: Client) -> None:
    assert "No leader is on the roster today." in panel(desk, "duty")
    day = calendar.local_day(cast.branch, timezone.now())
    for role, person in ((Duty.Role.LEADER, cast.supervisor), (Duty.Role.GUIDE, cast.guide)):
        put_on_duty(branch=cast.branch, day=day, role=role, member=person, by=None)
    found = panel(desk, "duty")
    assert cast.supervisor.name in found and cast.guide.name in found
    assert found.count('class="portrait"') == 2
    assert cast.supervisor.name in text_of(desk, "/board/nanshan/")
    assert cast.guide.name in text_of(desk, "/kiosk/nanshan/help/")


# --- who may ---


def test_another_branch_is_not_found(cast: Cast, desk: Client) -> None:
    other = actions.issue(offering=cast.other_pension)
    for page in ("", "panels/floor/", "tickets/", f"tickets/{other.pk}/", "ratings/", "roster/"):
        assert desk.get(f"/supervisor/shekou/{page}").status_code == 404, page
    assert desk.get(f"{URL}tickets/{other.pk}/").status_code == 404
    assert desk.get("/supervisor/shekou/matters/").status_code == 404
    assert desk.get("/supervisor/nowhere/").status_code == 404


def test_a_clerk_may_not_and_a_stranger_signs_in(cast: Cast, client: Client) -> None:
    response = client.get(URL)
    assert response.status_code == 302 and "/sign-in/" in response.headers["Location"]
    part = client.get(f"{URL}panels/floor/", headers={"HX-Request": "true"})
    assert "/sign-in/" in part.headers["HX-Redirect"]
    client.force_login(cast.clerk)
    assert client.get(URL).status_code == 403
    assert client.post(URL).status_code in (403, 405)


def test_who_handles_no_matters_sees_no_panel_of_them(cast: Cast, client: Client) -> None:
    client.force_login(member("N1400", "郑督查", cast.branch, "inspector"))
    page = text_of(client)
    assert re.findall(r'data-panel="(\w+)"', page) == PANELS[:-1]
    assert client.get(f"{URL}panels/matters/").status_code == 403
    assert client.get(f"{URL}matters/").status_code == 403


@pytest.mark.parametrize("role", ["inspector", "duty-leader", "administrator"])
def test_these_roles_open_it_too(cast: Cast, client: Client, role: str) -> None:
    client.force_login(member("N1400", "某某", None, role))
    text_of(client)
    assert client.get("/supervisor/").status_code == 200


def test_an_unknown_panel_is_not_found(cast: Cast, desk: Client) -> None:
    assert desk.get(f"{URL}panels/nothing/").status_code == 404


# --- a matter about whoever looks ---


def test_a_matter_about_the_supervisor_is_in_no_figure_of_theirs(cast: Cast, desk: Client) -> None:
    before = {name: panel(desk, name) for name in ("matters", "ratings", "alarms")}
    past = timezone.now() - dt.timedelta(days=60)
    complaints.receive(
        branch=cast.branch, kind=Kind.COMPLAINT, text="x", about=[cast.supervisor], now=past
    )
    about_them = complaint(cast, cast.supervisor)
    assert {name: panel(desk, name) for name in before} == before
    assert "<tbody>" not in text_of(desk, f"{URL}matters/?show=received")
    assert desk.get(f"/matters/{about_them.pk}/").status_code == 404
    desk.force_login(member("N1401", "乙", cast.branch, "supervisor"))
    assert 'id="matters-open" href="/matters/?branch=nanshan&amp;show=open">2<' in panel(
        desk, "matters"
    )


def test_a_bad_rating_of_the_supervisor_is_hidden_with_its_case(cast: Cast, desk: Client) -> None:
    theirs = rated(cast, Grade.DISSATISFIED, by=cast.supervisor)
    other = rated(cast, Grade.DISSATISFIED)
    found = text_of(desk, f"{URL}ratings/")
    assert other.code in found and theirs.code not in found
    assert ">1</a>" in re.findall(r'id="rated-bad".*?</a>', panel(desk, "ratings"))[0]


# --- all branches ---


def test_a_member_of_a_branch_goes_straight_to_it(cast: Cast, desk: Client) -> None:
    assert desk.get("/supervisor/").headers["Location"] == URL


@pytest.mark.usefixtures("well_into_the_day")
def test_one_of_no_branch_sees_a_row_for_each(cast: Cast, desk: Client) -> None:
    desk.force_login(member("N1402", "丙", None, "duty-leader"))
    cast.sit()
    cast.ticket()
    rated(cast, Grade.DISSATISFIED)
    cast.ticket(now=timezone.now() - 50 * MINUTES)
    found = text_of(desk, "/supervisor/")
    assert re.findall(r'<th scope="row"><a id="branch-\d+" href="([^"]+)"', found) == [
        URL,
        "/supervisor/shekou/",
    ]
    assert "1 of 3" in found and "50 minutes" in found and "1 not satisfied" in found
    part = desk.get("/supervisor/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "1 of 3" in part


# --- rows ---


def test_rows_are_filtered_and_bad_filters_are_told(cast: Cast, desk: Client) -> None:
    served, waiting = finished(cast), cast.ticket(cast.medical)
    asked = {
        "state=waiting": {waiting.code},
        "state=done": {served.code},
        "state=open": {waiting.code},
        f"service={cast.medical.service_id}": {waiting.code},
        "counter=3": {served.code},
        "member=N1003": {served.code},
        "order=longest": {served.code, waiting.code},
        "day=2020-01-01": set(),
        "state=nonsense": {served.code, waiting.code},
        # What is not understood takes nothing else with it.
        "state=waiting&service=999999": {waiting.code},
        "state=done&counter=x&member=nobody&day=banana": {served.code},
        "state=nonsense&counter=3": {served.code},
        "state=done&page=banana": {served.code},
        "state=done&page=99": {served.code},
    }
    for query, codes in asked.items():
        found = re.findall(
            r'class="ticket-code"[^>]*>(\w+)<', text_of(desk, f"{URL}tickets/?{query}")
        )
        assert set(found) == codes, query
    for query in (
        "day=banana",
        "counter=99999999999999999999",
        "state=x",
        "service=\x00",
        "state=waiting&service=999999",
    ):
        assert "Please look at this again" in text_of(desk, f"{URL}tickets/?{query}"), query


def test_the_days_matters_come_page_by_page_and_an_odd_word_is_told(
    cast: Cast, desk: Client
) -> None:
    for _ in range(51):
        complaint(cast)
    odd = text_of(desk, f"{URL}matters/?show=nonsense&page=2")
    assert "Please look at this again" in odd and "Page 2 of 2" in odd
    assert "Please look at this again" not in text_of(desk, f"{URL}matters/?show=answered")


def test_rows_of_a_service_and_a_clerk_that_are_here_no_more_are_found(
    cast: Cast, desk: Client
) -> None:
    """Figures and alarms lead to them, as they were on the day."""
    served, waiting = finished(cast), cast.ticket(cast.medical)
    cast.ticket()
    cast.medical.delete()
    Member.objects.filter(pk=cast.clerk.pk).update(branch=cast.other)
    for query, code in (
        (f"service={waiting.service_id}", waiting.code),
        ("member=N1003", served.code),
        (f"day={served.day}&member=N1003", served.code),
    ):
        page = text_of(desk, f"{URL}tickets/?{query}")
        assert "Please look at this again" not in page, query
        assert re.findall(r'class="ticket-code"[^>]*>(\w+)<', page) == [code], query


@pytest.mark.usefixtures("well_into_the_day")
def test_the_longest_wait_comes_first(cast: Cast, desk: Client) -> None:
    now = timezone.now()
    short, long = cast.ticket(now=now - MINUTES), cast.ticket(now=now - 30 * MINUTES)
    found = text_of(desk, f"{URL}tickets/?order=longest")
    assert found.index(long.code) < found.index(short.code)
    assert "30 min" in found


def test_rows_come_page_by_page(cast: Cast, desk: Client) -> None:
    for _ in range(51):
        cast.ticket()
    assert "Page 1 of 2" in text_of(desk, f"{URL}tickets/?state=waiting")
    assert text_of(desk, f"{URL}tickets/?state=waiting&page=2").count("ticket-code") == 1
    for number, shown in (("9999", 2), ("0", 2), ("-1", 2), ("banana", 1), ("", 1)):
        assert f"Page {shown} of 2" in text_of(desk, f"{URL}tickets/?page={number}"), number


def test_the_time_line_of_a_ticket_is_whole(cast: Cast, desk: Client) -> None:
    ticket = finished(cast)
    page = text_of(desk, f"{URL}tickets/{ticket.pk}/")
    assert page.count("<tr>") == 1 + ticket.steps.count()
    assert "ticket taken" in page and cast.clerk.name in page


def test_ratings_are_rows_with_words_shown_as_text(cast: Cast, desk: Client) -> None:
    ticket = rated(cast, Grade.DISSATISFIED)
    hostile = "<script>alert(1)</script> {{ 7|add:7 }}"
    ratings.explain(rating=ticket.rating, reasons=["slow"], comment=hostile)
    unrated = finished(cast)
    found = text_of(desk, f"{URL}ratings/?grade=dissatisfied")
    assert "&lt;script&gt;" in found and "<script>alert" not in found
    assert "slow at the counter" in found
    assert f'href="/matters/{ticket.rating.matter_id}/"' in found
    assert ticket.code not in text_of(desk, f"{URL}ratings/?grade=satisfied")
    assert unrated.code in text_of(desk, f"{URL}ratings/?grade=none")
    assert "Please look at this again" in text_of(desk, f"{URL}ratings/?day=31.2.2026")


def test_a_rating_is_found_beside_a_word_that_is_not_understood(cast: Cast, desk: Client) -> None:
    ticket = rated(cast, Grade.DISSATISFIED)
    odd_day = text_of(desk, f"{URL}ratings/?grade=dissatisfied&day=banana")
    assert "Please look at this again" in odd_day and ticket.code in odd_day
    assert ticket.code not in text_of(desk, f"{URL}ratings/?grade=satisfied&day=banana")
    odd_grade = text_of(desk, f"{URL}ratings/?grade=x&day=2020-01-01")
    assert "Please look at this again" in odd_grade
    assert ticket.code not in odd_grade, "the day still holds"


# --- live ---


def test_each_change_moves_the_marks_of_its_panels_only(cast: Cast) -> None:
    def marks() -> dict[str, str]:
        return panels.revisions(cast.branch, timezone.now())

    def moved(before: dict[str, str]) -> set[str]:
        return {name for name, mark in marks().items() if before[name] != mark}

    ticket = finished(cast)
    before = marks()
    ratings.rate(ticket=ticket, grade=Grade.SATISFIED, via=Via.PAD)
    assert moved(before) == {"ratings", "alarms"}
    before = marks()
    complaint(cast)
    assert moved(before) == {"matters", "alarms"}
    before = marks()
    cast.ticket()
    assert moved(before) == {"floor", "lines", "alarms"}
    before = marks()
    cast.sit(4, cast.colleague)
    assert moved(before) == {"floor", "lines", "alarms"}
    before = marks()
    actions.leave(by=cast.colleague)
    assert moved(before) == {"floor", "lines", "alarms"}
    before = marks()
    day = calendar.local_day(cast.branch, timezone.now())
    put_on_duty(branch=cast.branch, day=day, role="leader", member=cast.supervisor, by=None)
    assert moved(before) == {"duty", "alarms"}


def test_the_stream_carries_marks_and_nothing_else(cast: Cast) -> None:
    rated(cast, Grade.DISSATISFIED)
    source = Panels()
    assert source.resolve(["nanshan"]) == (cast.branch.pk, "")
    assert source.resolve(["nowhere"]) is None and source.resolve([]) is None
    key = Key("panels", cast.branch.pk, "", "en")
    content = source.render(cast.branch.pk, [key])[key]
    left = re.sub(r'<i data-of="\w+" data-rev="[0-9a-f]{16}"></i>', "", content)
    assert left == ""


def test_the_marker_of_the_roster_sees_who_is_taken_off(cast: Cast) -> None:
    day = calendar.local_day(cast.branch, timezone.now())
    duty = put_on_duty(branch=cast.branch, day=day, role="guide", member=cast.guide, by=None)
    put_on_duty(branch=cast.branch, day=day, role="leader", member=cast.supervisor, by=None)
    before = duty_marks()
    duty.delete()
    assert duty_marks().keys() - before.keys()


# --- cost ---


def count(client: Client, url: str) -> int:
    """Queries of a second look at the page."""
    client.get(url)
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        text_of(client, url)
    return len(queries)


def test_pages_take_a_fixed_number_of_queries(cast: Cast, desk: Client) -> None:
    ticket = rated(cast, Grade.DISSATISFIED)
    complaint(cast)
    pages = {
        URL: 37,
        f"{URL}panels/alarms/": 17,
        f"{URL}panels/floor/": 14,
        f"{URL}panels/lines/": 15,
        f"{URL}panels/ratings/": 6,
        f"{URL}panels/matters/": 5,
        f"{URL}panels/duty/": 5,
        f"{URL}tickets/": 9,
        f"{URL}tickets/{ticket.pk}/": 6,
        f"{URL}ratings/": 7,
        f"{URL}ratings/?grade=none": 5,
        f"{URL}matters/": 6,
        f"{URL}roster/": 10,
    }
    few = {page: count(desk, page) for page in pages}
    crowd(cast)
    for _ in range(8):
        rated(cast, Grade.DISSATISFIED)
        complaint(cast)
    many = {page: count(desk, page) for page in pages}
    assert many == few, "a page asks more of a fuller database"
    assert few == pages


def test_all_branches_take_as_many_queries_as_one(cast: Cast, desk: Client) -> None:
    desk.force_login(member("N1402", "丙", None, "duty-leader"))
    few = count(desk, "/supervisor/")
    for number in range(6):
        other = type(cast.branch).objects.create(slug=f"b{number}", name_zh_hans="厅")
        rule(other, OUTSIDE_HOURS, True)
        Offering.objects.create(branch=other, service=cast.pension.service, prefix="Z")
        Counter.objects.create(branch=other, number=1)
        actions.issue(offering=Offering.objects.get(branch=other), now=timezone.now())
    assert count(desk, "/supervisor/") == few


# --- navigation and landing ---


def test_the_way_between_pages_is_on_those_of_the_staff_only(cast: Cast, desk: Client) -> None:
    page = text_of(desk)
    nav = re.findall(r'class="staff-nav".*?</nav>', page, re.DOTALL)[0]
    assert 'href="/supervisor/" aria-current="true"' in nav
    assert 'href="/counter/"' in nav and 'href="/matters/"' in nav
    ticket = cast.ticket()
    for page in ("/", "/kiosk/nanshan/", "/board/nanshan/", f"/t/{ticket.token}/"):
        assert "staff-nav" not in text_of(desk, page)


def test_one_with_a_single_place_needs_no_way(cast: Cast, client: Client) -> None:
    client.force_login(cast.clerk)
    assert "staff-nav" not in text_of(client, "/counter/")
    client.force_login(cast.handler)
    assert client.get("/supervisor/").status_code == 403
