"""Sitting down, changing and leaving the counter: nothing of a visitor is ever lost."""

from __future__ import annotations

import pytest
from django.test import Client

from queueing import actions, seats
from queueing.models import Sitting, State, Ticket
from staff.models import Member
from tests.cast import Cast, member
from tests.test_counter import signed_in, told
from tests.test_counter_moves import called, serving, state_of


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The clerk's browser, in English."""
    return signed_in(client, cast.clerk)


def counter_of(person: Member) -> int | None:
    """The number of the counter where somebody sits now."""
    sitting = seats.current_sitting(person)
    return sitting.counter.number if sitting else None


def sit(client: Client, cast: Cast, number: int, **more: str) -> str:
    """Press a counter's button; where it leads."""
    form = {"counter": str(cast.counters[number].pk)} | more
    return client.post("/counter/sit/", form).headers["Location"]


# --- choosing a counter ---


def test_the_counters_of_ones_own_branch(cast: Cast, desk: Client) -> None:
    cast.sit(5, cast.colleague)
    page = desk.get("/counter/").text
    assert "At which counter do you sit?" in page and "Zone A" in page
    assert page.count('name="counter"') == 3
    assert "Member N1004" in page and "My usual counter" not in page


def test_the_usual_counter_comes_first_and_has_the_focus(cast: Cast, desk: Client) -> None:
    cast.sit(4)
    actions.leave(by=cast.clerk)
    page = desk.get("/counter/").text
    usual = page[page.index("My usual counter") : page.index("Zone A")]
    assert f'value="{cast.counters[4].pk}" autofocus' in usual


def test_who_belongs_to_no_branch_chooses_one(cast: Cast, client: Client) -> None:
    roving = member("R1", "巡", None, "clerk")
    signed_in(client, roving)
    page = client.get("/counter/").text
    assert "?branch=nanshan" in page and 'name="counter"' not in page
    page = client.get("/counter/", {"branch": "shekou"}).text
    assert page.count('name="counter"') == 1
    client.post("/counter/sit/", {"counter": cast.other_counter.pk})
    assert counter_of(roving) == 1


def test_the_choice_of_a_branch_is_not_for_others(cast: Cast, desk: Client) -> None:
    page = desk.get("/counter/", {"branch": "shekou"}).text
    assert page.count('name="counter"') == 3 and "Main room" not in page


def test_sit_down(cast: Cast, desk: Client) -> None:
    assert sit(desk, cast, 3) == "/counter/"
    assert told(desk.get("/counter/").text)["counter"] == "3"


@pytest.mark.parametrize("counter", ["", "x", "²", "999999", "9" * 40])
def test_a_counter_that_does_not_exist(cast: Cast, desk: Client, counter: str) -> None:
    assert desk.post("/counter/sit/", {"counter": counter}).status_code == 404
    assert desk.get("/counter/sit/", {"counter": counter}).status_code == 404


def test_a_counter_of_another_branch_or_out_of_use_does_not_exist(cast: Cast, desk: Client) -> None:
    assert desk.post("/counter/sit/", {"counter": cast.other_counter.pk}).status_code == 404
    cast.counters[3].is_active = False
    cast.counters[3].save()
    assert desk.post("/counter/sit/", {"counter": cast.counters[3].pk}).status_code == 404
    assert counter_of(cast.clerk) is None


@pytest.mark.parametrize("path", ["/counter/sit/", "/counter/leave/"])
def test_other_roles_sit_nowhere(cast: Cast, client: Client, path: str) -> None:
    signed_in(client, cast.guide)
    assert client.get(path).status_code == 403
    assert client.post(path, {"counter": cast.counters[3].pk}).status_code == 403
    assert not Sitting.objects.exists()


# --- a counter that is taken ---


def test_a_taken_counter_is_asked_about(cast: Cast, desk: Client) -> None:
    cast.sit(5, cast.colleague)
    question = sit(desk, cast, 5)
    assert question == f"/counter/sit/?counter={cast.counters[5].pk}"
    page = desk.get(question).text
    assert "Member N1004 sits at counter 5 since" in page and "Take it over?" in page
    assert counter_of(cast.clerk) is None and counter_of(cast.colleague) == 5


def test_taking_over_goes_on_with_the_visitor(cast: Cast, desk: Client) -> None:
    cast.ticket()
    ticket = serving(cast.sit(5, cast.colleague))
    assert "P001 is at the counter now." in desk.get(sit(desk, cast, 5)).text
    theirs = cast.colleague.sittings.get()
    assert sit(desk, cast, 5, take_over=str(theirs.pk)) == "/counter/"
    root = told(desk.get("/counter/").text)
    assert (root["counter"], root["state"], root["ticket"]) == ("5", "serving", str(ticket.pk))
    assert counter_of(cast.colleague) is None


def test_a_question_that_has_settled_itself(cast: Cast, desk: Client) -> None:
    response = desk.get("/counter/sit/", {"counter": cast.counters[5].pk})
    assert response.headers["Location"] == "/counter/"


def test_a_taken_counter_does_not_cost_ones_own(cast: Cast, desk: Client) -> None:
    cast.sit(3)
    cast.sit(5, cast.colleague)
    sit(desk, cast, 5)
    assert counter_of(cast.clerk) == 3


# --- leaving, with and without a visitor ---


def test_leave_a_free_counter(cast: Cast, desk: Client) -> None:
    cast.sit()
    assert desk.post("/counter/leave/").headers["Location"] == "/counter/"
    assert counter_of(cast.clerk) is None
    assert desk.post("/counter/leave/").headers["Location"] == "/counter/"
    assert desk.get("/counter/leave/").headers["Location"] == "/counter/"


def test_looking_at_the_page_leaves_nothing(cast: Cast, desk: Client) -> None:
    cast.sit()
    assert "Leave counter 3?" in desk.get("/counter/leave/").text
    assert counter_of(cast.clerk) == 3


@pytest.mark.parametrize(
    ("state", "settle", "after"),
    [
        ("called", "return", State.WAITING),
        ("called", "no-show", State.NO_SHOW),
        ("serving", "hold", State.HELD),
        ("serving", "finish", State.DONE),
    ],
)
def test_a_visitor_is_settled_first(
    cast: Cast, desk: Client, state: str, settle: str, after: State
) -> None:
    cast.ticket()
    seat = cast.sit()
    ticket = called(seat) if state == "called" else serving(seat)
    question = desk.post("/counter/leave/").headers["Location"]
    assert question == "/counter/leave/" and counter_of(cast.clerk) == 3
    page = desk.get(question).text
    assert "P001 is still at counter 3" in page and f'value="{settle}"' in page
    desk.post(question, {"settle": settle, "ticket": ticket.pk})
    assert state_of(ticket) == after and counter_of(cast.clerk) is None


def test_going_back_leaves_everything_as_it_was(cast: Cast, desk: Client) -> None:
    cast.ticket()
    ticket = serving(cast.sit())
    desk.post("/counter/leave/")
    root = told(desk.get("/counter/").text)
    assert (root["state"], root["ticket"]) == ("serving", str(ticket.pk))


def test_what_does_not_fit_settles_nothing(cast: Cast, desk: Client) -> None:
    cast.ticket()
    ticket = serving(cast.sit())
    for settle in ("no-show", "reopen", "call", "nonsense"):
        response = desk.post("/counter/leave/", {"settle": settle, "ticket": ticket.pk})
        assert response.headers["Location"] == "/counter/leave/"
    assert state_of(ticket) == State.SERVING and counter_of(cast.clerk) == 3


def test_an_old_question_does_not_settle_the_next_visitor(cast: Cast, desk: Client) -> None:
    cast.ticket(), cast.ticket()
    seat = cast.sit()
    first = serving(seat)
    actions.finish(ticket=first, by=cast.clerk)
    second = serving(seat)
    desk.post("/counter/leave/", {"settle": "finish", "ticket": first.pk})
    assert state_of(second) == State.SERVING and counter_of(cast.clerk) == 3


def test_a_visitor_of_another_branch_is_not_settled(cast: Cast, desk: Client) -> None:
    cast.sit()
    ticket = cast.ticket(cast.other_pension)
    form = {"settle": "hold", "ticket": ticket.pk}
    assert desk.post("/counter/leave/", form).status_code == 404


def test_changing_the_counter_with_a_visitor_asks_first(cast: Cast, desk: Client) -> None:
    cast.ticket()
    ticket = serving(cast.sit(3))
    question = sit(desk, cast, 4)
    assert question == f"/counter/leave/?counter={cast.counters[4].pk}"
    assert "before you change the counter" in desk.get(question).text
    assert counter_of(cast.clerk) == 3
    form = {"settle": "hold", "ticket": ticket.pk, "counter": str(cast.counters[4].pk)}
    assert desk.post("/counter/leave/", form).headers["Location"] == "/counter/"
    assert state_of(ticket) == State.HELD and counter_of(cast.clerk) == 4


def test_signing_out_with_a_visitor_asks_first(cast: Cast, desk: Client) -> None:
    cast.ticket()
    ticket = serving(cast.sit())
    question = desk.post("/sign-out/").headers["Location"]
    assert question == "/counter/leave/?then=sign-out"
    assert "before you sign out" in desk.get(question).text
    form = {"settle": "finish", "ticket": ticket.pk, "then": "sign-out"}
    assert desk.post("/counter/leave/", form).headers["Location"] == "/"
    assert state_of(ticket) == State.DONE and counter_of(cast.clerk) is None
    assert desk.get("/counter/").headers["Location"].startswith("/sign-in/")


def test_signing_out_of_a_free_counter_leaves_it(cast: Cast, desk: Client) -> None:
    cast.sit()
    assert desk.post("/sign-out/").headers["Location"] == "/"
    assert counter_of(cast.clerk) is None


def test_a_lost_browser_loses_nothing(cast: Cast, desk: Client) -> None:
    cast.ticket()
    ticket = serving(cast.sit())
    again = signed_in(Client(), cast.clerk)  # another machine, no sign-out before
    root = told(again.get("/counter/").text)
    assert (root["counter"], root["state"], root["ticket"]) == ("3", "serving", str(ticket.pk))


def test_a_visitor_is_never_left_without_a_clerk(cast: Cast, desk: Client) -> None:
    cast.ticket()
    serving(cast.sit())
    for path, form in (
        ("/sign-out/", {}),
        ("/counter/leave/", {"then": "sign-out"}),
        ("/counter/sit/", {"counter": str(cast.counters[4].pk)}),
    ):
        desk.post(path, form)
        assert counter_of(cast.clerk) == 3
    assert Ticket.objects.at_counters().count() == 1
