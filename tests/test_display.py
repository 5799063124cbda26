"""A counter's own display: the number now served, and who serves."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hall.models import Branch, Counter
from queueing import actions
from queueing.models import Ticket
from queueing.screens import display as display_screen
from tests.cast import Cast, member

URL = "/board/nanshan/counters/3/?lang=en"


def text_of(client: Client, url: str = URL) -> str:
    """The page as a string; it must be there."""
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def called(cast: Cast) -> Ticket:
    """A visitor who was just called to counter 3."""
    cast.ticket()
    ticket = actions.call_next(sitting=cast.sit(), by=cast.clerk)
    assert ticket is not None
    return ticket


def test_the_called_number_is_asked_to_come(cast: Cast, client: Client) -> None:
    ticket = called(cast)
    page = text_of(client)
    assert f'<p class="code" data-length="4">{ticket.code}</p>' in page
    assert "Please come to this counter" in page


def test_the_number_stays_while_the_visitor_is_served(cast: Cast, client: Client) -> None:
    ticket = actions.start(ticket=called(cast), by=cast.clerk)
    page = text_of(client)
    assert ticket.code in page
    assert "Being served" in page


def test_the_supervision_card_is_of_who_sits_there_now(cast: Cast, client: Client) -> None:
    cast.sit()
    page = text_of(client)
    assert "Member N1003" in page
    assert "N1003" in page
    assert "Officer" in page
    actions.sit_down(counter=cast.counters[3], by=cast.colleague, take_over=True)
    page = text_of(client)
    assert "Member N1004" in page
    assert "N1003" not in page


def test_an_idle_counter_asks_to_wait(cast: Cast, client: Client) -> None:
    cast.sit()
    assert "Please wait to be called" in text_of(client)


def test_a_closed_counter_says_where_to_go(cast: Cast, client: Client) -> None:
    page = text_of(client)
    assert "This counter is closed" in page
    assert "Please go to the guide desk: ground floor, right of the door" in page


def test_a_branch_that_does_not_tell_its_guide_desk(cast: Cast, client: Client) -> None:
    Branch.objects.update(guide_desk_zh_hans="", guide_desk_en="")
    assert "Please go to the guide desk." in text_of(client)


def test_other_counters_and_the_visitors_page_stay_out_of_it(cast: Cast, client: Client) -> None:
    ticket = called(cast)
    assert ticket.token not in text_of(client)
    assert ticket.code not in text_of(client, "/board/nanshan/counters/4/?lang=en")


def test_a_recall_changes_what_is_sent(cast: Cast, client: Client) -> None:
    ticket = called(cast)
    assert 'data-call="1"' in text_of(client)
    actions.recall(ticket=ticket, by=cast.clerk)
    assert 'data-call="2"' in text_of(client)


def test_the_photo_is_there_for_all_to_see(cast: Cast, client: Client) -> None:
    cast.clerk.photo.save("li.png", ContentFile(b"not looked at"))
    cast.sit()
    page = text_of(client)
    assert f'src="{cast.clerk.photo.url}"' in page
    assert client.get(cast.clerk.photo.url).status_code == 200


def test_a_lost_photo_leaves_the_card(cast: Cast, client: Client) -> None:
    cast.clerk.photo = "portraits/gone.png"
    cast.clerk.save()
    cast.sit()
    page = text_of(client)
    assert '<span class="initial" aria-hidden="true">M</span>' in page
    assert "Member N1003" in page


@pytest.mark.parametrize(
    "path", ["nowhere/counters/3", "nanshan/counters/99", "shekou/counters/3", "nanshan/counters/x"]
)
def test_an_unknown_counter_is_not_found(cast: Cast, client: Client, path: str) -> None:
    assert client.get(f"/board/{path}/").status_code == 404


def test_a_counter_out_of_use_is_not_found(cast: Cast, client: Client) -> None:
    Counter.objects.filter(branch=cast.branch, number=3).update(is_active=False)
    assert client.get(URL).status_code == 404


def test_it_only_shows(cast: Cast, client: Client) -> None:
    assert client.post(URL).status_code == 405


def test_a_failure_shows_a_page_that_comes_back(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(display_screen, "displays", fail)
    response = client.get(URL)
    assert response.status_code == 503
    assert response.headers["Refresh"] == "10"


def test_the_number_of_queries_does_not_grow(cast: Cast, client: Client) -> None:
    called(cast)
    with CaptureQueriesContext(connection) as few:
        text_of(client)
    assert len(few) <= 4
    for number in range(10, 30):
        counter = Counter.objects.create(branch=cast.branch, number=number)
        counter.services.set([cast.pension.service])
        person = member(f"X{number}", "某某", cast.branch, "clerk")
        cast.ticket()
        actions.call_next(sitting=actions.sit_down(counter=counter, by=person), by=person)
    with CaptureQueriesContext(connection) as many:
        text_of(client)
    assert len(many) == len(few)
