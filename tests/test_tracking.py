"""A visitor follows a matter: the promised day, the answer, and no name of anybody."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from complaints import actions
from complaints.models import TEXT_LIMIT, Matter
from queueing.models import Ticket
from tests.cast import Cast

WORDS = "<b>我还想说</b> {{ 7 }}\n" * 300


def put_in(cast: Cast, **fields: object) -> Matter:
    fields = {"kind": "complaint", "text": "Cold in here.", "language": "en"} | fields
    return actions.receive(branch=cast.branch, **fields)  # type: ignore[arg-type]


def seen(client: Client, matter: Matter) -> str:
    response = client.get(matter.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def test_the_promised_day_and_the_state_are_told(cast: Cast, client: Client) -> None:
    matter = put_in(cast)
    html = seen(client, matter)
    assert "Received" in html and f"({matter.due_on:%A})" in html and "Cold in here." in html
    actions.take(matter=matter, by=cast.handler)
    assert "Being handled" in seen(client, matter)


def test_only_what_is_for_the_visitor_is_told_and_nobodys_name(cast: Cast, client: Client) -> None:
    matter = put_in(cast, remark="There is no ticket Z9.")
    actions.take(matter=matter, by=cast.handler)
    actions.note(matter=matter, text="She is the mayor's aunt.", by=cast.handler)
    actions.contact(matter=matter, text="Rang twice.", by=cast.handler)
    actions.assign(matter=matter, owner=cast.supervisor, by=cast.handler, reason="On leave.")
    actions.extend(matter=matter, reason="We ask the plumber.", by=cast.supervisor)
    actions.reply(matter=matter, text="The heating runs again.", by=cast.supervisor, and_close=True)
    html = seen(client, matter)
    assert "We ask the plumber." in html and "The heating runs again." in html
    assert "The matter is closed" in html and "Answer of: Nanshan Service Hall" in html
    for secret in ("aunt", "Rang twice", "On leave", "no ticket Z9"):
        assert secret not in html
    for member in (cast.handler, cast.supervisor):
        assert member.staff_number not in html
        assert member.name_zh_hans not in html and member.name_en not in html


def test_the_visitors_ticket_is_not_opened_by_it(cast: Cast, client: Client) -> None:
    ticket: Ticket = cast.ticket()
    assert ticket.token not in seen(client, put_in(cast, ticket=ticket))


def test_lateness_is_admitted(cast: Cast, client: Client) -> None:
    matter = put_in(cast, now=timezone.now() - dt.timedelta(days=40))
    assert "We are late, and we are sorry." in seen(client, matter)
    actions.reply(matter=matter, text="At last.", by=cast.handler)
    assert "We are late" not in seen(client, matter)


def test_the_page_is_kept_from_search_engines_and_shared_caches(cast: Cast, client: Client) -> None:
    for address in (put_in(cast).get_absolute_url(), "/box/matter/nobodys/"):
        response = client.get(address)
        assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    response = client.get(put_in(cast).get_absolute_url())
    assert "private" in response.headers["Cache-Control"]
    assert "no-cache" in response.headers["Cache-Control"]


def test_it_speaks_the_language_of_the_browser_else_of_the_matter(
    cast: Cast, client: Client
) -> None:
    matter = put_in(cast, language="en")
    assert 'lang="en"' in seen(client, matter)
    client.cookies["django_language"] = "zh-hant"
    assert 'lang="zh-Hant"' in seen(client, matter)


def test_words_are_added_and_shown_as_text(cast: Cast, client: Client) -> None:
    matter = put_in(cast)
    response = client.post(matter.get_absolute_url(), {"text": WORDS})
    assert response.status_code == 303
    assert escape(WORDS.strip()) in seen(client, matter)
    client.post(matter.get_absolute_url(), {"text": WORDS})
    assert matter.entries.filter(move="words").count() == 1, "the same twice is one press too many"
    matter.refresh_from_db()
    assert matter.news_since is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [("  ", "Please write a few words."), ("字" * (TEXT_LIMIT + 1), "Please shorten the text")],
)
def test_words_that_are_refused_are_still_there(
    cast: Cast, client: Client, text: str, told: str
) -> None:
    matter = put_in(cast)
    response = client.post(matter.get_absolute_url(), {"text": text})
    html = response.content.decode()
    assert response.status_code == 400 and html.count(told) == 2 and text.strip() in html
    assert matter.entries.count() == 1


def test_an_old_page_comes_back_with_every_word(cast: Cast) -> None:
    matter = put_in(cast)
    response = Client(enforce_csrf_checks=True).post(matter.get_absolute_url(), {"text": WORDS})
    assert response.status_code == 403
    assert escape(WORDS.strip()) in response.content.decode()
    assert "Everything you wrote is still here" in response.content.decode()


def test_when_the_database_is_away_the_words_are_offered_again(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**kwargs: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(actions, "add_words", away)
    response = client.post(put_in(cast).get_absolute_url(), {"text": WORDS})
    assert response.status_code == 503 and escape(WORDS.strip()) in response.content.decode()


def test_nobody_guesses_a_matter(cast: Cast, client: Client) -> None:
    matter = put_in(cast)
    token = matter.token
    assert len(token) == 22
    tries = [
        token[:-1],
        token + "a",
        token.swapcase(),
        matter.reference,
        str(matter.pk),
        "%",
        "_" * 22,
    ]
    for wrong in (each for each in tries if each != token):
        for tail in ("", "receipt/", "qr.svg"):
            response = client.get(f"/box/matter/{wrong}/{tail}")
            assert response.status_code == 404 and b"Cold in here." not in response.content
        assert client.post(f"/box/matter/{wrong}/", {"text": "Hello"}).status_code == 404
    assert matter.entries.count() == 1


def test_wrong_methods(cast: Cast, client: Client) -> None:
    address = put_in(cast).get_absolute_url()
    assert client.put(address).status_code == 405
    assert client.delete(address).status_code == 405
    assert client.post(address + "qr.svg").status_code == 405


def test_changing_the_language_loses_no_word(cast: Cast, client: Client) -> None:
    matter = put_in(cast)
    response = client.post(matter.get_absolute_url(), {"text": WORDS, "language": "zh-hant"})
    html = response.content.decode()
    assert response.status_code == 200 and 'lang="zh-Hant"' in html
    assert escape(WORDS) in html and matter.entries.count() == 1
