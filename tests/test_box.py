"""The box: anybody says something, with or without a name, and nothing that was typed is lost."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.core import signing
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from complaints import actions
from complaints.models import TEXT_LIMIT, Kind, Matter
from hall import calendar
from hall.models import Branch
from hall.refusal import Refused
from queueing import actions as queue
from queueing.models import Ticket
from tests.cast import Cast

BOX = "/box/nanshan/"
LONG = ("<script>alert(1)</script> 等了很久，没有人理我。\n" * 400)[:TEXT_LIMIT].strip()


@pytest.fixture
def visitor(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def said(**fields: object) -> dict[str, object]:
    """What a visitor sends."""
    return {
        "kind": "complaint",
        "text": "I waited for two hours.",
        "form_id": uuid.uuid4(),
    } | fields


def send(visitor: Client, **fields: object) -> Matter:
    """Send a form that must be taken; returns the matter of the receipt."""
    response = visitor.post(BOX, said(**fields))
    assert response.status_code == 303, response.content.decode()
    token = response.headers["Location"].split("/")[3]
    return Matter.objects.get(token=token)


def today(branch: Branch) -> dt.date:
    return calendar.local_day(branch, timezone.now())


def served(cast: Cast) -> Ticket:
    """A visit that the clerk finished at counter 3."""
    cast.ticket()
    visit = queue.call_next(sitting=cast.sit(), by=cast.clerk)
    assert visit is not None
    queue.start(ticket=visit, by=cast.clerk)
    return queue.finish(ticket=visit, by=cast.clerk)


def test_a_few_words_without_a_name_are_enough(cast: Cast, visitor: Client) -> None:
    page = visitor.get(BOX).content.decode()
    assert "You need not give a name." in page
    matter = send(visitor)
    assert (matter.kind, matter.name, matter.contact) == (Kind.COMPLAINT, "", "")
    assert matter.owner == cast.handler and matter.language == "en"


def test_the_receipt_shows_number_day_and_the_way_to_the_answer(
    cast: Cast, visitor: Client
) -> None:
    matter = send(visitor, kind="help", contact="138 0000 0000")
    page = visitor.get(f"/box/matter/{matter.token}/receipt/")
    html = page.content.decode()
    assert matter.printed_reference in html
    assert f"{matter.due_on:%A}" in html and str(matter.due_on.year) in html
    assert matter.get_absolute_url() in html
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in page.headers["Cache-Control"]
    code = visitor.get(f"/box/matter/{matter.token}/qr.svg")
    assert code.headers["Content-Type"] == "image/svg+xml" and b"<svg" in code.content


def test_one_branch_needs_no_choice(cast: Cast, visitor: Client) -> None:
    assert b"/box/nanshan/" in visitor.get("/box/").content
    Branch.objects.exclude(pk=cast.branch.pk).update(is_active=False)
    assert visitor.get("/box/").headers["Location"] == BOX


def test_who_comes_from_a_ticket_finds_the_visit_filled_in(cast: Cast, visitor: Client) -> None:
    visit = served(cast)
    way = visitor.get(f"/box/?ticket={visit.token}")
    assert way.headers["Location"] == f"{BOX}?ticket={visit.token}"
    html = visitor.get(way.headers["Location"]).content.decode()
    assert f'value="{visit.code}"' in html and f'value="{visit.day.isoformat()}"' in html
    assert 'name="counter" value="3"' in html
    matter = send(visitor, code=visit.code, day=visit.day.isoformat(), counter="3")
    assert matter.ticket == visit
    assert list(matter.about.all()) == [cast.clerk]


@pytest.mark.parametrize("typed", ["P001", "p 001", "Ｐ００１", "P-1", "p1"])
def test_a_ticket_is_found_however_its_number_is_typed(
    cast: Cast, visitor: Client, typed: str
) -> None:
    visit = served(cast)
    assert send(visitor, code=typed).ticket == visit


def test_an_unknown_ticket_is_asked_about_once_and_then_let_be(cast: Cast, visitor: Client) -> None:
    form = said(code="Z999")
    asked = visitor.post(BOX, form)
    html = asked.content.decode()
    assert asked.status_code == 400 and not Matter.objects.exists()
    assert "There is no ticket Z999" in html and "I waited for two hours." in html
    doubts = html.split('name="doubts" value="')[1].split('"')[0]
    other = visitor.post(BOX, form | {"code": "Z998", "doubts": doubts})
    assert other.status_code == 400, "another number is another question"
    assert visitor.post(BOX, form | {"doubts": doubts}).status_code == 303
    matter = Matter.objects.get()
    assert matter.ticket is None
    assert "Z999" in matter.entries.get().text, "the handler sees what was typed"
    assert not matter.entries.get().is_public


def test_a_ticket_of_another_day_or_branch_is_not_found(cast: Cast, visitor: Client) -> None:
    before = timezone.now() - dt.timedelta(days=1)
    old = cast.ticket(now=before)
    cast.ticket(cast.other_pension)
    assert visitor.post(BOX, said(code=old.code)).status_code == 400
    assert send(visitor, code=old.code, day=old.day.isoformat()).ticket == old


def test_a_counter_and_a_day_say_whom_it_is_about(cast: Cast, visitor: Client) -> None:
    cast.sit(4, cast.colleague)
    here = send(visitor, counter="4")
    assert here.counter == cast.counters[4] and list(here.about.all()) == [cast.colleague]
    past = (today(cast.branch) - dt.timedelta(days=3)).isoformat()
    assert not send(visitor, counter="4", day=past).about.exists(), "nobody sat there that day"
    assert visitor.post(BOX, said(counter="99")).status_code == 400


@pytest.mark.parametrize(
    ("field", "wrong", "told"),
    [
        ("kind", "", "Please choose one of the four."),
        ("kind", "murder", "Please choose one of the four."),
        ("text", "  \r\n ", "Please write a few words."),
        ("text", "x" * (TEXT_LIMIT + 1), "10001 characters"),
        ("day", "31 February", "Please write the day like this"),
        ("day", "2999-01-01", "still to come"),
        ("name", "n" * 81, "at most 80 characters"),
        ("contact", "1" * 121, "at most 120 characters"),
        ("code", "A" * 21, "at most 20 characters"),
    ],
)
def test_what_is_wrong_is_said_above_and_beside_the_field(
    cast: Cast, visitor: Client, field: str, wrong: str, told: str
) -> None:
    form = said(text=LONG, name="王奶奶", contact="0755-1234") | {field: wrong}
    response = visitor.post(BOX, form)
    html = response.content.decode()
    assert response.status_code == 400 and not Matter.objects.exists()
    assert html.count(told) == 2, "once on top, once beside the field"
    assert f'href="#id_{field}"' in html and f'id="id_{field}"' in html
    assert 'tabindex="-1" autofocus' in html
    for name in ("text", "name", "contact"):
        assert escape(str(form[name]).strip()) in html, f"{name} is still there"


def test_two_presses_are_one_matter_and_an_edit_is_another(cast: Cast, visitor: Client) -> None:
    form = said()
    first, second = (visitor.post(BOX, form) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert Matter.objects.count() == 1
    assert visitor.post(BOX, form | {"text": "And it was cold."}).status_code == 303
    assert Matter.objects.count() == 2, "who goes back and writes more is heard"


@pytest.mark.parametrize("form_id", ["", "not-a-uuid", "x" * 5000, "\x00"])
def test_a_broken_form_id_stops_nobody(cast: Cast, visitor: Client, form_id: str) -> None:
    assert send(visitor, form_id=form_id)


def test_ten_thousand_characters_arrive_to_the_last(cast: Cast, visitor: Client) -> None:
    text = "".join(chr(0x4E00 + i % 5000) for i in range(TEXT_LIMIT - 1)) + "\n"
    text = text[:-1] + "完"
    assert send(visitor, text=text.replace("\n", "\r\n")).text == text


def test_an_old_form_comes_back_with_every_word(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["django_language"] = "en"
    strict.get(BOX)
    form = said(text=LONG, name="王奶奶", csrfmiddlewaretoken=signing.get_cookie_signer().sign("x"))
    response = strict.post(BOX, form)
    html = response.content.decode()
    assert response.status_code == 403 and not Matter.objects.exists()
    assert "Everything you wrote is still here" in html
    assert escape(LONG) in html and "王奶奶" in html and str(form["form_id"]) in html
    fresh = html.split('name="csrfmiddlewaretoken" value="')[-1].split('"')[0]
    sent = strict.post(BOX, form | {"csrfmiddlewaretoken": fresh})
    assert sent.status_code == 303 and Matter.objects.get().text == LONG
    again = strict.post(BOX, form | {"again": "1"}).content.decode()
    assert "does not accept cookies" in again


@pytest.mark.parametrize("where", ["complaints.views.box.BoxForm", "complaints.actions.receive"])
def test_when_the_database_is_away_the_words_are_offered_again(
    cast: Cast, visitor: Client, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("away")

    form = said(text=LONG, contact="0755-1234")
    with monkeypatch.context() as patch:
        patch.setattr(where, away)
        response = visitor.post(BOX, form)
    html = response.content.decode()
    assert response.status_code == 503
    assert escape(LONG) in html and 'name="contact" value="0755-1234"' in html
    assert f'name="form_id" value="{form["form_id"]}"' in html
    assert "csrfmiddlewaretoken" in html


def test_the_page_that_keeps_the_words_asks_the_database_nothing(
    cast: Cast, visitor: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: object
) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr("complaints.views.box.get_object_or_404", away)
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert visitor.post(BOX, said()).status_code == 503


def test_the_form_may_be_kept_by_the_browser(cast: Cast, visitor: Client) -> None:
    assert "no-store" not in visitor.get(BOX).headers["Cache-Control"]


def test_wrong_methods_and_unknown_places(cast: Cast, visitor: Client) -> None:
    assert visitor.post("/box/").status_code == 405
    assert visitor.put(BOX).status_code == 405
    assert visitor.get("/box/nowhere/").status_code == 404
    assert visitor.post("/box/nowhere/", said()).status_code == 404
    matter = send(visitor)
    assert visitor.post(f"/box/matter/{matter.token}/receipt/").status_code == 405
    assert visitor.get("/box/matter/nobodys/receipt/").status_code == 404
    assert visitor.get("/box/matter/nobodys/qr.svg").status_code == 404


def test_what_the_register_refuses_keeps_the_words_too(
    cast: Cast, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**kwargs: object) -> None:
        raise Refused("Not today.")

    monkeypatch.setattr(actions, "receive", refuse)
    response = visitor.post(BOX, said(text=LONG))
    assert response.status_code == 409
    assert "Not today." in response.content.decode() and escape(LONG) in response.content.decode()


def test_changing_the_language_loses_no_word(cast: Cast, visitor: Client) -> None:
    form = said(text=LONG, name="王奶奶", code="Z999", kind="help")
    response = visitor.post(BOX, form | {"language": "zh-hans"})
    html = response.content.decode()
    assert response.status_code == 200 and 'lang="zh-Hans"' in html
    assert escape(LONG) in html and "王奶奶" in html and "Z999" in html
    assert str(form["form_id"]) in html and 'value="help"' in html and " checked" in html
    assert "errorlist" not in html and not Matter.objects.exists()
    assert 'lang="zh-Hans"' in visitor.get(BOX).content.decode()
