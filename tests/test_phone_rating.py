"""Rating on the visitor's own page: asked after the finish, said once, in the visitor's words."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complaints.models import Matter
from hall.live import Key
from queueing import actions as queue
from queueing.models import Ticket
from queueing.streams import TicketPage
from ratings import actions, rateable
from ratings.models import Grade, Rating, Via
from ratings.screens import phone as phone_screen
from tests.cast import Cast

pytestmark = pytest.mark.servers  # pages: once, on what a hall has

ASKS = "How was your visit?"


@pytest.fixture
def phone() -> Client:
    return Client()


@pytest.fixture
def visit(cast: Cast) -> Ticket:
    """An English visitor's visit, finished just now."""
    return finished(cast)


def finished(cast: Cast) -> Ticket:
    ticket = cast.ticket(language="en")
    queue.call(ticket=ticket, sitting=cast.sit(), by=cast.clerk)
    queue.start(ticket=ticket, by=cast.clerk)
    return queue.finish(ticket=ticket, by=cast.clerk)


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def rate_at(ticket: Ticket) -> str:
    return f"{ticket.get_absolute_url()}rate/"


def reasons_at(ticket: Ticket) -> str:
    return f"{rate_at(ticket)}reasons/"


def tap(client: Client, ticket: Ticket, grade: str = "satisfied") -> int:
    return client.post(rate_at(ticket), {"grade": grade}).status_code


def days_ago(visit: Ticket, days: int) -> None:
    Ticket.objects.filter(pk=visit.pk).update(day=visit.day - dt.timedelta(days=days))


# --- asked, and answered ---


def test_after_the_finish_the_page_asks(cast: Cast, phone: Client) -> None:
    ticket = cast.ticket(language="en")
    address = ticket.get_absolute_url()
    assert ASKS not in page(phone, address)
    queue.call(ticket=ticket, sitting=cast.sit(), by=cast.clerk)
    assert ASKS not in page(phone, address)
    queue.start(ticket=ticket, by=cast.clerk)
    assert ASKS not in page(phone, address)
    assert "when it is finished" in page(phone, rate_at(ticket))
    assert tap(phone, ticket) == 409
    queue.finish(ticket=ticket, by=cast.clerk)
    for each in (address, rate_at(ticket)):
        text = page(phone, each)
        assert ASKS in text and all(f'value="{grade}"' in text for grade in Grade.values)
    queue.reopen(ticket=ticket, by=cast.clerk)
    assert ASKS not in page(phone, address)
    assert tap(phone, ticket) == 409
    assert not Rating.objects.exists()


def test_the_grade_is_kept_and_shown(visit: Ticket, phone: Client) -> None:
    response = phone.post(rate_at(visit), {"grade": "basically"})
    assert (response.status_code, response.headers["Location"]) == (303, reasons_at(visit))
    rating = Rating.objects.get()
    assert (rating.ticket, rating.grade, rating.via) == (visit, Grade.BASICALLY, Via.PHONE)
    assert rating.device is None
    assert "You chose: basically satisfied" in page(phone, reasons_at(visit))
    text = page(phone, visit.get_absolute_url())
    assert "You chose: basically satisfied" in text and ASKS not in text
    assert reasons_at(visit) in text and "Follow your case" not in text


def test_not_satisfied_leads_to_the_case(visit: Ticket, phone: Client) -> None:
    tap(phone, visit, "dissatisfied")
    matter = Matter.objects.get(ticket=visit)
    assert matter.printed_reference in page(phone, reasons_at(visit))
    text = page(phone, visit.get_absolute_url())
    assert matter.printed_reference in text and f'href="{matter.get_absolute_url()}"' in text


def test_the_days_for_rating_end(cast: Cast, visit: Ticket, phone: Client) -> None:
    days_ago(visit, 60)
    assert ASKS not in page(phone, visit.get_absolute_url())
    assert "The time for rating this visit is over." in page(phone, rate_at(visit))
    assert tap(phone, visit) == 409
    assert not Rating.objects.exists()


def test_a_visit_that_the_day_closed_is_not_asked_for(cast: Cast, phone: Client) -> None:
    ticket = cast.ticket(language="en")
    queue.call(ticket=ticket, sitting=cast.sit(), by=cast.clerk)
    queue.start(ticket=ticket, by=cast.clerk)
    queue.close_day(branch=cast.branch, day=ticket.day)
    assert ASKS not in page(phone, ticket.get_absolute_url())
    assert tap(phone, ticket) == 409
    ticket.refresh_from_db()
    beside = phone_screen.on_tickets([ticket, finished(cast)], None)
    assert len(beside) == 1 and ticket.pk not in beside


def test_no_rating_counts_as_nothing(cast: Cast, visit: Ticket, phone: Client) -> None:
    page(phone, visit.get_absolute_url())
    page(phone, rate_at(visit))
    assert page(phone, reasons_at(visit), 303) == ""
    assert not Rating.objects.exists() and not Matter.objects.exists()


# --- once, and by the visitor ---


def test_a_second_rating_is_refused(visit: Ticket, phone: Client) -> None:
    tap(phone, visit)
    response = phone.post(rate_at(visit), {"grade": "dissatisfied"})
    assert response.status_code == 409
    text = response.content.decode()
    assert "This visit was rated already." in text and "You chose: satisfied" in text
    assert Rating.objects.get().grade == Grade.SATISFIED and not Matter.objects.exists()


def test_rated_on_the_pad_it_is_rated(visit: Ticket, phone: Client) -> None:
    actions.rate(ticket=visit, grade=Grade.SATISFIED, via=Via.PAD)
    assert "You chose: satisfied" in page(phone, visit.get_absolute_url())
    assert tap(phone, visit, "dissatisfied") == 409


@pytest.mark.parametrize("role", ["clerk", "supervisor", "administrator", "stranger"])
def test_nobody_of_the_staff_rates(cast: Cast, visit: Ticket, phone: Client, role: str) -> None:
    phone.force_login(getattr(cast, role))
    response = phone.post(rate_at(visit), {"grade": "satisfied"})
    assert response.status_code == 403
    assert "Only the visitor rates the visit." in response.content.decode()
    assert not Rating.objects.exists()
    rating = actions.rate(ticket=visit, grade=Grade.SATISFIED, via=Via.PHONE)
    response = phone.post(reasons_at(visit), {"comment": "Very good"})
    assert response.status_code == 403 and "Very good" in response.content.decode()
    rating.refresh_from_db()
    assert rating.explained_at is None


@pytest.mark.parametrize("grade", ["", "excellent", "\0", "<script>"])
def test_a_grade_that_is_none_is_refused(visit: Ticket, phone: Client, grade: str) -> None:
    response = phone.post(rate_at(visit), {"grade": grade})
    assert response.status_code == 409 and ASKS in response.content.decode()
    assert not Rating.objects.exists()


def test_an_unknown_ticket_is_answered_kindly(cast: Cast, phone: Client) -> None:
    for tail in ("rate/", "rate/reasons/"):
        assert phone.get(f"/t/nobodys-ticket/{tail}").status_code == 404
        assert phone.post(f"/t/nobodys-ticket/{tail}").status_code == 404


def test_a_form_from_elsewhere_rates_nothing(visit: Ticket) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert tap(strict, visit) == 403
    assert strict.put(rate_at(visit)).status_code in (403, 405)


def test_the_addresses_are_kept_from_others(visit: Ticket, phone: Client) -> None:
    tap(phone, visit)
    for address in (rate_at(visit), reasons_at(visit)):
        headers = phone.get(address).headers
        assert "noindex" in headers["X-Robots-Tag"] and "private" in headers["Cache-Control"]


# --- reasons and a comment ---


def test_reasons_and_words_are_kept(visit: Ticket, phone: Client) -> None:
    tap(phone, visit, "dissatisfied")
    form = {"reasons": ["slow", "unsolved"], "comment": "  <b>Too</b> slow\r\nagain "}
    response = phone.post(reasons_at(visit), form)
    assert (response.status_code, response.headers["Location"]) == (303, visit.get_absolute_url())
    rating = Rating.objects.get()
    assert rating.comment == "<b>Too</b> slow\nagain"
    assert {each.reason for each in rating.remarks.all()} == {"slow", "unsolved"}
    assert reasons_at(visit) not in page(phone, visit.get_absolute_url()), "said once"
    assert page(phone, reasons_at(visit), 303) == ""


@pytest.mark.parametrize("length", [499, 500])
def test_five_hundred_characters_are_kept_to_the_last(
    visit: Ticket, phone: Client, length: int
) -> None:
    tap(phone, visit)
    words = "\r\n".join("字" * 9 for _line in range(50))[: length + 49]
    assert phone.post(reasons_at(visit), {"comment": words}).status_code == 303
    assert len(Rating.objects.get().comment) <= 500


@pytest.mark.parametrize("comment", ["字" * 501, "<script>alert(1)</script>" * 21, "a\0b"])
def test_what_was_typed_stays_when_it_is_refused(
    visit: Ticket, phone: Client, comment: str
) -> None:
    tap(phone, visit, "dissatisfied")
    response = phone.post(reasons_at(visit), {"reasons": ["slow"], "comment": comment})
    assert response.status_code == 400
    text = response.content.decode()
    assert comment.replace("<", "&lt;").replace(">", "&gt;") in text
    assert 'value="slow" checked' in text and 'aria-invalid="true"' in text
    assert 'role="alert"' in text
    assert not Rating.objects.get().comment


def test_reasons_that_are_not_offered_are_refused(visit: Ticket, phone: Client) -> None:
    tap(phone, visit)
    form = {"reasons": ["slow", "nonsense"], "comment": "Good"}
    response = phone.post(reasons_at(visit), form)
    assert response.status_code == 400 and "Good" in response.content.decode()
    assert not Rating.objects.get().remarks.exists()


def test_later_the_reasons_are_closed_and_the_words_stay(visit: Ticket, phone: Client) -> None:
    tap(phone, visit)
    long_ago = timezone.now() - rateable.EXPLAIN_WITHIN - dt.timedelta(seconds=1)
    Rating.objects.update(given_at=long_ago)
    assert reasons_at(visit) not in page(phone, visit.get_absolute_url())
    response = phone.post(reasons_at(visit), {"comment": "My own words"})
    assert response.status_code == 409
    assert "My own words" in response.content.decode()
    assert not Rating.objects.get().comment


def test_the_way_to_the_box_knows_the_ticket(visit: Ticket, phone: Client) -> None:
    assert f'href="/box/nanshan/?ticket={visit.token}"' in page(phone, visit.get_absolute_url())


# --- live, and how much it asks of the database ---


def part(ticket: Ticket, language: str = "en") -> str:
    key = Key("ticket", ticket.branch_id, str(ticket.pk), language)
    return TicketPage().render(ticket.branch_id, [key])[key]


def test_the_live_part_asks_and_thanks(visit: Ticket) -> None:
    assert ASKS in part(visit) and part(visit) == part(visit)
    assert ASKS not in part(visit, "zh-hans")
    actions.rate(ticket=visit, grade=Grade.SATISFIED, via=Via.PAD)
    assert "You chose: satisfied" in part(visit)


def test_all_phones_of_a_hall_take_a_fixed_number_of_queries(cast: Cast) -> None:
    visits = [finished(cast)]
    days_ago(visits[0], 1)

    def queries() -> int:
        keys = [Key("ticket", cast.branch.pk, str(each.pk), "en") for each in visits]
        with CaptureQueriesContext(connection) as captured:
            assert len(TicketPage().render(cast.branch.pk, keys)) == len(visits)
        return len(captured)

    queries()  # the first fills what is kept in memory
    few = queries()
    for _more in range(10):
        visits.append(finished(cast))
        actions.rate(ticket=visits[-1], grade=Grade.DISSATISFIED, via=Via.PHONE)
    assert queries() == few


def test_each_page_takes_a_fixed_number_of_queries(cast: Cast, phone: Client) -> None:
    visit = finished(cast)

    def queries(address: str) -> int:
        page(phone, address)
        with CaptureQueriesContext(connection) as captured:
            page(phone, address)
        return len(captured)

    def counts() -> list[int]:
        addresses = (visit.get_absolute_url(), rate_at(visit), reasons_at(visit))
        return [queries(each) for each in addresses]

    actions.rate(ticket=visit, grade=Grade.DISSATISFIED, via=Via.PHONE)
    few = counts()
    for _more in range(10):
        actions.rate(ticket=finished(cast), grade=Grade.DISSATISFIED, via=Via.PHONE)
    assert counts() == few == [10, 2, 2]
