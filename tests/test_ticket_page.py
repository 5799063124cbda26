"""The visitor's own page: where the ticket stands, giving it up, and the ticket on paper."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hall.live import Key
from hall.models import ServiceGuide
from queueing import actions
from queueing.models import State, Ticket
from queueing.streams import TicketPage
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(cast: Cast) -> Cast:
    return cast


@pytest.fixture
def phone() -> Client:
    """A visitor's phone, on which no language was chosen."""
    return Client()


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def english(hall: Cast) -> Ticket:
    return hall.ticket(language="en")


def called(hall: Cast) -> Ticket:
    ticket = english(hall)
    actions.call_next(sitting=hall.sit(), by=hall.clerk)
    return ticket


def serving(hall: Cast) -> Ticket:
    ticket = called(hall)
    return actions.start(ticket=ticket, by=hall.clerk)


# --- each state in kind words ---


def test_a_waiting_visitor_sees_place_and_zone(hall: Cast, phone: Client) -> None:
    hall.sit()
    hall.ticket()
    text = page(phone, english(hall).get_absolute_url())
    assert "1 person" in text
    assert "minutes" in text
    assert "Zone A, floor 1" in text
    assert 'data-state="waiting"' in text
    assert "P002: 1 before you" in text


def test_the_first_in_line_is_told_so(hall: Cast, phone: Client) -> None:
    assert "nobody, you are next" in page(phone, english(hall).get_absolute_url())


def test_a_called_visitor_sees_the_counter(hall: Cast, phone: Client) -> None:
    text = page(phone, called(hall).get_absolute_url())
    assert "It is your turn." in text
    assert '<p class="counter-number">3</p>' in text
    assert 'class="visitor is-called"' in text
    assert "P001: go to counter 3" in text


def test_each_other_state_has_its_sentence(hall: Cast, phone: Client) -> None:
    ticket = serving(hall)
    address = ticket.get_absolute_url()
    assert "You are being served at counter 3." in page(phone, address)
    actions.hold(ticket=ticket, by=hall.clerk)
    assert "Please come back to counter 3." in page(phone, address)
    ticket = actions.resume(ticket=ticket, sitting=hall.sit(), by=hall.clerk)
    actions.finish(ticket=ticket, by=hall.clerk)
    assert "Thank you for coming." in page(phone, address)


def test_a_missed_visitor_is_sent_to_the_guide_desk(hall: Cast, phone: Client) -> None:
    ticket = called(hall)
    actions.no_show(ticket=ticket, by=hall.clerk)
    text = page(phone, ticket.get_absolute_url())
    assert "That is no harm" in text
    assert "ground floor, right of the door" in text


def test_who_waited_in_vain_gets_an_apology(hall: Cast, phone: Client) -> None:
    ticket = english(hall)
    actions.close_day(branch=hall.branch, day=ticket.day)
    assert "We are sorry." in page(phone, ticket.get_absolute_url())


def test_an_unknown_ticket_is_answered_kindly(hall: Cast, phone: Client) -> None:
    phone.cookies.load({"django_language": "en"})
    for tail in ("", "print/", "cancel/"):
        text = page(phone, f"/t/nobodys-ticket/{tail}", 404)
        assert "We do not find this ticket" in text


def test_what_to_bring_is_on_the_page(hall: Cast, phone: Client) -> None:
    names = "summary handling time_limit delivery fee hours place asking complaining".split()
    ServiceGuide.objects.create(
        service=hall.pension.service,
        language="en",
        documents="Identity card",
        **dict.fromkeys(names, "-"),
    )
    assert "Identity card" in page(phone, english(hall).get_absolute_url())


# --- whose page it is ---


def test_the_page_speaks_the_tickets_language(hall: Cast, phone: Client) -> None:
    address = english(hall).get_absolute_url()
    response = phone.get(address)
    assert b'<html lang="en">' in response.content
    assert response.headers["Content-Language"] == "en"
    phone.cookies.load({"django_language": "zh-hant"})
    response = phone.get(address)
    assert b'<html lang="zh-Hant">' in response.content
    assert b"?lang=zh-hant" in response.content
    assert response.headers["Content-Language"] == "zh-Hant"


def test_the_address_is_kept_from_others(hall: Cast, phone: Client) -> None:
    address = english(hall).get_absolute_url()
    for tail in ("", "print/", "qr.svg", "cancel/"):
        headers = phone.get(address + tail).headers
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Referrer-Policy"] == "same-origin"
        assert "private" in headers["Cache-Control"]


def test_simulated_visitors_can_read_it(hall: Cast, phone: Client) -> None:
    ticket = english(hall)
    text = page(phone, ticket.get_absolute_url())
    issued = ticket.issued_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    found = dict(re.findall(r'data-(token|code|state|issued-at)="([^"]+)"', text))
    assert found == {
        "token": ticket.token,
        "code": "P001",
        "state": "waiting",
        "issued-at": issued,
    }


# --- giving it up ---


def test_giving_up_asks_first(hall: Cast, phone: Client) -> None:
    ticket = english(hall)
    assert "Give up P001?" in page(phone, f"{ticket.get_absolute_url()}cancel/")
    ticket.refresh_from_db()
    assert ticket.state == State.WAITING


def test_giving_up(hall: Cast, phone: Client) -> None:
    ticket = english(hall)
    response = phone.post(f"{ticket.get_absolute_url()}cancel/")
    assert (response.status_code, response.headers["Location"]) == (303, ticket.get_absolute_url())
    assert "You gave up your place." in page(phone, ticket.get_absolute_url())


def test_a_second_press_has_nothing_to_give_up(hall: Cast, phone: Client) -> None:
    ticket = english(hall)
    phone.post(f"{ticket.get_absolute_url()}cancel/")
    response = phone.post(f"{ticket.get_absolute_url()}cancel/")
    assert response.status_code == 303
    assert ticket.steps.count() == 2


def test_who_was_called_cannot_give_up(hall: Cast, phone: Client) -> None:
    ticket = called(hall)
    response = phone.post(f"{ticket.get_absolute_url()}cancel/")
    assert response.status_code == 409
    assert "P001 is called now" in response.content.decode()
    ticket.refresh_from_db()
    assert ticket.state == State.CALLED
    assert "no place to give up" in page(phone, f"{ticket.get_absolute_url()}cancel/")


def test_a_form_from_elsewhere_gives_nothing_up(hall: Cast) -> None:
    ticket = english(hall)
    phone = Client(enforce_csrf_checks=True)
    assert phone.post(f"{ticket.get_absolute_url()}cancel/").status_code == 403
    assert phone.delete(f"{ticket.get_absolute_url()}cancel/").status_code in (403, 405)


# --- paper ---


def test_the_paper_has_what_a_visitor_needs(hall: Cast, phone: Client) -> None:
    hall.branch.timezone = "Asia/Urumqi"
    hall.branch.save()
    hall.ticket()
    ticket = english(hall)
    text = page(phone, f"{ticket.get_absolute_url()}print/")
    local = ticket.issued_at.astimezone(hall.branch.__class__.objects.get(slug="nanshan").zone_info)
    for wanted in ("P002", "Apply for retirement", "职工正常退休申请", "Zone A, floor 1", "A区"):
        assert wanted in text
    assert "<dd>1</dd>" in text
    assert f"{local:%Y-%m-%d %H:%M}" in text


def test_a_chinese_ticket_is_not_printed_twice(hall: Cast, phone: Client) -> None:
    text = page(phone, f"{hall.ticket(language='zh-hans').get_absolute_url()}print/")
    assert text.count("职工正常退休申请") == 1


def test_the_qr_code_is_a_drawing_without_style(hall: Cast, phone: Client) -> None:
    response = phone.get(f"{english(hall).get_absolute_url()}qr.svg")
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert b"<path" in response.content
    assert b"style" not in response.content
    assert phone.get("/t/too-long-to-be-a-token-of-ours/qr.svg").status_code == 404


# --- live, and how much it asks of the database ---


def test_the_live_part_is_that_of_the_page(hall: Cast, phone: Client) -> None:
    ticket = english(hall)
    key = Key("ticket", hall.branch.pk, str(ticket.pk), "en")
    part = TicketPage().render(hall.branch.pk, [key])[key].strip()
    assert part.startswith("<article")
    assert part in page(phone, ticket.get_absolute_url())


def test_the_live_part_changes_only_with_the_ticket(hall: Cast) -> None:
    key = Key("ticket", hall.branch.pk, str(english(hall).pk), "en")
    first, second = (TicketPage().render(hall.branch.pk, [key]) for _time in range(2))
    assert first == second


def test_the_number_of_queries_is_fixed(hall: Cast, phone: Client) -> None:
    address = english(hall).get_absolute_url()
    hall.sit()
    works: list[Callable[[], object]] = [
        lambda: phone.get(address),
        lambda: phone.get(f"{address}print/"),
    ]
    few = [queries(work) for work in works]
    for _more in range(20):
        hall.ticket()
        hall.ticket(hall.medical)
    assert [queries(work) for work in works] == few
    assert max(few) <= 12


def queries(work: Callable[[], object]) -> int:
    work()
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)
