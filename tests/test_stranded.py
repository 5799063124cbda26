"""Nobody is left standing by a press in the administration: it asks first, or refuses."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.utils import translation
from pytest_django import DjangoCaptureOnCommitCallbacks

from complaints import actions as box
from complaints.models import Kind
from hall import stranded
from hall.forms import AskingForm
from hall.models import Branch, Counter, Offering, Service
from queueing import actions
from queueing.models import Sitting, Ticket
from tests.cast import Cast

# What stands in the administration and strands nobody by going, each with the reason.
STRANDS_NOBODY = {
    "axes.accessattempt": "a note of who tried to sign in",
    "axes.accessfailurelog": "a note of who tried to sign in",
    "axes.accesslog": "a note of who tried to sign in",
    "hall.specialday": "a day is no place",
    "hall.notice": "a text",
    "hall.parcel": "read there alone",
    "staff.grant": "only revoked, and what is under way goes on",
    "staff.role": "only changed",
    "queueing.ticket": "read there alone",
    "complaints.matter": "read there alone",
    "ratings.rating": "read there alone",
    "ratings.summary": "read there alone",
}


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The administration, in English."""
    client.force_login(cast.administrator)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def test_every_thing_of_the_administration_asks_or_has_a_reason_not_to() -> None:
    asking = {
        model._meta.label_lower
        for model, its_admin in admin.site._registry.items()
        if issubclass(its_admin.form, AskingForm)
    }
    known = {model._meta.label_lower for model in admin.site._registry}
    assert known - asking == STRANDS_NOBODY.keys() & known
    assert not asking & STRANDS_NOBODY.keys()


def told(thing: Model) -> str:
    with translation.override("en"):
        return " ".join(stranded.by([thing]))


def test_who_stands_where_is_told_of_each_thing(cast: Cast) -> None:
    for thing in (cast.branch, cast.pension, cast.pension.service, cast.counters[3], cast.clerk):
        assert told(thing) == ""
    seat = cast.sit()
    waiting, served = cast.ticket(), actions.call_next(sitting=seat, by=cast.clerk)
    assert served is not None and served.pk == waiting.pk
    actions.start(ticket=served, by=cast.clerk)
    cast.ticket()
    in_line, at_counter = "1 visitor waits here.", "1 visitor is called or served here."
    sits = "Member N1003 sits at counter 3."
    ends = (
        "That seat ends: who is called there is first in line again, and a visit that is going on "
        "is put on hold for a colleague."
    )
    assert told(cast.pension) == told(cast.pension.service) == f"{in_line} {at_counter}"
    assert told(cast.pension.service.category) == f"{in_line} {at_counter}"
    assert told(cast.branch) == f"{in_line} {at_counter} {sits}"
    assert told(cast.counters[3]) == told(cast.clerk) == f"{at_counter} {sits} {ends}"
    assert told(cast.medical) == told(cast.counters[4]) == told(cast.other) == ""
    actions.hold(ticket=served, by=cast.clerk)
    assert told(cast.counters[3]) == f"1 visit is on hold here. {sits} {ends}"


def test_what_is_owed_is_told(cast: Cast) -> None:
    matter = box.receive(branch=cast.branch, kind=Kind.COMPLAINT, text="Slow.")
    assert matter.owner is not None
    waits = "1 matter waits for an answer here."
    assert told(cast.branch) == told(matter.owner) == waits
    box.reply(matter=matter, text="Sorry.", by=matter.owner, and_close=True)
    assert told(cast.branch) == ""


@pytest.mark.parametrize("way", ["page", "list"])
@pytest.mark.parametrize("kind", ["offering", "service"])
def test_what_somebody_waits_for_cannot_be_deleted(
    cast: Cast, desk: Client, way: str, kind: str
) -> None:
    thing: Model = cast.pension if kind == "offering" else cast.pension.service
    ticket = cast.ticket()
    page = delete(desk, kind, thing, way)
    assert "1 visitor waits here." in page
    assert type(thing)._base_manager.filter(pk=thing.pk).exists()
    actions.cancel(ticket=ticket)
    if kind == "offering":  # a service keeps its past tickets' name: it is protected for good
        delete(desk, kind, thing, way)
        assert not Offering.objects.filter(pk=thing.pk).exists()


def delete(desk: Client, kind: str, thing: Model, way: str) -> str:
    """Delete it on its own page, or from the list; what the page says."""
    if way == "page":
        address, form = f"/admin/hall/{kind}/{thing.pk}/delete/", {"post": "yes"}
    else:
        address = f"/admin/hall/{kind}/"
        form = {"post": "yes", "action": "delete_selected", "_selected_action": str(thing.pk)}
    return desk.post(address, form).content.decode()


@pytest.mark.parametrize("kind", ["offering", "counter", "branch", "member"])
def test_closing_asks_first_and_goes_through_with_the_tick(
    cast: Cast,
    desk: Client,
    kind: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    thing: Offering | Counter | Branch | Model = {
        "offering": cast.pension,
        "counter": cast.counters[3],
        "branch": cast.branch,
        "member": cast.clerk,
    }[kind]
    field = "is_open" if kind == "offering" else "is_active"
    cast.ticket()
    actions.call_next(sitting=cast.sit(), by=cast.clerk)  # nobody waits: nothing to choose
    address, form = change_form(desk, thing)
    del form[field]
    asked = desk.post(address, form)
    page = asked.content.decode()
    assert asked.status_code == 200 and "Nothing was changed yet." in page
    assert "1 visitor is called or served here." in page
    assert 'type="checkbox" name="strands_seen"' in page, "the box to tick is there now"
    assert getattr(type(thing)._base_manager.get(pk=thing.pk), field)
    with django_capture_on_commit_callbacks(execute=True):
        again = desk.post(address, form | {"strands_seen": "on"})
    assert again.status_code == 302, again.context["adminform"].form.errors
    assert not getattr(type(thing)._base_manager.get(pk=thing.pk), field)
    # The seat ends with the counter and with the account; the visitor is in line again.
    left = 0 if kind in ("counter", "member") else 1
    assert Ticket.objects.at_counters().count() == Sitting.objects.unended().count() == left
    assert Ticket.objects.waiting().count() == 1 - left


@pytest.mark.parametrize(
    ("way", "state", "service"),
    [
        ("stay", "waiting", "retire"),
        ("line-medical", "waiting", "refund"),
        ("cancel", "cancelled", "retire"),
    ],
)
def test_who_closes_a_line_says_what_becomes_of_those_in_it(
    cast: Cast, desk: Client, way: str, state: str, service: str
) -> None:
    first, second = cast.ticket(), cast.ticket()
    actions.cancel(ticket=second)
    address, form = change_form(desk, cast.pension)
    del form["is_open"]
    asked = desk.post(address, form)
    page = asked.content.decode()
    assert asked.status_code == 200 and "1 visitor waits here." in page
    assert "They stay in line and are called as before." in page
    assert "They go into the line for Claim back medical costs" in page
    # A tick alone, or a way that there is not, says nothing of them.
    for answer in ({"strands_seen": "on"}, {"becomes": "line-0"}):
        assert desk.post(address, form | answer).status_code == 200
    way = f"line-{cast.medical.pk}" if way == "line-medical" else way
    done = desk.post(address, form | {"becomes": way})
    assert done.status_code == 302, done.context["adminform"].form.errors
    first.refresh_from_db()
    assert (first.state, first.service.slug) == (state, service)
    assert not Offering.objects.get(pk=cast.pension.pk).is_open
    if state == "waiting":
        assert actions.call_next(sitting=cast.sit(), by=cast.clerk) == first


def test_a_branch_that_closes_asks_what_becomes_of_those_who_wait(cast: Cast, desk: Client) -> None:
    ticket = cast.ticket()
    address, form = change_form(desk, cast.branch)
    del form["is_active"]
    assert desk.post(address, form | {"strands_seen": "on"}).status_code == 200
    assert desk.post(address, form | {"becomes": "cancel"}).status_code == 302
    ticket.refresh_from_db()
    assert ticket.state == "cancelled"


def test_the_last_counter_for_a_line_asks_before_it_gives_it_up(cast: Cast, desk: Client) -> None:
    cast.ticket()
    for number in (4, 5):
        cast.counters[number].services.remove(cast.pension.service)
    address, form = change_form(desk, cast.counters[4])
    del form["services"]
    assert desk.post(address, form).status_code == 302, "counter 3 still serves it"
    address, form = change_form(desk, cast.counters[3])
    waits = "Apply for retirement: 1 visitor waits, and no other counter serves it."
    for change in ({"services": [str(cast.medical.service_id)]}, {"is_active": ""}):
        asked = desk.post(address, form | change)
        assert asked.status_code == 200 and waits in asked.content.decode()
    answer = {"services": [str(cast.medical.service_id)], "strands_seen": "on"}
    assert desk.post(address, form | answer).status_code == 302


def test_closing_where_nobody_stands_asks_nothing(cast: Cast, desk: Client) -> None:
    address, form = change_form(desk, cast.pension)
    del form["is_open"]
    assert desk.post(address, form).status_code == 302


def test_moving_an_offering_asks_too(cast: Cast, desk: Client) -> None:
    cast.ticket()
    service = Service.objects.create(
        name_zh_hans="新", slug="new", category=cast.pension.service.category
    )
    address, form = change_form(desk, cast.pension)
    assert desk.post(address, form | {"service": str(service.pk)}).status_code == 200
    cast.pension.refresh_from_db()
    assert cast.pension.service_id != service.pk


def change_form(desk: Client, thing: Model) -> tuple[str, dict[str, Any]]:
    """The address of a thing's page, and its form as it stands there."""
    meta = thing._meta
    address = f"/admin/{meta.app_label}/{meta.model_name}/{thing.pk}/change/"
    context = desk.get(address).context
    fields = {bound.html_name: bound for bound in context["adminform"].form}
    form = {name: bound.value() for name, bound in fields.items()}
    for formset in context["inline_admin_formsets"]:
        management = formset.formset.management_form
        form |= {bound.html_name: bound.value() for bound in management}
        for inline in formset.formset.forms:
            form |= {bound.html_name: bound.value() for bound in inline}
    sent = {name: as_sent(value) for name, value in form.items() if value is not False}
    return address, {name: value for name, value in sent.items() if value not in ("", "None")}


def as_sent(value: object) -> object:
    """A value as a browser sends it."""
    return value if isinstance(value, list) else str(value)
