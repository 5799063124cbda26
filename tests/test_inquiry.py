"""One field finds a ticket's place, a matter's progress or a guide; and nobody guesses a number."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from django.test import Client
from pytest_django import Settings

from complaints import actions
from complaints.models import Matter
from complaints.views import inquiry
from hall.limits import Limit
from hall.models import Branch
from queueing import actions as queue
from tests.cast import Cast

ASK = "/inquiry/"
NOT_FOUND = "We find nothing under this number."


@pytest.fixture
def visitor(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def matter(cast: Cast) -> Matter:
    return actions.receive(branch=cast.branch, kind="complaint", text="Cold in here.")


def ask(visitor: Client, typed: str, **more: str) -> str:
    response = visitor.post(ASK, {"q": typed, **more})
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def page(html: str) -> str:
    """The page without what was typed and without its key."""
    return re.sub(r'value="[^"]*"|"X-CSRFToken": "\w+"', "", html)


def test_the_empty_page_has_one_field(cast: Cast, visitor: Client) -> None:
    html = visitor.get(ASK).content.decode()
    assert html.count('type="text"') == 1
    assert visitor.get(ASK).headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_ticket_shows_its_place_and_nothing_that_opens_it(cast: Cast, visitor: Client) -> None:
    cast.ticket()
    ticket = cast.ticket()
    cast.sit()
    html = ask(visitor, "p 002")
    assert "1 person" in html and "about" in html and "waiting" in html
    assert ticket.token not in html
    called = queue.call_next(sitting=cast.branch.sittings.get(), by=cast.clerk)
    assert called is not None
    assert "please go to counter 3" in ask(visitor, "P001")
    queue.no_show(ticket=called, by=cast.clerk)
    html = ask(visitor, "P001")
    assert "You were called and were not there." in html and cast.clerk.name_en not in html


def test_several_branches_with_the_same_number_are_a_choice(cast: Cast, visitor: Client) -> None:
    cast.ticket()
    cast.ticket(cast.other_pension)
    html = ask(visitor, "P001")
    assert 'value="nanshan"' in html and 'value="shekou"' in html
    assert "Shekou Station" in ask(visitor, "P001", branch="shekou")
    assert 'value="nanshan"' not in ask(visitor, "P001", branch="shekou")
    assert 'value="nanshan"' in ask(visitor, "P001", branch="nowhere")


def test_a_closed_branch_and_another_day_are_not_found(cast: Cast, visitor: Client) -> None:
    cast.ticket(cast.other_pension)
    Branch.objects.filter(pk=cast.other.pk).update(is_active=False)
    assert NOT_FOUND in ask(visitor, "P001")


@pytest.mark.parametrize("form", ["{0}", "{1}", "{2}", "{3}", " {1}\u200b ", "{4}"])
def test_a_reference_number_leads_to_the_matter(
    cast: Cast, visitor: Client, matter: Matter, form: str
) -> None:
    digits = matter.reference
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in digits)
    parts = [digits[i : i + 4] for i in range(0, 16, 4)]
    typed = form.format(digits, " ".join(parts), "-".join(parts), wide, "－".join(parts))
    response = visitor.post(ASK, {"q": typed})
    assert response.status_code == 303
    assert response.headers["Location"] == matter.get_absolute_url()


def near(number: str) -> list[str]:
    """What somebody tries who has one number and wants another."""
    value = int(number)
    near = [str(value + step) for step in (-2, -1, 1, 2, 10, 10**8)]
    swapped = [number[:i] + number[i + 1] + number[i] + number[i + 2 :] for i in range(15)]
    shapes = [
        "%",
        "_" * 16,
        number[:-1] + "%",
        number[:-1] + "_",
        number[:-1],
        number + "0",
        "0" * 16,
    ]
    return [each for each in [*near, *swapped, *shapes, "1234567890123456", "-1"] if each != number]


def test_neighbours_and_patterns_all_get_the_same_answer(
    cast: Cast, visitor: Client, matter: Matter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inquiry, "UNKNOWN_NUMBERS", Limit("inquiry", times=1000, per=60))
    answers = {page(ask(visitor, typed)) for typed in near(matter.reference)}
    assert len(answers) == 1 and NOT_FOUND in answers.pop()


def test_numbers_follow_no_sequence(cast: Cast) -> None:
    made = [
        int(actions.receive(branch=cast.branch, kind="help", text="?").reference) for _ in range(30)
    ]
    steps = {later - earlier for earlier, later in itertools.pairwise(made)}
    assert len(steps) == 29 and made != sorted(made)
    assert all(10**15 <= each < 10**16 for each in made)


def test_after_ten_wrong_numbers_this_browser_waits_a_minute_and_no_other(
    cast: Cast, visitor: Client, matter: Matter
) -> None:
    for browser in (visitor, other := Client()):
        browser.cookies["django_language"] = "en"
        browser.get(ASK)  # a browser is known by the cookie of its form
    for step in range(10):
        ask(visitor, str(step + 1))
    slow = visitor.post(ASK, {"q": matter.reference})
    assert slow.status_code == 429
    assert (
        "Please wait a minute" in slow.content.decode()
        and matter.reference in slow.content.decode()
    )
    assert visitor.post(ASK, {"q": "retire"}).status_code == 303, "guides are always found"
    assert other.post(ASK, {"q": matter.reference}).status_code == 303, (
        "same address, another browser"
    )


def test_after_the_minute_it_goes_on(
    cast: Cast,
    visitor: Client,
    matter: Matter,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    settings.REDIS_URL = ""  # whose clock cannot be put forward
    visitor.get(ASK)  # a browser is known by the cookie of its form
    for step in range(10):
        ask(visitor, str(step + 1))
    slow = visitor.post(ASK, {"q": matter.reference})
    assert slow.status_code == 429
    later = time.time() + int(slow.headers["Retry-After"])
    monkeypatch.setattr(time, "time", lambda: later)
    assert visitor.post(ASK, {"q": matter.reference}).status_code == 303


@pytest.mark.parametrize("typed", ["养老", "how to retire", "' OR 1=1 --", "=cmd|'/C calc'!A0"])
def test_anything_else_is_looked_for_in_the_guides(cast: Cast, visitor: Client, typed: str) -> None:
    response = visitor.post(ASK, {"q": typed})
    assert response.status_code == 303 and response.headers["Location"].startswith("/guide/?q=")


@pytest.mark.parametrize("typed", ["", "   ", "x" * 201, "1" * 5000])
def test_nothing_and_too_much_are_told(cast: Cast, visitor: Client, typed: str) -> None:
    response = visitor.post(ASK, {"q": typed})
    assert response.status_code == 400 and typed.strip() in response.content.decode()


def test_an_old_page_comes_back_with_what_was_typed(cast: Cast, matter: Matter) -> None:
    response = Client(enforce_csrf_checks=True).post(ASK, {"q": matter.reference})
    assert response.status_code == 403 and matter.reference in response.content.decode()


def test_a_number_in_an_address_is_no_way_to_ask(
    cast: Cast, visitor: Client, matter: Matter
) -> None:
    html = visitor.get(ASK, {"q": matter.reference}).content.decode()
    assert matter.token not in html
    assert visitor.put(ASK).status_code == 405
