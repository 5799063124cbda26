"""Every button of the counter screen: what it does, when it is refused, and whose it is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from hall.models import Offering
from queueing import actions
from queueing.models import Sitting, State, Step, Ticket
from queueing.views.counter import MOVES
from tests.cast import Cast
from tests.test_counter import HTMX, signed_in, told

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The clerk's browser, in English."""
    return signed_in(client, cast.clerk)


@pytest.fixture
def seat(cast: Cast) -> Sitting:
    """The clerk sits at counter 3."""
    return cast.sit()


def press(client: Client, ticket: Ticket, move: str, **form: object) -> str:
    """Press a button of the page as htmx does; the fresh desk."""
    response = client.post(f"/counter/{ticket.pk}/{move}/", form, headers=HTMX)
    assert response.status_code == 200
    return response.text


def state_of(ticket: Ticket) -> str:
    return Ticket.objects.get(pk=ticket.pk).state


def called(seat: Sitting) -> Ticket:
    ticket = actions.call_next(sitting=seat, by=seat.member)
    assert ticket is not None
    return ticket


def serving(seat: Sitting) -> Ticket:
    return actions.start(ticket=called(seat), by=seat.member)


# --- a usual visit ---


def test_a_whole_visit(cast: Cast, desk: Client, seat: Sitting) -> None:
    ticket = cast.ticket()
    root = told(desk.post("/counter/next/", headers=HTMX).text)
    assert (root["state"], root["ticket"]) == ("called", str(ticket.pk))
    assert (root["result"], root["result-state"]) == (str(ticket.pk), "called")
    assert told(press(desk, ticket, "recall"))["state"] == "called"
    assert told(press(desk, ticket, "start"))["state"] == "serving"
    page = press(desk, ticket, "finish")
    done = Ticket.objects.get(pk=ticket.pk)
    root = told(page)
    assert root["state"] == "idle" and 'data-served="1"' in page
    assert (root["result-code"], root["result-state"]) == ("P001", "done")
    assert root["result-since"] == done.state_since.astimezone(dt.UTC).isoformat()
    steps = Step.objects.filter(ticket=ticket).values_list("move", "member_id")
    mine = cast.clerk.pk
    assert [move for move, _by in steps] == ["issue", "call", "recall", "start", "finish"]
    assert {by for _move, by in steps} == {None, mine}


def test_without_javascript_a_press_leads_back_to_the_desk(
    cast: Cast, desk: Client, seat: Sitting
) -> None:
    ticket = cast.ticket()
    for address in ("next", f"{ticket.pk}/start", f"{ticket.pk}/finish"):
        response = desk.post(f"/counter/{address}/", follow=True)
        assert response.redirect_chain == [("/counter/", 302)]
    root = told(response.text)
    assert (root["result"], root["state"]) == (str(ticket.pk), "idle")
    assert "Undo finish (P001)" in response.text


def test_without_javascript_a_refusal_is_read_on_the_desk(
    cast: Cast, desk: Client, seat: Sitting
) -> None:
    ticket = cast.ticket()
    page = desk.post(f"/counter/{ticket.pk}/start/", follow=True).text
    assert 'role="alert"' in page and "P001" in page
    assert 'role="alert"' not in desk.get("/counter/").text.replace(
        'id="no-answer" role="alert"', ""
    )


# --- pressed twice, too late, in vain ---


def test_pressing_next_twice_calls_one(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket(), cast.ticket()
    desk.post("/counter/next/", headers=HTMX)
    page = desk.post("/counter/next/", headers=HTMX).text
    assert Ticket.objects.filter(state=State.CALLED).count() == 1
    assert "data-refused" in page and 'role="alert"' in page
    assert "P001 is still at your counter" in page


def test_nobody_waits(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket(cast.other_pension)
    page = desk.post("/counter/next/", headers=HTMX).text
    assert "Nobody is waiting for your counter." in page and "data-refused" not in page


@pytest.mark.parametrize(
    "move", ["start", "finish", "recall", "no-show", "return", "hold", "resume"]
)
def test_a_second_press_changes_nothing(cast: Cast, desk: Client, seat: Sitting, move: str) -> None:
    cast.ticket()
    ticket = called(seat)
    if move in ("finish", "hold", "resume"):
        actions.start(ticket=ticket, by=cast.clerk)
    if move == "resume":
        actions.hold(ticket=ticket, by=cast.clerk)
    assert "data-refused" not in press(desk, ticket, move)
    after, steps = state_of(ticket), Step.objects.count()
    page = press(desk, ticket, move)
    assert state_of(ticket) == after
    if move == "recall":  # may be pressed as often as one likes
        assert Step.objects.count() == steps + 1
    else:
        assert "data-refused" in page and "P001" in page and Step.objects.count() == steps


def test_an_undo_goes_on_with_the_visit(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket()
    ticket = serving(seat)
    assert "Undo finish (P001)" in press(desk, ticket, "finish")
    page = press(desk, ticket, "reopen")
    assert told(page)["state"] == "serving" and 'data-served="0"' in page


def test_an_undo_comes_too_late(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket()
    ticket = serving(seat)
    actions.finish(ticket=ticket, by=cast.clerk)
    Ticket.objects.filter(pk=ticket.pk).update(state_since=timezone.now() - 3 * MINUTE)
    assert "Undo finish" not in desk.get("/counter/").text
    assert "It is too late to undo this" in press(desk, ticket, "reopen")


MISSED, HELD, RETURNED, SENT_ON = "no-show", "hold", "return", "transfer"


@pytest.mark.parametrize("move", [MISSED, HELD, RETURNED, SENT_ON])
def test_an_undo_takes_back_the_last_action_or_nothing(
    cast: Cast, desk: Client, seat: Sitting, move: str
) -> None:
    cast.ticket()
    cast.ticket()
    first = serving(seat)
    press(desk, first, "finish")
    second = serving(seat) if move in (HELD, SENT_ON) else called(seat)
    page = press(desk, second, move, offering=cast.medical.pk)
    assert "data-refused" not in page and told(page)["state"] == "idle"
    assert "Undo finish" not in page and "Undo finish" not in desk.get("/counter/").text
    refused = press(desk, first, "reopen")
    assert "can no longer be undone" in refused and "data-refused" in refused
    assert state_of(first) == State.DONE


def test_bringing_a_missed_visitor_back_is_an_action_too(
    cast: Cast, desk: Client, seat: Sitting
) -> None:
    cast.ticket()
    cast.ticket()
    missed = called(seat)
    press(desk, missed, "no-show")
    first = serving(seat)
    assert "Undo finish (P002)" in press(desk, first, "finish")
    assert "Undo finish" not in press(desk, missed, "requeue")
    assert "can no longer be undone" in press(desk, first, "reopen")


def test_who_got_up_and_sat_down_again_undoes_nothing_of_before(
    cast: Cast, desk: Client, seat: Sitting
) -> None:
    cast.ticket()
    ticket = serving(seat)
    assert "Undo finish (P001)" in press(desk, ticket, "finish")
    actions.leave(by=cast.clerk)
    cast.sit()
    assert "Undo finish" not in desk.get("/counter/").text
    assert "can no longer be undone" in press(desk, ticket, "reopen")


def test_what_a_colleague_does_takes_no_undo_away(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket()
    cast.ticket()
    ticket = serving(seat)
    press(desk, ticket, "finish")
    actions.no_show(ticket=called(cast.sit(4, cast.colleague)), by=cast.colleague)
    assert "Undo finish (P001)" in desk.get("/counter/").text
    assert told(press(desk, ticket, "reopen"))["state"] == "serving"


# --- out of the usual way ---


def test_call_a_visitor_out_of_turn(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket()
    second = cast.ticket()
    assert told(press(desk, second, "call"))["code"] == "P002"


def test_a_missed_visitor_can_be_called_again_or_come_back(
    cast: Cast, desk: Client, seat: Sitting
) -> None:
    cast.ticket()
    ticket = called(seat)
    page = press(desk, ticket, "no-show")
    assert "P001 did not come." in page
    assert f"/counter/{ticket.pk}/requeue/" in page and f"/counter/{ticket.pk}/call/" in page
    assert told(press(desk, ticket, "call"))["code"] == "P001"
    press(desk, ticket, "no-show")
    assert told(press(desk, ticket, "requeue"))["line-length"] == "1"


def test_back_to_the_line(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket()
    page = press(desk, called(seat), "return")
    assert "P001 is back in line." in page and "came back" in page
    assert told(page)["state"] == "idle"


def test_hold_with_a_reason_and_go_on(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket()
    ticket = serving(seat)
    assert 'name="reason"' in desk.get("/counter/", {"panel": "hold"}, headers=HTMX).text
    page = press(desk, ticket, "hold", reason="copies <i>of the card</i>")
    assert "P001 is on hold." in page and f"/counter/{ticket.pk}/resume/" in page
    page = press(desk, ticket, "resume")
    assert told(page)["state"] == "serving"
    assert "copies &lt;i&gt;of the card&lt;/i&gt;" in page


def test_transfer_to_another_service(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket()
    ticket = serving(seat)
    panel = desk.get("/counter/", {"panel": "transfer"}, headers=HTMX).text
    assert "Claim back medical costs" in panel and "Apply for retirement" not in panel
    page = press(desk, ticket, "transfer", offering=cast.medical.pk, reason="wrong line")
    assert "P001 is in line for another service: Claim back medical costs." in page
    ticket.refresh_from_db()
    assert (ticket.state, ticket.service) == (State.WAITING, cast.medical.service)
    colleague = signed_in(Client(), cast.colleague)
    actions.call_next(sitting=cast.sit(5, cast.colleague), by=cast.colleague)
    assert "wrong line" in colleague.get("/counter/").text


@pytest.mark.parametrize("chosen", ["", "x", "99999", "9" * 40, "²"])
def test_a_transfer_needs_a_service_and_keeps_what_was_typed(
    cast: Cast, desk: Client, seat: Sitting, chosen: str
) -> None:
    cast.ticket()
    ticket = serving(seat)
    page = press(desk, ticket, "transfer", offering=chosen, reason="wrong line")
    assert "Please choose a service." in page and 'value="wrong line"' in page
    assert state_of(ticket) == State.SERVING


def test_a_transfer_goes_only_where_it_is_open(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket()
    ticket = serving(seat)
    Offering.objects.filter(pk=cast.medical.pk).update(is_open=False)
    panel = desk.get("/counter/", {"panel": "transfer"}, headers=HTMX).text
    assert "No other service is open here." in panel
    assert "data-refused" in press(desk, ticket, "transfer", offering=cast.medical.pk)
    elsewhere = press(desk, ticket, "transfer", offering=cast.other_pension.pk)
    assert "Please choose a service." in elsewhere
    assert state_of(ticket) == State.SERVING


def test_without_javascript_the_panel_is_a_page(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket()
    ticket = serving(seat)
    page = desk.get("/counter/", {"panel": "transfer"}).text
    assert "<html" in page and 'name="offering"' in page
    again = desk.post(f"/counter/{ticket.pk}/transfer/", follow=True)
    assert again.redirect_chain == [("/counter/?panel=transfer", 302)]
    assert "Please choose a service." in again.text


def test_a_panel_opens_only_during_a_visit(cast: Cast, desk: Client, seat: Sitting) -> None:
    response = desk.get("/counter/", {"panel": "transfer"}, headers=HTMX)
    assert response.headers["HX-Retarget"] == "#now" and "panel-form" not in response.text


# --- whose it is ---


@pytest.mark.parametrize("move", sorted(MOVES))
def test_every_move_is_a_post(cast: Cast, desk: Client, seat: Sitting, move: str) -> None:
    ticket = cast.ticket()
    assert desk.get(f"/counter/{ticket.pk}/{move}/").status_code == 405


def test_a_move_that_does_not_exist(cast: Cast, desk: Client, seat: Sitting) -> None:
    ticket = cast.ticket()
    for move in ("abandon", "cancel", "close", "issue"):
        assert desk.post(f"/counter/{ticket.pk}/{move}/").status_code == 404
    assert state_of(ticket) == State.WAITING


@pytest.mark.parametrize("move", sorted(MOVES))
def test_a_ticket_of_another_branch_does_not_exist(
    cast: Cast, desk: Client, seat: Sitting, move: str
) -> None:
    ticket = cast.ticket(cast.other_pension)
    assert desk.post(f"/counter/{ticket.pk}/{move}/").status_code == 404
    assert state_of(ticket) == State.WAITING


@pytest.mark.parametrize("move", sorted(MOVES))
def test_no_move_for_a_role_that_serves_nobody(cast: Cast, client: Client, move: str) -> None:
    ticket = cast.ticket()
    guide = signed_in(client, cast.guide)
    assert guide.post(f"/counter/{ticket.pk}/{move}/").status_code == 403
    assert state_of(ticket) == State.WAITING


@pytest.mark.parametrize("move", ["start", "recall", "no-show", "return"])
def test_a_colleagues_visitor_is_theirs(cast: Cast, desk: Client, seat: Sitting, move: str) -> None:
    cast.ticket()
    ticket = called(cast.sit(5, cast.colleague))
    assert "P001 is no longer at your counter." in press(desk, ticket, move)
    assert state_of(ticket) == State.CALLED


def test_a_colleague_can_go_on_with_a_visit_on_hold(cast: Cast, client: Client) -> None:
    cast.ticket()
    ticket = serving(cast.sit())
    actions.hold(ticket=ticket, by=cast.clerk)
    cast.sit(5, cast.colleague)
    colleague = signed_in(client, cast.colleague)
    assert "1 at another counter" in colleague.get("/counter/").text
    assert told(press(colleague, ticket, "resume"))["counter"] == "5"


def test_who_sits_nowhere_calls_nobody(cast: Cast, desk: Client) -> None:
    ticket = cast.ticket()
    assert desk.post("/counter/next/").headers["Location"] == "/counter/"
    assert desk.post(f"/counter/{ticket.pk}/call/").headers["Location"] == "/counter/"
    assert state_of(ticket) == State.WAITING


# --- the key to the visitor's page stays with the visitor ---


def test_no_token_of_a_ticket_is_on_the_clerks_screen(
    cast: Cast, desk: Client, seat: Sitting
) -> None:
    held, missed, done, visitor, _waiting, *_more = [cast.ticket() for _visitor in range(6)]
    pages = [press(desk, held, "call"), press(desk, held, "start"), press(desk, held, "hold")]
    pages += [press(desk, missed, "call"), press(desk, missed, "no-show")]
    pages += [press(desk, done, "call"), press(desk, done, "start"), press(desk, done, "finish")]
    pages += [desk.get("/counter/").text, press(desk, visitor, "call")]
    pages += [press(desk, visitor, "start"), desk.get("/counter/").text]
    for address in ("/counter/?panel=transfer", "/counter/?panel=hold", "/counter/leave/"):
        pages += [desk.get(address).text, desk.get(address, headers=HTMX).text]
    seen = "\n".join(pages)
    assert f"/counter/{done.pk}/reopen/" in seen and f'id="back-{missed.pk}"' in seen
    assert f'id="resume-{held.pk}"' in seen and f'value="{visitor.pk}"' in seen
    assert not [each for each in Ticket.objects.values_list("token", flat=True) if each in seen]


def test_a_token_does_not_name_a_ticket_here(cast: Cast, desk: Client, seat: Sitting) -> None:
    cast.ticket()
    ticket = called(seat)
    assert desk.post(f"/counter/{ticket.token}/start/").status_code == 404
