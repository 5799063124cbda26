"""Hostile input to every public form of the hall: a clear message, or text shown as text.

The forms are found by the address book and in the pages: a new one must be added to ``FORMS``.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import quote_plus, urlsplit

import pytest
from django.core.cache import cache
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.urls import get_resolver, resolve, reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from complaints import actions as complaints
from complaints.models import Entry, Matter
from queueing import actions as queue
from queueing.models import Ticket
from ratings import actions as ratings
from ratings import signed
from ratings.models import Rating
from tests.cast import Cast
from tests.months import last_month
from tests.test_permissions import addresses, table

pytestmark = pytest.mark.servers  # PostgreSQL minds what SQLite lets pass

URLENCODED = "application/x-www-form-urlencoded"
Values = MultiValueDict[str, str | bytes]

# What people (and machines) put into a field. Bytes are sent as they are.
HOSTILE: dict[str, str | bytes] = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "svg": "<svg/onload=alert(1)>",
    "end of a text area": "</textarea><script>alert(1)</script>",
    "end of a comment": "--><script>alert(1)</script>",
    "javascript address": "javascript:alert(1)",
    "data address": "data:text/html,<script>alert(1)</script>",
    "other host": "https://evil.example/",
    "other host, short": "//evil.example/%2f..",
    "backslashes": "/\\evil.example",
    "sql quote": "' OR '1'='1' --",
    "sql drop": "'; DROP TABLE complaints_matter; --",
    "sql wildcards": "%_%",
    "sql union": "1 UNION SELECT password FROM staff_member",
    "full text operators": "& | ! ( ) :* <-> 'x",
    "regular expression": "(a+)+$[[[",
    "null": "a\x00b",
    "null alone": "\x00",
    "control characters": "".join(map(chr, range(1, 32))),
    "delete and c1": "\x7f\x80\x9f",
    "right to left": "\u202egnp.exe\u202c \u2067abc",
    "invisible": "\u200b\u200c\u200d\ufeff\u2060",
    "zalgo": "Z" + "\u0351\u035b\u0312" * 200 + "algo",
    "emoji": "😡👨‍👩‍👧‍👦🇨🇳👍🏿",
    "rare hanzi": "𠮷𡈽𪚥",
    "noncharacters": "\ufffe\uffff",
    "lone surrogate": b"a%ED%A0%80b",
    "broken utf-8": b"%C3%28%FF%FE",
    "overlong utf-8": b"%C0%AFetc",
    "latin-1": b"caf%E9",
    "gb18030": b"%C4%E3%BA%C3",
    "half an escape": b"100%",
    "bad escape": b"%zz%u4f60",
    "header injection": "x\r\nSet-Cookie: a=b\r\nLocation: https://evil.example",
    "line separators": "a\u2028b\u2029c\x85d\x0be",
    "template": "{{ settings.SECRET_KEY }}{% load x %}{{ 7|add:7 }}",
    "format": "%(name)s %s %n {0} {name.__class__}",
    "shell": "$(touch /tmp/x); `id` | cat",
    "formula": "=cmd|' /C calc'!A0",
    "path": "../../../../etc/passwd",
    "path, escaped": "..%2f..%2fetc%2fpasswd%00.png",
    "xml": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    "json": '{"$gt": "", "__proto__": {"a": 1}}',
    "log injection": "\n2026-01-01 level='error' event='all lost'",
    "huge number": "9" * 400,
    "number beyond int's digits": "9" * 5000,
    "negative": "-1",
    "not a number": "NaN",
    "exponent": "1e309",
    "other digits": "٣٤٥ ４２ ²",
    "ten thousand": "字" * 10_000,
    "a hundred thousand": "<b>&" * 25_000,
    "a million": "长" * 1_000_000,
}


@dataclass(frozen=True)
class Form:
    """A public form: where it is, what an honest visitor sends, which fields are tried.

    In address and values stand names of the scene, see ``Scene.known``. ``kept``: fields whose
    words must be on the page again, or in the database, whatever happens.
    """

    address: str
    honest: dict[str, str]
    words: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    method: str = "post"


@dataclass
class Scene:
    """A hall with a visit, a matter and a rating to say something about."""

    cast: Cast
    waiting: Ticket
    done: Ticket
    matter: Matter
    settings: Any  # pytest-django's
    rating_pk: int = 0

    @property
    def known(self) -> dict[str, object]:
        """What forms may name."""
        return {
            "offering": self.cast.pension.pk,
            "waiting": self.waiting.token,
            "done": self.done.token,
            "matter": self.matter.token,
            "case": self.matter.pk,
            "category": self.cast.pension.service.category_id,
            "visit": self.signed(signed.VISIT, self.done.pk),
            "given": self.signed(signed.RATING, self.rating_pk),
        }

    def signed(self, kind: str, pk: int) -> str:
        """How the pad's forms name a visit or a rating."""
        until = timezone.now() + dt.timedelta(minutes=1)
        return signed.name(kind, pk, self.cast.counters[3], until)


AN_ID = "7f0b187c-9d29-4cea-be62-cdcf73fa45d9"
FORMS: dict[str, Form] = {
    "hall:language": Form("/language/", {"language": "en", "next": "/"}, ("language", "next")),
    "hall:device_pair": Form("/screens/", {}),
    "hall:guides": Form("/guide/", {}, ("q",), ("q",), "get"),
    "staff:sign_in": Form(
        "/sign-in/",
        {"username": "N1003", "password": "wrong", "next": "/"},
        ("username", "password", "next"),
    ),
    "staff:sign_out": Form("/sign-out/", {}),
    "staff:trial_sign_in": Form("/trial/sign-in/clerk/", {}),
    "queueing:kiosk_services": Form("/kiosk/nanshan/{category}/", {}, ("lane",), (), "get"),
    "queueing:kiosk_take": Form(
        "/kiosk/nanshan/take/",
        {"offering": "{offering}", "lane": "ordinary", "request_id": AN_ID},
        ("offering", "lane", "request_id"),
    ),
    "queueing:kiosk_mode": Form(
        "/kiosk/nanshan/mode/", {"mode": "large", "next": "/kiosk/nanshan/"}, ("mode", "next")
    ),
    "queueing:ticket_cancel": Form("/t/{waiting}/cancel/", {}),
    "complaints:box_form": Form(
        "/box/nanshan/",
        {"kind": "complaint", "text": "Two hours in line.", "form_id": AN_ID},
        ("kind", "text", "code", "day", "counter", "name", "contact", "form_id", "doubts"),
        ("text", "code", "counter", "name", "contact"),
    ),
    "complaints:matter": Form("/box/matter/{matter}/", {"text": "More."}, ("text",), ("text",)),
    # Of the staff; but who is signed out meanwhile gets back what they wrote.
    "complaints:act": Form(
        "/matters/{case}/reply/", {"text": "Sorry.", "seen": "1"}, ("text", "seen"), ("text",)
    ),
    "complaints:inquiry": Form("/inquiry/", {"q": "P001"}, ("q", "branch"), ("q",)),
    "ratings:pad_rate": Form(
        "/pad/nanshan/3/rate/",
        {"grade": "satisfied", "visit": "{visit}"},
        ("grade", "visit", "speak"),
    ),
    "ratings:pad_reasons": Form(
        "/pad/nanshan/3/reasons/",
        {"reasons": "slow", "given": "{given}"},
        ("reasons", "given", "speak"),
    ),
    "ratings:phone_rate": Form("/t/{done}/rate/", {"grade": "satisfied"}, ("grade",)),
    "ratings:phone_reasons": Form(
        "/t/{done}/rate/reasons/",
        {"reasons": "slow", "comment": "So slow."},
        ("reasons", "comment"),
        ("comment",),
    ),
}
# Addresses that take any method, and read nothing of what is sent.
# A board tells what it has spoken; who is not paired is refused (tests/test_announced.py).
NO_FORMS = {"queueing:kiosk_restart", "queueing:board_spoken", "readyz", "metrics"}
NEED_A_RATING = {"ratings:phone_reasons", "ratings:pad_reasons"}


@pytest.fixture
def scene(cast: Cast, settings: Any) -> Scene:
    cast.ticket()
    visit = queue.call_next(sitting=cast.sit(), by=cast.clerk)
    assert visit is not None
    queue.start(ticket=visit, by=cast.clerk)
    done = queue.finish(ticket=visit, by=cast.clerk)
    matter = complaints.receive(branch=cast.branch, kind="help", text="?", language="en")
    return Scene(cast, cast.ticket(), done, matter, settings)


@pytest.fixture
def visitor(client: Client) -> Client:
    client.raise_request_exception = False  # a fault of the server shall be seen as one
    client.cookies["django_language"] = "en"
    return client


def encoded(values: Values) -> bytes:
    """A form's body; bytes are taken as escaped already."""
    pairs = []
    for name, each in values.lists():
        for value in each:
            text = value if isinstance(value, bytes) else quote_plus(value).encode()
            pairs.append(quote_plus(name).encode() + b"=" + text)
    return b"&".join(pairs)


def send(visitor: Client, scene: Scene, form: Form, values: Values) -> HttpResponse:
    """Send a form as a browser does."""
    where, body = form.address.format(**scene.known), encoded(values)
    if form.method == "get":
        return visitor.get(where, QUERY_STRING=body.decode("latin-1"))  # type: ignore[return-value]
    return visitor.post(where, body, content_type=URLENCODED)  # type: ignore[return-value]


def honest(form: Form, scene: Scene) -> dict[str, str]:
    """What a well-meaning visitor sends."""
    return {name: value.format(**scene.known) for name, value in form.honest.items()}


def with_fields(form: Form, scene: Scene, sent: dict[str, str | bytes]) -> Values:
    """The honest form with these fields made hostile."""
    values: Values = MultiValueDict({key: [each] for key, each in honest(form, scene).items()})
    for name, value in sent.items():
        values.setlist(name, [value])
    return values


def prepare(name: str, scene: Scene, visitor: Client) -> None:
    """What must have happened before a form can be sent; no throttle of an earlier input."""
    cache.clear()
    visitor.cookies["django_language"] = "en"
    Rating.objects.all().delete()
    scene.settings.HALL_TRIAL = name.startswith("ratings:pad")  # any screen is the pad then
    if name in NEED_A_RATING:
        scene.rating_pk = ratings.rate(ticket=scene.done, grade="basically", via="phone").pk


def check(response: HttpResponse, why: str) -> str:
    """No fault of the server, no markup of a stranger's; returns the page."""
    assert response.status_code < 500, f"{why}: {response.status_code}"
    page = response.content.decode(errors="replace")
    for raw in ("<script>alert", "<img src=x", "<svg/onload", "<!ENTITY"):
        assert raw not in page, f"{why}: {raw} stands in the page as it is"
    assert "root:" not in page and "SECRET" not in unescape(page).replace("settings.SECRET_KEY", "")
    assert "a" not in response.cookies, f"{why}: a header was injected"
    target = response.headers.get("Location", "/")
    parts = urlsplit(target)
    assert not parts.scheme and not parts.netloc and "\\" not in target, f"{why}: led to {target}"
    if response.status_code >= 400:
        assert "<h1" in page, f"{why}: {response.status_code} without a page that says why"
    return page


def as_kept(value: str | bytes) -> str:
    """What of an input can be kept at all, with each run of space as one."""
    text = value if isinstance(value, str) else as_read(value)
    return " ".join(text.replace("\x00", "").split())


def as_read(value: bytes) -> str:
    """Escaped bytes as any form reads them."""
    return QueryDict(b"x=" + value)["x"]


def everything_kept() -> Iterator[str]:
    """All words in the database."""
    for matter in Matter.objects.all():
        yield from (matter.text, matter.name, matter.contact)
        yield matter.ticket.code if matter.ticket else ""
    yield from Entry.objects.values_list("text", flat=True)
    yield from Rating.objects.values_list("comment", flat=True)


def is_kept(value: str | bytes, page: str, response: HttpResponse) -> bool:
    """Whether the words stand on the page, in the database, or go on in the address."""
    wanted = as_kept(value)
    places = [unescape(page), *everything_kept()]
    if wanted and response.status_code in (302, 303):
        places.append(as_read(urlsplit(response.headers["Location"]).query[2:].encode()))
    return any(wanted in " ".join(place.replace("\x00", "").split()) for place in places)


# What has broken forms most often is tried on each field alone, too.
SHARP = (
    "script",
    "other host",
    "null",
    "lone surrogate",
    "broken utf-8",
    "header injection",
    "huge number",
    "number beyond int's digits",
    "negative",
    "ten thousand",
)
ALONE = [
    pytest.param(name, each, id=f"{name}-{each}")
    for name, form in FORMS.items()
    for each in form.words
]


def try_out(scene: Scene, visitor: Client, name: str, where: tuple[str, ...], label: str) -> None:
    """Send one hostile input in these fields of a form, and look at what comes of it."""
    form, why = FORMS[name], f"{name}, {where}: {label}"
    prepare(name, scene, visitor)
    sent = {
        each: marked(HOSTILE[label], each) if each in form.kept else HOSTILE[label]
        for each in where
    }
    response = send(visitor, scene, form, with_fields(form, scene, sent))
    page = check(response, why)
    for each in set(where) & set(form.kept):
        assert is_kept(sent[each], page, response), f"{why}: what was typed in {each} is lost"


def marked(value: str | bytes, name: str) -> str | bytes:
    """The input with the field's name behind it, to know it again."""
    return f"{value} {name}" if isinstance(value, str) else value + b"+" + name.encode()


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.words])
def test_fifty_hostile_inputs_to_every_form(scene: Scene, visitor: Client, name: str) -> None:
    assert len(HOSTILE) >= 50
    form = FORMS[name]
    for label in HOSTILE.keys() - {"a million"}:
        try_out(scene, visitor, name, form.kept or form.words, label)


@pytest.mark.parametrize(("name", "where"), ALONE)
def test_the_sharpest_of_them_in_each_field(
    scene: Scene, visitor: Client, name: str, where: str
) -> None:
    for label in SHARP:
        try_out(scene, visitor, name, (where,), label)


@pytest.mark.parametrize("name", ["complaints:box_form", "complaints:matter"])
def test_a_million_characters_come_back_to_the_last(
    scene: Scene, visitor: Client, name: str
) -> None:
    try_out(scene, visitor, name, ("text",), "a million")


@pytest.mark.parametrize("name", FORMS)
def test_missing_fields_lists_and_a_thousand_fields(
    scene: Scene, visitor: Client, name: str
) -> None:
    form = FORMS[name]
    sent = honest(form, scene)
    bodies: list[Values] = [MultiValueDict()]
    bodies += [MultiValueDict({k: [v] for k, v in sent.items() if k != left}) for left in sent]
    bodies += [MultiValueDict({key: ["", "b", "c"] for key in (*sent, *form.words)})]
    bodies += [MultiValueDict({f"{key}[]": ["1"] for key in sent})]
    bodies += [MultiValueDict({f"field{number}": ["1"] for number in range(999)})]
    bodies += [MultiValueDict({"x" * 10_000: ["1"], "\x00": ["\x00"]})]
    for number, values in enumerate(bodies):
        prepare(name, scene, visitor)
        check(send(visitor, scene, form, values), f"{name}, body {number}")


ODD_BODIES: dict[str, tuple[bytes, str]] = {
    "json": (b'{"text": "x", "q": 1}', "application/json"),
    "a list": (b"[1, 2]", "application/json"),
    "no type": (b"text=x", ""),
    "plain": (b"\xff\xfe", "text/plain"),
    "xml": (b"<a/>", "text/xml"),
    "another charset": (b"text=%C4%E3", f"{URLENCODED}; charset=gb18030"),
    "no such charset": (b"text=x", f"{URLENCODED}; charset=klingon"),
    "multipart without an end": (b"--x\r\nContent-Disp", "multipart/form-data; boundary=x"),
    "multipart without a boundary": (b"text=x", "multipart/form-data"),
    "a file": (
        b'--x\r\nContent-Disposition: form-data; name="text"; filename="../../a.exe"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\x00\x01\r\n--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "too many fields": (b"&".join(b"a%d=1" % each for each in range(1500)), URLENCODED),
    "too much": (b"text=" + b"a" * 13_000_000, URLENCODED),
}


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.method == "post"])
def test_a_body_of_another_kind(scene: Scene, visitor: Client, name: str) -> None:
    for odd, (body, kind) in ODD_BODIES.items():
        prepare(name, scene, visitor)
        where = FORMS[name].address.format(**scene.known)
        response = visitor.generic("POST", where, body, content_type=kind)
        check(response, f"{name}: {odd}")  # type: ignore[arg-type]
    assert not Matter.objects.exclude(pk=scene.matter.pk).filter(text="").exists()


@pytest.mark.parametrize("name", FORMS)
def test_an_old_or_missing_key_of_a_form_is_no_dead_end(scene: Scene, name: str) -> None:
    form = FORMS[name]
    if form.method == "get":
        return
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.cookies["django_language"] = "en"
    prepare(name, scene, strict)
    values = honest(form, scene) | {
        "csrfmiddlewaretoken": "old",
        **dict.fromkeys(form.kept, "Hear me"),
    }
    response = strict.post(form.address.format(**scene.known), values)
    page = check(response, name)  # type: ignore[arg-type]
    assert response.status_code == 403
    assert page.count("Hear me") >= len(form.kept), "what was typed is lost"


# --- addresses ---

PARTS = [
    "%00",
    "%ff%fe",
    "..%2f..%2fetc%2fpasswd",
    "'%20OR%201=1",
    "9" * 30,
    "-1",
    "%E2%80%AE",
    "a" * 5000,
]


# What a stranger's GET is not sent to the sign-in from.
OPEN = [name for name, (get, _post) in table().items() if get[0] != "s" and "admin" not in name]


@pytest.mark.parametrize("name", OPEN)
def test_strange_addresses_are_not_found(scene: Scene, visitor: Client, name: str) -> None:
    """Whatever stands in an address in place of a name, a number or a key."""
    route = route_of(name)
    for part in PARTS if "<" in route else []:
        where = "/" + re.sub(r"<[^>]*>", part, route)
        for method in (visitor.get, visitor.post):
            response = method(where)
            assert response.status_code < 500, f"{where[:60]}: {response.status_code}"


def route_of(name: str) -> str:
    """The address of this name as it stands in the address book."""
    found = [route for each, route in routes(get_resolver().url_patterns) if each == name]
    return found[0]


def routes(patterns: list[Any], space: str = "", before: str = "") -> Iterator[tuple[str, str]]:
    """Every name of the hall and its route."""
    for each in patterns:
        route = before + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from routes(
                each.url_patterns, f"{each.namespace}:" if each.namespace else space, route
            )
        else:
            yield space + (each.name or ""), route


# --- none is forgotten ---


def test_every_public_form_is_tried(scene: Scene, visitor: Client) -> None:
    """Who takes a POST from a stranger, and every form that a public page holds."""
    found = takers(scene, visitor) | on_pages(scene, visitor)
    assert found - NO_FORMS == set(FORMS), "a public form is not among FORMS, or one is gone"


def everywhere() -> set[str]:
    """Every name of the hall, but for the administration's own."""
    return {each.name for each in addresses() if "admin" not in each.name}


def address(name: str, cast: Cast, ticket: Ticket) -> str:
    """The address of this name, in the hall of the tests."""
    known: dict[str, object] = {
        "branch": cast.branch.slug,
        "category": cast.pension.service.category_id,
        "token": ticket.token,
        "ticket": ticket.pk,
        "move": "start",
        "number": 3,
        "role": "clerk",
        "language": "en",
        "name": "go-to-counter",
        "offering": cast.pension.pk,
        "panel": "floor",
        "month": last_month(),
        "slug": cast.pension.service.slug,
        "pk": 1,
    }
    if name.startswith("complaints:"):
        matter = complaints.receive(
            branch=cast.branch, kind="help", text="?", request_id=uuid.UUID(int=1)
        )
        known |= {"token": matter.token, "pk": matter.pk}
    pattern = get_resolver()
    for part in name.split(":")[:-1]:
        pattern = pattern.namespace_dict[part][1]
    wanted = {
        arg
        for route, *_ in pattern.reverse_dict.getlist(name.split(":")[-1])
        for _, args in route
        for arg in args
    }
    values = {arg: known[arg] for arg in wanted}
    query = f"?counter={cast.counters[4].pk}" if name == "queueing:sit" else ""
    return (reverse(name, kwargs=values) if values else reverse(name)) + query


def takers(scene: Scene, visitor: Client) -> set[str]:
    """Addresses that do more with a stranger's POST than to send it away."""
    found = set()
    for name in everywhere():
        response = visitor.post(address(name, scene.cast, scene.waiting))
        sent_away = response.headers.get("Location", "").startswith("/sign-in/")
        if response.status_code != 405 and not sent_away:
            found.add(name)
    return found


def on_pages(scene: Scene, visitor: Client) -> set[str]:
    """Where the forms of all pages lead that a stranger sees."""
    found = set()
    for name in everywhere():
        here = address(name, scene.cast, scene.waiting)
        response = visitor.get(here)
        if response.status_code == 200 and "text/html" in response.headers["Content-Type"]:
            for tag in re.findall(r"<form[^>]*>", response.content.decode()):
                action = re.search(r'action="([^"]*)"', tag)
                target = urlsplit(action[1]).path if action and action[1] else urlsplit(here).path
                found.add(resolve(target).view_name)
    return found
