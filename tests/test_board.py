"""The lobby board: what it shows, to whom, and that it is never blank."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hall import calendar
from hall.models import (
    Branch,
    Category,
    Counter,
    Notice,
    Offering,
    OpeningHours,
    Service,
    SpecialDay,
    Zone,
)
from queueing import actions
from queueing.figures.waits import Line, LineGroup, Wait
from queueing.models import Ticket
from queueing.screens import board as board_screen
from staff.actions import put_on_duty
from tests.cast import Cast, member, offering

URL = "/board/nanshan/"


@pytest.fixture
def board(cast: Cast, client: Client) -> Client:
    """A browser that speaks English."""
    client.cookies["django_language"] = "en"
    return client


def text_of(client: Client, url: str = URL) -> str:
    """The page as a string; it must be there."""
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def called(cast: Cast, number: int = 3) -> Ticket:
    """A visitor who was just called to a counter."""
    cast.ticket()
    person = cast.clerk if number == 3 else member(f"X{number}", "某某", cast.branch, "clerk")
    ticket = actions.call_next(sitting=cast.sit(number, person), by=person)
    assert ticket is not None
    return ticket


# --- what it shows ---


def test_a_call_stands_on_the_board_with_its_counter(cast: Cast, board: Client) -> None:
    ticket = called(cast)
    page = text_of(board)
    assert f'data-code="{ticket.code}" data-counter="3"' in page
    assert f'data-call-id="{ticket.day:%Y%m%d}-{ticket.code}-1"' in page


def test_the_newest_call_is_the_first(cast: Cast, board: Client) -> None:
    old, new = called(cast, 3), called(cast, 4)
    page = text_of(board)
    assert page.index(f'data-code="{new.code}"') < page.index(f'data-code="{old.code}"')


def test_a_recall_is_a_new_call_and_comes_to_the_top(cast: Cast) -> None:
    old, _new = called(cast, 3), called(cast, 4)
    before = board_screen.board(cast.branch).calls
    actions.recall(ticket=old, by=cast.clerk)
    after = board_screen.board(cast.branch).calls
    assert after[0].code == old.code
    assert after[0].id not in {call.id for call in before}


def test_a_finished_visit_is_called_before(cast: Cast, board: Client) -> None:
    ticket = called(cast)
    actions.start(ticket=ticket, by=cast.clerk)
    actions.finish(ticket=ticket, by=cast.clerk)
    page = text_of(board)
    assert f'data-code="{ticket.code}"' not in page
    assert "Called before" in page
    assert page.index("Called before") < page.index(ticket.code)


def rush(cast: Cast, count: int, *, first: int = 10) -> list[Ticket]:
    """So many counters call at once."""
    for number in range(first, first + count):
        cast.counters[number] = Counter.objects.create(branch=cast.branch, number=number)
        cast.counters[number].services.set([cast.pension.service])
    return [called(cast, number) for number in range(first, first + count)]


def start_all(tickets: list[Ticket]) -> None:
    """They have all come to their counters."""
    for ticket in tickets:
        assert ticket.member is not None
        actions.start(ticket=ticket, by=ticket.member)


def test_every_call_that_nobody_answered_stands_on_it_newest_first(cast: Cast) -> None:
    rush(cast, 30)
    state = board_screen.board(cast.branch)
    assert [call.counter for call in state.calls] == list(range(39, 9, -1))
    assert state.earlier == []


def test_newer_calls_never_push_off_one_that_nobody_answered(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_screen, "ANSWERED_READ", 5)
    lost = called(cast)
    for ticket in rush(cast, 8):
        start_all([ticket])
    assert board_screen.board(cast.branch).calls[0].code == lost.code


def test_who_is_served_has_only_the_room_that_is_left(cast: Cast) -> None:
    served = rush(cast, 5)
    start_all(served)
    waited_for = rush(cast, 4, first=20)
    state = board_screen.board(cast.branch)
    oldest, *_, newest = waited_for
    assert [call.is_answered for call in state.calls] == [False] * 4 + [True] * 2
    assert [state.calls[0].code, state.calls[3].code] == [newest.code, oldest.code]
    assert [call.code for call in state.earlier] == [each.code for each in served[2::-1]]
    rush(cast, 2, first=30)
    assert not any(call.is_answered for call in board_screen.board(cast.branch).calls)


@pytest.mark.parametrize(
    ("count", "longest", "layout", "pages"),
    [
        (0, 0, "4x1", 1),
        (4, 6, "4x1", 1),
        (6, 6, "6x1", 1),
        (8, 6, "4x2", 1),
        (12, 8, "6x2", 1),
        (16, 6, "8x2", 1),
        (24, 6, "8x3", 1),
        (24, 7, "11x3", 1),
        (40, 6, "10x4", 1),
        (41, 6, "8x3", 2),
        (60, 6, "10x4", 2),
        (40, 8, "11x3", 2),
        (200, 6, "10x4", 5),
    ],
)
def test_more_calls_stand_smaller_then_on_pages(
    count: int, longest: int, layout: str, pages: int
) -> None:
    found, turns = board_screen.arranged(count, longest)
    assert (str(found), turns) == (layout, pages)
    assert found.room * turns >= count


def test_beyond_one_page_it_says_that_calls_are_shown_in_turn(cast: Cast, board: Client) -> None:
    rush(cast, 40)
    assert "shown in turn" not in text_of(board)
    rush(cast, 1, first=60)
    assert "41 calls, shown in turn" in text_of(board)


def test_another_branch_is_not_on_it(cast: Cast, board: Client) -> None:
    ticket = called(cast)
    assert "data-call-id" not in text_of(board, "/board/shekou/")
    assert ticket.branch == cast.branch


def test_lines_tell_how_many_wait_and_how_long(cast: Cast, board: Client) -> None:
    cast.sit()
    cast.ticket()
    cast.ticket()
    page = text_of(board)
    assert '<td class="waiting num">2</td>' in page
    assert "10–25 min" in page  # two visits of eight minutes, as a range


def test_a_line_that_nobody_works_on_says_so(cast: Cast, board: Client) -> None:
    cast.ticket()
    assert "No counter open" in text_of(board)


def test_lines_without_visitors_and_counters_are_left_out(cast: Cast, board: Client) -> None:
    cast.ticket(cast.medical)
    page = text_of(board)
    assert "Claim back medical costs" in page
    assert "Apply for retirement" not in page


def test_notices_run_on_it_at_their_time(cast: Cast, board: Client) -> None:
    soon = timezone.now() + dt.timedelta(hours=1)
    Notice.objects.create(text_zh_hans="现在", text_en="Printer is out")
    Notice.objects.create(text_zh_hans="以后", text_en="Later", starts_at=soon)
    page = text_of(board)
    assert page.count("<li>Printer is out</li>") == 2  # in the strip, and as its source
    assert "Later" not in page


def test_typed_text_is_never_markup(cast: Cast, board: Client) -> None:
    Notice.objects.create(text_zh_hans="<b>粗</b>", text_en="<b>bold</b>")
    assert "<b>" not in text_of(board)


def test_the_clock_starts_in_the_branchs_zone(
    cast: Cast, board: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Branch.objects.filter(pk=cast.branch.pk).update(timezone="America/New_York")
    noon = dt.datetime(2026, 3, 2, 17, 5, tzinfo=dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: noon)
    page = text_of(board)
    assert "12:05" in page
    assert 'data-timezone="America/New_York"' in page


# --- the leader on duty ---


def test_the_leader_on_duty_stands_beside_fewer_lines_and_calls(cast: Cast, board: Client) -> None:
    start_all(rush(cast, 20))
    assert len(board_screen.board(cast.branch).earlier) == 8
    page = text_of(board)
    assert "Leader on duty" not in page
    today = calendar.local_day(cast.branch, timezone.now())
    put_on_duty(branch=cast.branch, day=today, role="leader", member=cast.supervisor, by=None)
    assert len(board_screen.board(cast.branch).earlier) == 6
    page = text_of(board)
    assert "Leader on duty" in page and cast.supervisor.name_en in page
    assert cast.supervisor.staff_number not in page.replace(cast.supervisor.name_en, "")


def test_yesterdays_leader_is_gone(cast: Cast, board: Client) -> None:
    yesterday = calendar.local_day(cast.branch, timezone.now()) - dt.timedelta(days=1)
    put_on_duty(branch=cast.branch, day=yesterday, role="leader", member=cast.supervisor, by=None)
    assert "Leader on duty" not in text_of(board)


# --- languages ---


def test_it_speaks_chinese_unless_told(cast: Cast, client: Client) -> None:
    response = client.get(URL)
    assert 'lang="zh-Hans"' in response.content.decode()
    assert cast.branch.name_zh_hans in response.content.decode()


def test_the_address_may_pin_a_language(cast: Cast, client: Client) -> None:
    called(cast)
    response = client.get(f"{URL}?lang=en")
    assert response.headers["Content-Language"] == "en"
    page = response.content.decode()
    assert 'data-live="/live/board/nanshan/?lang=en"' in page
    assert 'class="languages"' not in page  # a choice would change nothing here


def test_zones_are_named_in_the_boards_language(cast: Cast, client: Client) -> None:
    upstairs = Zone.objects.create(
        branch=cast.branch, name_zh_hans="B区", name_en="Zone B", floor=2
    )
    Offering.objects.filter(pk=cast.medical.pk).update(zone=upstairs)
    called(cast)
    assert "Zone A" in text_of(client, f"{URL}?lang=en")
    assert "A区" in text_of(client, f"{URL}?lang=zh-hans")


# --- never blank ---


def test_a_branch_without_services_says_so(cast: Cast, board: Client) -> None:
    Offering.objects.all().delete()
    page = text_of(board)
    assert "No services are offered here at present." in page
    assert "Guide desk: ground floor, right of the door" in page


def test_with_every_counter_closed_it_tells_the_hours(cast: Cast, board: Client) -> None:
    OpeningHours.objects.all().delete()
    for weekday in range(7):
        OpeningHours.objects.create(
            branch=cast.branch, weekday=weekday, opens=dt.time(9), closes=dt.time(17, 30)
        )
    page = text_of(board)
    assert "No counter is open at the moment." in page
    assert "Open today from 09:00 to 17:30" in page


def test_on_a_holiday_it_says_that_the_hall_is_closed(cast: Cast, board: Client) -> None:
    SpecialDay.objects.create(date=timezone.localdate(), is_working=False)
    assert "The hall is closed today." in text_of(board)


def test_before_the_first_call_it_says_what_will_come(cast: Cast, board: Client) -> None:
    cast.sit()
    assert "Your number will appear here" in text_of(board)


@pytest.mark.parametrize("error", [OperationalError("gone"), ValueError("a bad setting")])
def test_a_failure_shows_a_page_that_comes_back(
    cast: Cast, board: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(branch: Branch) -> None:
        raise error

    monkeypatch.setattr(board_screen, "board", fail)
    response = board.get(URL)
    assert response.status_code == 503
    assert response.headers["Refresh"] == "10"
    assert "comes back by itself" in response.content.decode()


def test_a_bad_time_zone_of_one_branch_leaves_the_others(cast: Cast, board: Client) -> None:
    Branch.objects.filter(pk=cast.other.pk).update(timezone="Nowhere/Nothing")
    assert board.get("/board/shekou/").status_code == 503
    text_of(board)


# --- who may, and how ---


def test_anybody_may_look_but_only_look(cast: Cast, board: Client) -> None:
    for url in ("/board/", URL):
        assert board.get(url).status_code == 200
        assert board.head(url).status_code == 200
        assert board.post(url).status_code == 405


def test_an_unknown_branch_is_not_found(cast: Cast, board: Client) -> None:
    assert board.get("/board/nowhere/").status_code == 404


def test_it_is_never_kept_in_a_cache(cast: Cast, board: Client) -> None:
    assert "no-store" in board.get(URL).headers["Cache-Control"]


def test_the_list_leads_to_every_open_branch(cast: Cast, board: Client) -> None:
    Branch.objects.filter(pk=cast.other.pk).update(is_active=False)
    page = text_of(board, "/board/")
    assert reverse("queueing:board", args=["nanshan"]) in page
    assert reverse("queueing:board", args=["shekou"]) not in page


def test_it_names_nobody(cast: Cast, board: Client) -> None:
    ticket = called(cast)
    page = text_of(board)
    for secret in (cast.clerk.name_zh_hans, cast.clerk.staff_number, ticket.token):
        assert secret not in page


# --- cost ---


def queries(client: Client) -> int:
    """How many queries the board takes, with nothing remembered."""
    with CaptureQueriesContext(connection) as captured:
        text_of(client)
    return len(captured)


def test_the_number_of_queries_does_not_grow(cast: Cast, board: Client) -> None:
    called(cast)
    board_screen.board(cast.branch)  # what is remembered for half a minute is remembered now
    few = queries(board)
    assert few <= 10
    grow(cast)
    assert queries(board) == few


def grow(cast: Cast) -> None:
    """Make the hall many times as large and as busy."""
    category = Category.objects.create(name_zh_hans="其他")
    for number in range(10, 30):
        service = Service.objects.create(
            category=category, slug=f"s{number}", name_zh_hans=f"业务{number}"
        )
        zone = Zone.objects.create(branch=cast.branch, name_zh_hans=f"{number}区", floor=number)
        more = offering(cast.branch, service, "Q", zone)
        counter = Counter.objects.create(branch=cast.branch, number=number, zone=zone)
        counter.services.set([service, cast.pension.service])
        cast.counters[number] = counter
        called(cast, number)
        cast.ticket(more)
        Notice.objects.create(text_zh_hans=f"通知{number}")


# --- pages of lines ---


def group(name: str, count: int) -> LineGroup:
    """A zone with that many lines."""
    lines = [Line(Offering(prefix=f"{name}{n}"), 1, 1, None, 1, Wait(1, 2)) for n in range(count)]
    return LineGroup(Zone(name_zh_hans=name), lines)


def layout(*groups: LineGroup) -> list[list[tuple[str, int]]]:
    """The pages, each as the zones on it and how many of their lines."""
    pages = board_screen.paged(groups, room=7)
    return [[(part.zone.name, len(part.lines)) for part in page if part.zone] for page in pages]


def test_small_groups_share_a_page() -> None:
    assert layout(group("A", 2), group("B", 3)) == [[("A", 2), ("B", 3)]]


def test_a_large_group_goes_on_under_its_heading_again() -> None:
    assert layout(group("A", 10), group("B", 3)) == [[("A", 7)], [("A", 3), ("B", 3)]]


def test_no_line_is_left_alone_at_the_foot_of_a_page() -> None:
    assert layout(group("A", 5), group("B", 3)) == [[("A", 5)], [("B", 3)]]


@pytest.mark.parametrize("sizes", [[1], [7], [8], [6, 1], [1] * 12, [32], [3, 9, 2, 17]])
def test_every_line_is_on_one_page_and_each_page_has_room(sizes: list[int]) -> None:
    groups = [group(chr(65 + n), size) for n, size in enumerate(sizes)]
    pages = board_screen.paged(groups, room=7)
    shown = [line for page in pages for part in page for line in part.lines]
    assert shown == [line for each in groups for line in each.lines]
    assert all(sum(len(part.lines) + 0.5 for part in page) <= 7.5 for page in pages)


def test_an_empty_hall_has_no_pages() -> None:
    assert board_screen.paged([]) == []
