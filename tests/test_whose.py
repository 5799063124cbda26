"""A page acts for the person and the counter that it names, or for nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client

from complaints import actions as complaints
from complaints.models import Matter
from hall.models import Notice
from queueing import actions
from queueing.models import Sitting, Ticket
from staff import whose
from staff.models import Member
from tests.cast import Cast, member
from tests.test_permissions import PEOPLE, Hall, addresses, kind, table

if TYPE_CHECKING:  # what the stubs call the answer that a test client gives
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

HTMX = {"HX-Request": "true"}
WORDS = "We looked into it. {{ 1 }} <b>You</b> are right."


class Page:
    """A page that a person opened in a tab, and what its forms and its live parts send."""

    def __init__(self, browser: Client, address: str) -> None:
        self.browser, self.address = browser, address
        self.html: str = browser.get(address).text
        self.mark = unescape(re.findall(r'"X-Hall-Page": "([^"]+)"', self.html)[0])
        self.key = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.html)[0]

    def send(self, address: str, **fields: object) -> Answer:
        """Press a button as the browser itself does."""
        form = {"csrfmiddlewaretoken": self.key, "page_of": self.mark} | fields
        return self.browser.post(
            address, form, headers={"Referer": f"http://testserver{self.address}"}
        )

    def press(self, address: str) -> Answer:
        """The same by htmx, whose form may be a newer one than the page."""
        return self.browser.post(address, headers=HTMX | {"X-Hall-Page": self.mark})

    def refresh(self, address: str) -> Answer:
        """What a live part does by itself."""
        return self.browser.get(address, headers=HTMX | {"X-Hall-Page": self.mark})


def browser(person: Member) -> Client:
    """A browser, in English, in which somebody signed in."""
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def sign_out(client: Client) -> None:
    client.logout()  # forgets every cookie
    client.cookies["django_language"] = "en"


@pytest.fixture
def tabs(cast: Cast) -> Client:
    """The one browser of two tabs: 李 signed in first."""
    return browser(cast.clerk)


def says(response: Answer, *words: str) -> bool:
    """Whether nothing was done, and the sentence says so."""
    html = unescape(response.text)
    is_part = response.headers.get("HX-Retarget") in ("#main", "#whose")
    return (response.status_code == 409 or is_part) and all(each in html for each in words)


CHANGED = (
    "This page belonged to Member N1003 at counter 3.",
    "Now Member N1004 at counter 5 is signed in on this machine.",
)


# --- the desk ---


def test_a_desk_whose_browser_a_colleague_signed_in_to_acts_for_nobody(
    cast: Cast, tabs: Client
) -> None:
    """The fault as it was: the first tab refreshed itself, and called to the second's counter."""
    ticket = cast.ticket()
    cast.sit(3)
    page = Page(tabs, "/counter/")
    cast.sit(5, cast.colleague)
    tabs.force_login(cast.colleague)
    refreshed = page.refresh("/counter/?seen=idle")
    assert says(refreshed, *CHANGED) and "<form" not in refreshed.text
    assert "Nothing was changed." not in refreshed.text, "nothing was pressed"
    for address in ("/counter/next/", f"/counter/{ticket.pk}/call/"):
        pressed = page.press(address)
        assert says(pressed, *CHANGED, "Nothing was changed.") and "<form" not in pressed.text
        assert 'href="/counter/" autofocus' in pressed.text
        assert says(page.send(address), *CHANGED, "Nothing was changed.")
    assert says(page.send("/counter/leave/"), *CHANGED)
    assert says(page.send("/sign-out/"), *CHANGED), "nor does it sign the other out"
    ticket.refresh_from_db()
    assert ticket.state == "waiting" and Sitting.objects.unended().count() == 2


def test_one_clerk_at_two_machines_acts_at_the_counter_that_the_page_names(cast: Cast) -> None:
    ticket = cast.ticket()
    cast.sit(3)
    first = Page(browser(cast.clerk), "/counter/")
    second = browser(cast.clerk)
    second.post("/counter/sit/", {"counter": cast.counters[5].pk})
    moved = ("This page belonged to Member N1003 at counter 3.", "You sit at counter 5 now.")
    assert says(first.refresh("/counter/"), *moved)
    assert says(first.press("/counter/next/"), *moved)
    assert says(first.send("/counter/next/"), *moved)
    assert says(first.send(f"/counter/{ticket.pk}/call/"), *moved)
    assert says(first.send("/counter/leave/"), *moved)
    ticket.refresh_from_db()
    assert ticket.state == "waiting"
    assert Sitting.objects.unended().get().counter == cast.counters[5]
    assert first.refresh("/whose/").status_code == 204, "the person is the same"
    anew = Page(first.browser, "/counter/")
    anew.press("/counter/next/")
    ticket.refresh_from_db()
    assert ticket.state == "called" and ticket.counter == cast.counters[5]


def test_who_sits_down_again_where_the_page_says_goes_on(cast: Cast, tabs: Client) -> None:
    ticket = cast.ticket()
    cast.sit(3)
    page = Page(tabs, "/counter/")
    actions.leave(by=cast.clerk)
    cast.sit(3)
    page.press("/counter/next/")
    ticket.refresh_from_db()
    assert ticket.state == "called"


def test_a_desk_of_a_clerk_who_signed_out_leads_to_the_sign_in(cast: Cast, tabs: Client) -> None:
    cast.sit(3)
    page = Page(tabs, "/counter/")
    sign_out(tabs)
    assert page.press("/counter/next/").headers["HX-Redirect"] == "/sign-in/?next=/counter/"
    assert page.refresh("/counter/").headers["HX-Redirect"] == "/sign-in/?next=/counter/"


def test_the_note_of_a_press_is_given_back(cast: Cast, tabs: Client) -> None:
    ticket = cast.ticket()
    seat = cast.sit(3)
    actions.call(ticket=ticket, sitting=seat, by=cast.clerk)
    actions.start(ticket=ticket, by=cast.clerk)
    page = Page(tabs, "/counter/?panel=hold")
    tabs.force_login(cast.colleague)
    sent = page.send(f"/counter/{ticket.pk}/hold/", reason="two copies & more")
    assert says(sent, "two copies & more", "Now Member N1004 is signed in")
    ticket.refresh_from_db()
    assert ticket.state == "serving"


def test_a_counter_is_taken_from_whom_the_page_names_and_nobody_else(cast: Cast) -> None:
    third = member("N1005", "赵", cast.branch, "clerk")
    cast.sit(3, cast.colleague)
    mine = browser(cast.clerk)
    asked = mine.get("/counter/sit/", {"counter": cast.counters[3].pk}).text
    named = re.findall(r'name="take_over" value="(\d+)"', asked)[0]
    actions.sit_down(counter=cast.counters[3], by=third, take_over=True)
    form = {"counter": cast.counters[3].pk, "take_over": named}
    again = mine.post("/counter/sit/", form, follow=True)
    assert "Member N1005 sits at counter 3 since" in again.text
    assert Sitting.objects.unended().get().member == third


# --- words ---


def put_in(cast: Cast) -> Matter:
    return complaints.receive(branch=cast.branch, kind="complaint", text="Two hours in line.")


@pytest.mark.parametrize("move", ["reply", "note", "contact", "assign", "extend", "reopen"])
def test_an_answer_typed_by_one_never_becomes_anothers(cast: Cast, move: str) -> None:
    matter = put_in(cast)
    second = member("N1301", "郑", cast.branch, "complaint-handler")
    # As in a hall: the sign-in changes Django's own key, and this sentence goes before its.
    tabs = Client(enforce_csrf_checks=True)
    tabs.cookies["django_language"] = "en"
    tabs.force_login(cast.handler)
    page = Page(tabs, f"/matters/{matter.pk}/")
    tabs.force_login(second)
    before = list(Matter.objects.values())
    sent = page.send(f"/matters/{matter.pk}/{move}/", text=WORDS, and_close="1", seen="1")
    assert says(sent, "This page belonged to Member N1300. Now Member N1301 is signed in", WORDS)
    assert "&lt;b&gt;You" in sent.text, "as it was typed, and as text"
    assert f'href="/matters/{matter.pk}/"' in sent.text
    assert list(Matter.objects.values()) == before and matter.entries.count() == 1


def test_who_may_not_even_see_the_matter_gets_the_sentence_and_the_first_ones_words(
    cast: Cast,
) -> None:
    matter = put_in(cast)
    tabs = browser(cast.handler)
    page = Page(tabs, f"/matters/{matter.pk}/")
    tabs.force_login(cast.clerk)
    sent = page.send(f"/matters/{matter.pk}/reply/", text=WORDS)
    assert says(sent, "Now Member N1003 is signed in", WORDS) and "Two hours" not in sent.text


def test_a_page_with_something_typed_is_not_led_away_from_it(cast: Cast) -> None:
    matter = put_in(cast)
    tabs = browser(cast.handler)
    page = Page(tabs, f"/matters/{matter.pk}/")
    tabs.force_login(cast.clerk)
    for address in (f"/matters/{matter.pk}/?seen=1", "/whose/"):
        told = page.refresh(address)
        assert says(told, "Now Member N1003 is signed in", "Copy what you were writing")
        assert told.headers["HX-Retarget"] == "#whose" and "Two hours" not in told.text
    sign_out(tabs)
    told = page.refresh(f"/matters/{matter.pk}/?seen=1")
    assert says(told, "Nobody is signed in on this machine now.", "/sign-in/?next=")


def test_what_is_sent_once_more_after_a_sign_out_still_is_the_first_ones(cast: Cast) -> None:
    matter = put_in(cast)
    tabs = browser(cast.handler)
    page = Page(tabs, f"/matters/{matter.pk}/")
    sign_out(tabs)
    last = matter.entries.get().pk
    kept = page.send(f"/matters/{matter.pk}/reply/", text=WORDS, seen=last)
    assert kept.status_code == 403 and "no longer signed in" in kept.text
    once_more = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', kept.text))
    tabs.force_login(member("N1301", "郑", cast.branch, "complaint-handler"))
    sent = tabs.post(f"/matters/{matter.pk}/reply/", once_more | {"text": WORDS})
    assert says(sent, "This page belonged to Member N1300.", WORDS)
    tabs.force_login(cast.handler)
    assert tabs.post(f"/matters/{matter.pk}/reply/", once_more | {"text": WORDS}).status_code != 409
    assert matter.entries.filter(by=cast.handler, text=WORDS).count() == 1


def test_what_was_typed_in_the_administration_is_given_back_but_no_password(cast: Cast) -> None:
    tabs = browser(cast.administrator)
    html = tabs.get("/admin/hall/notice/add/").text
    mark = unescape(re.findall(r'name="page_of" value="([^"]+)"', html)[0])
    tabs.force_login(cast.supervisor)
    typed = {"branch": cast.branch.pk, "text_zh_hans": "今天下午三点闭馆", "_save": "Save"}
    sent = tabs.post("/admin/hall/notice/add/", typed | {"page_of": mark, "password1": "se-cret"})
    assert says(sent, "This page belonged to Member N1900.", "今天下午三点闭馆")
    assert "(text_zh_hans)" in sent.text and "se-cret" not in sent.text
    assert not Notice.objects.exists()
    sign_out(tabs)
    sent = tabs.post("/admin/hall/notice/add/", typed | {"page_of": mark})
    assert says(sent, "Nobody is signed in on this machine now.", "今天下午三点闭馆")


def test_an_old_key_of_the_administration_loses_no_word_either(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.administrator)
    sent = strict.post("/admin/hall/notice/add/", {"text_zh_hans": "今天下午三点闭馆"})
    assert sent.status_code == 403 and "今天下午三点闭馆" in sent.text


# --- the mark ---


def test_a_mark_that_was_made_up_tells_no_name(cast: Cast, tabs: Client) -> None:
    cast.sit(3)
    forged = str(whose.Mark(cast.colleague.pk)).replace(str(cast.colleague.pk), "1", 1)
    for mark in (forged, f"{cast.colleague.pk}.:x", "x"):
        sent = tabs.post("/counter/next/", {"page_of": mark})
        assert says(sent, "It cannot be told whose page this was.", "Now Member N1003")
        assert "N1004" not in sent.text


def test_a_mark_says_neither_name_nor_number(cast: Cast) -> None:
    mark = str(whose.Mark(cast.clerk.pk, cast.counters[3].pk))
    assert cast.clerk.staff_number not in mark and cast.clerk.name_zh_hans not in mark


def test_a_visitors_page_has_no_mark(cast: Cast, tabs: Client) -> None:
    for address in ("/box/nanshan/", "/kiosk/nanshan/", "/inquiry/"):
        html = tabs.get(address).text
        assert "X-Hall-Page" not in html
        assert html.count('name="page_of"') == html.count('class="who"')


def test_the_front_door_signs_out_only_whom_it_names(cast: Cast, tabs: Client) -> None:
    html = tabs.get("/").text
    mark = unescape(re.findall(r'class="who".*?name="page_of" value="([^"]+)"', html, re.S)[0])
    tabs.force_login(cast.colleague)
    assert says(tabs.post("/sign-out/", {"page_of": mark}), "This page belonged to Member N1003.")
    tabs.force_login(cast.clerk)
    assert tabs.post("/sign-out/", {"page_of": mark}).headers["Location"] == "/"


# --- every page and every address ---


class Forms(HTMLParser):
    """The forms of a page that are sent by POST, and the names of the fields in each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, set[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self.found.append((told.get("method") or "get", set()))
        elif tag in ("input", "textarea", "select", "button") and self.found:
            self.found[-1][1].add(told.get("name") or "")

    @property
    def unmarked(self) -> int:
        return sum(
            method.lower() == "post" and "page_of" not in names for method, names in self.found
        )


def state_of_everything() -> list[tuple[str, list[tuple[object, ...]]]]:
    """Every row of every table, but for the sessions."""
    models = [each for each in apps.get_models() if each is not Session]
    return [
        (each._meta.label, list(each._default_manager.order_by("pk").values_list()))
        for each in models
    ]


def in_ones_name(who: str) -> Iterator[str]:
    """The addresses to which this person may send something, and who is not signed in may not."""
    column = PEOPLE.index(who)
    for name, (_get, post) in table().items():
        is_own = post[column] == "." and (post[0] in "sx")
        if is_own or name in ("staff:sign_out", "admin:logout"):
            yield name


# Who sends, and one of the addresses that must be among theirs.
ONE_OF_THEM = {
    "clerk": "queueing:call_next",
    "handler": "complaints:act",
    "supervisor": "staff:roster",
    "administrator": "admin:hall_notice_add",
}


@pytest.mark.once
@pytest.mark.parametrize("who", ONE_OF_THEM)
def test_nothing_is_changed_from_another_ones_page(cast: Cast, who: str) -> None:
    hall = Hall(cast)
    me = hall.people[who]
    assert me is not None
    mark = str(whose.Mark(cast.guide.pk))
    wanted = set(in_ones_name(who))
    assert ONE_OF_THEM[who] in wanted
    for address in addresses():
        if address.name not in wanted:
            continue
        client = browser(me)
        with transaction.atomic():
            before = state_of_everything()
            sent = client.post(address.filled(hall), {"page_of": mark, "text": WORDS})
            assert says(sent, "This page belonged to Member N1200."), address.name
            assert state_of_everything() == before, address.name
            transaction.set_rollback(True)


@pytest.mark.once
@pytest.mark.parametrize("who", ONE_OF_THEM)
def test_every_form_of_a_page_in_somebodys_name_says_whose_it_is(cast: Cast, who: str) -> None:
    hall = Hall(cast)
    me = hall.people[who]
    assert me is not None
    client, seen = browser(me), 0
    for address in addresses():
        stranger = Client().get(address.filled(hall))
        if kind(address.name, stranger) not in ("s", "x"):  # type: ignore[arg-type]
            continue
        found = client.get(address.filled(hall))
        if found.status_code != 200 or not found.headers["Content-Type"].startswith("text/html"):
            continue
        forms = Forms(found.text)
        # The buttons of the languages act in nobody's name, but the page is one.
        assert forms.unmarked == 0, address.name
        assert "X-Hall-Page" in found.text or address.name.startswith(("admin", "staff:panel")), (
            address.name
        )
        seen += len(forms.found)
    assert seen > 2
    assert Ticket.objects.exists()
