"""Simulated visitors say what they think as real ones would, and a handler answers them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from complaints.models import Matter
from complaints.models import State as Stage
from demo.visitors.crowd import Visit
from demo.visitors.office import Handler
from demo.visitors.person import Browser, Over, Page
from demo.visitors.shared import Hall, due
from demo.visitors.voices import Opinion, Pad, put_in_box, rate_on_phone
from queueing import actions
from queueing.models import Ticket
from ratings.models import Rating, Via
from tests.cast import PASSWORD, Cast

UNKIND = Opinion("dissatisfied", ("unclear",), "没说清楚。")


class Indoors(Browser):
    """A browser that needs no server; its owner never waits."""

    def __init__(self) -> None:
        super().__init__("http://testserver")
        self.client = Client()
        self.pauses = 0

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Page | None:
        kind = "application/x-www-form-urlencoded"
        answer = self.client.generic(method, path, body or b"", kind)
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        url = urljoin(self.base, path)
        return Page(url, answer.status_code, lowered, answer.content.decode(), 0, 0)

    def pause(self, seconds: float) -> None:
        self.pauses += 1
        if self.pauses > 20:
            raise Over


@pytest.fixture
def trial(settings: Settings) -> Iterator[None]:
    """A trial's pads take ratings unpaired, and chance is always the same."""
    settings.HALL_TRIAL = True
    random.seed(5)
    yield
    random.seed()


@pytest.fixture
def served(cast: Cast, trial: None) -> Ticket:
    """A visit that was finished at counter 3 just now."""
    seat = cast.sit()
    cast.ticket()
    ticket = actions.call_next(sitting=seat, by=cast.clerk)
    assert ticket is not None
    actions.start(ticket=ticket, by=cast.clerk)
    return actions.finish(ticket=ticket, by=cast.clerk)


def test_on_the_pad(served: Ticket) -> None:
    assert Pad(Indoors(), "nanshan", 3).rate(UNKIND)
    rating = Rating.objects.get()
    assert (rating.grade, rating.via, rating.ticket) == ("dissatisfied", Via.PAD, served)
    assert [each.reason for each in rating.remarks.all()] == ["unclear"]


def test_a_pad_that_asks_nothing_is_let_be(served: Ticket) -> None:
    assert not Pad(Indoors(), "nanshan", 4).rate(UNKIND)
    assert not Rating.objects.exists()


def test_on_the_phone(served: Ticket) -> None:
    assert rate_on_phone(Indoors(), served.token, UNKIND)
    rating = Rating.objects.get()
    assert (rating.via, rating.comment) == (Via.PHONE, UNKIND.comment)
    assert not rate_on_phone(Indoors(), served.token, UNKIND)


def test_in_the_box(served: Ticket) -> None:
    assert put_in_box(Indoors(), "nanshan", served.token)
    matter = Matter.objects.get()
    assert (matter.ticket, matter.counter, matter.source) == (served, served.counter, "box")


def test_a_handler_answers_what_came_in_today(
    cast: Cast, served: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_box(Indoors(), "nanshan", served.token)
    handler = Handler(Indoors(), cast.handler.staff_number, PASSWORD)
    with pytest.raises(Over):
        handler.work()
    matter = Matter.objects.get()
    assert (matter.state, matter.owner) == (Stage.CLOSED, cast.handler)


def test_older_matters_are_left_to_others(cast: Cast, served: Ticket) -> None:
    put_in_box(Indoors(), "nanshan", served.token)
    Matter.objects.update(day="2024-05-06")
    with pytest.raises(Over):
        Handler(Indoors(), cast.handler.staff_number, PASSWORD).work()
    assert Matter.objects.get().state == Stage.RECEIVED


def test_about_a_quarter_says_nothing() -> None:
    random.seed(1)
    ways = [Visit.of_anybody().rates_on for _visitor in range(1000)]
    assert 200 < ways.count("") < 300
    assert ways.count("pad") > ways.count("phone") > 100


def test_what_is_done_on_the_phone_waits_for_its_time() -> None:
    hall = Hall("http://testserver", "")
    done: list[Browser] = []
    hall.later(3600, done.append)
    hall.later(-1, done.append)
    errand = due(hall.errands)
    assert errand is not None and len(hall.errands) == 1
    assert due(hall.errands) is None
