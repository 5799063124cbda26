"""Who may open what, and send what: every address that the resolver knows, for everybody.

``data/who-may-what.txt`` is the table. An address that is not in it fails, and so does an answer of
another kind than it says: whoever widens a right changes the table, where it is seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from complaints import actions as complaints
from complaints.models import Matter
from hall.models import Device, Notice, Parcel, SpecialDay
from queueing import actions
from queueing.models import Ticket
from ratings import actions as ratings
from ratings.models import Via
from staff.models import Grant, Member
from tests.cast import Cast, hire
from tests.guides import publish
from tests.months import last_month

pytestmark = pytest.mark.once  # the database makes no difference

TABLE: Final = Path(__file__).parent / "data" / "who-may-what.txt"
# The columns: first those of the branch whose things are asked for, then of another branch.
PEOPLE: Final = (
    "nobody clerk guide handler supervisor inspector leader administrator "
    "clerk-elsewhere supervisor-elsewhere administrator-elsewhere"
).split()
ARGUMENT: Final = re.compile(r"<(?:\w+:)?(\w+)>")
Row = tuple[str, str]


def table() -> dict[str, Row]:
    """What GET and POST of each address answer, a letter for each of the people."""
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line and line[0] != "#"]
    cells = [line.split() for line in lines]
    return {
        name: (get + get_there, post + post_there)
        for name, get, get_there, post, post_there in cells
    }


@dataclass(frozen=True)
class Address:
    """An address of the resolver: its name, or its route where it has none, and its pattern."""

    name: str
    route: str
    parts: tuple[URLPattern | URLResolver, ...]

    def filled(self, hall: Hall) -> str:
        """The address of something that is there."""
        values = hall.values(self.name)
        path = "/"
        for part in self.parts:
            route = str(part.pattern)
            if route.startswith("^"):  # the administration's pages of an app
                route = "<app_label>/"
            elif route.startswith("(?P<"):  # and what is not there
                route = "nowhere"
            path += ARGUMENT.sub(lambda found: str(values[found[1]]), route)
        return f"{path}?{urlencode(hall.query(self.name))}"


def addresses(
    patterns: list[URLPattern | URLResolver] | None = None,
    space: str = "",
    parts: tuple[URLPattern | URLResolver, ...] = (),
) -> Iterator[Address]:
    """Every address, the administration's too."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        here = (*parts, each)
        if isinstance(each, URLPattern):
            route = "".join(str(part.pattern) for part in here)
            yield Address(f"{space}{each.name}" if each.name else route, route, here)
        else:
            inside = f"{each.namespace}:" if each.namespace else space
            yield from addresses(each.url_patterns, inside, here)


class Hall:
    """One of everything that an address may name, all of it of the branch."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        publish(cast.pension.service, "zh-hans")
        self.summary = ratings.summarise(branch=cast.branch, month=last_month())
        self.people = people(cast)
        seat, visit = cast.sit(), cast.ticket()
        actions.call(ticket=visit, sitting=seat, by=cast.clerk)
        actions.start(ticket=visit, by=cast.clerk)
        actions.finish(ticket=visit, by=cast.clerk)
        actions.sit_down(counter=cast.other_counter, by=cast.stranger)
        self.rating = ratings.rate(ticket=visit, grade="satisfied", via=Via.PHONE)
        self.ticket = cast.ticket()
        self.matter: Matter = complaints.receive(branch=cast.branch, kind="help", text="?")
        self.device = Device.objects.create(
            branch=cast.branch, kind=Device.Kind.BOARD, paired_at=timezone.now()
        )
        now = timezone.now()
        self.parcel = Parcel.objects.create(
            kind="letter",
            key="1",
            branch=cast.branch,
            state=Parcel.State.FAILED,
            state_since=now,
            created_at=now,
            due_at=now,
        )
        Notice.objects.create(branch=cast.branch, text_zh_hans="通知")
        SpecialDay.objects.create(branch=cast.branch, date="2026-10-01", is_working=False)

    def object_of(self, model: type[Model]) -> object:
        """The id of a thing of this kind; the guide for a member, a new number for none."""
        if model is Member:
            return self.cast.guide.pk
        if model is Grant:
            return self.cast.guide.grants.get().pk
        if model is Ticket:
            return self.ticket.pk
        rows = model._default_manager.order_by("pk")
        fields = {field.name for field in model._meta.fields}
        row = (rows.filter(branch=self.cast.branch) if "branch" in fields else rows).first()
        return row.pk if row else 1

    def values(self, name: str) -> dict[str, object]:
        """What stands in the address of this name."""
        cast = self.cast
        known: dict[str, object] = {
            "branch": cast.branch.slug,
            "category": cast.pension.service.category_id,
            "token": self.ticket.token,
            "ticket": self.ticket.pk,
            "move": "start",
            "number": 3,
            "role": "clerk",
            "language": "en",
            "name": "go-to-counter",
            "offering": cast.pension.pk,
            "panel": "floor",
            "month": last_month(),
            "slug": cast.pension.service.slug,
            "pk": self.device.pk,
            "id": cast.guide.pk,
            "app_label": "staff",
            "content_type_id": ContentType.objects.get_for_model(type(self.summary)).pk,
            "object_id": self.summary.pk,
        }
        if name.startswith("complaints:"):
            known |= {"token": self.matter.token, "pk": self.matter.pk, "move": "take"}
        if "parcel" in name or "outbox" in name:
            known["pk"] = self.parcel.pk
        for model in admin.site._registry:
            there = f"{model._meta.app_label}_{model._meta.model_name}_"
            route = f"admin/{model._meta.app_label}/{model._meta.model_name}/"
            if name.startswith((f"admin:{there}", route)):
                known["object_id"] = self.object_of(model)
        return known

    def query(self, name: str) -> dict[str, object]:
        """What stands behind the question mark."""
        if name == "queueing:sit":
            return {"counter": self.cast.counters[4].pk}
        if name == "admin:autocomplete":
            return {"app_label": "staff", "model_name": "grant", "field_name": "member"}
        return {}


def people(cast: Cast) -> dict[str, Member | None]:
    """Who asks, by the name of the column."""
    inspector, leader, supervisor, station = hire(
        ("N1600", "查", cast.branch, "inspector"),
        ("N1700", "值", cast.branch, "duty-leader"),
        ("S2100", "主", cast.other, "supervisor"),
        ("S2900", "站", cast.other, "administrator"),
    )
    found = [None, cast.clerk, cast.guide, cast.handler, cast.supervisor, inspector]
    found += [leader, cast.administrator, cast.stranger, supervisor, station]
    return dict(zip(PEOPLE, found, strict=True))


def kind(name: str, response: HttpResponse) -> str:
    """What an answer is: ``.`` given, ``s`` sign in first, ``x`` not yours to do, ``-`` not there,
    ``m`` not by this method."""
    location = response.headers.get("Location", "")
    if location.startswith(("/sign-in/?", "/admin/login/?")):
        return "s"
    if location == "/admin/" and name.startswith("admin:") and name.count("_") > 1:
        return "-"  # so Django's administration says that a thing is not there
    return {403: "x", 404: "-", 405: "m"}.get(response.status_code, ".")


def answers(hall: Hall, who: str) -> dict[str, str]:
    """What GET and POST of every address answer somebody; nothing of it is kept."""
    client = Client()
    member = hall.people[who]
    if member is not None:
        client.force_login(member)
    cookies = client.cookies.output(header="", sep=";")
    found = {}
    for address in addresses():
        path = address.filled(hall)
        told = ""
        for method in (client.get, client.post):
            client.cookies = SimpleCookie(cookies)
            with transaction.atomic():
                told += kind(address.name, method(path))  # type: ignore[arg-type]
                transaction.set_rollback(True)
        found[address.name] = told
    return found


def test_the_table_names_every_address_and_no_other() -> None:
    assert [address.name for address in addresses()] == list(table())


@pytest.mark.parametrize("who", PEOPLE)
def test_each_address_answers_everybody_as_the_table_says(cast: Cast, who: str) -> None:
    column = PEOPLE.index(who)
    expected = {name: get[column] + post[column] for name, (get, post) in table().items()}
    assert answers(Hall(cast), who) == expected


def test_the_staff_of_another_branch_cannot_touch_a_ticket(cast: Cast, client: Client) -> None:
    ticket = cast.ticket()
    client.force_login(cast.stranger)
    client.post("/counter/sit/", {"counter": cast.other_counter.pk})
    for move in ("start", "finish", "recall", "no-show", "call"):
        assert client.post(f"/counter/{ticket.pk}/{move}/").status_code in (200, 302, 404, 409)
    ticket.refresh_from_db()
    assert ticket.state == "waiting"
