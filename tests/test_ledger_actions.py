"""Every action leaves its rows in the ledger, in the transaction that does it: a table of scenes.

A new public function of an ``actions`` room is in ``SCENES``, or says in ``NOT_RECORDED`` why not.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import inspect
import pkgutil
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from complaints import actions as complaints
from complaints.models import Matter
from hall import ledger
from hall.actions import delivery, field_keys, outbox, rule
from hall.actions import device as devices
from hall.admin import Recorded
from hall.models import Device, LedgerRow, Notice, Parcel, Zone
from hall.outbox.kinds import KINDS, Kind
from queueing import actions
from queueing.dispatch import RETURN_AFTER
from queueing.models import Lane, Sitting, Ticket
from ratings import actions as ratings
from ratings.models import Rating
from staff import actions as staff
from staff import duty
from staff.models import Grant, Member, Role
from tests.cast import PASSWORD, Cast
from tests.house import APPS, UNRECORDED
from tests.months import last_month

Act = Callable[[], object]
Scene = Callable[[Cast], Act]
TICKET: Final = "queueing.ticket"
MATTER: Final = "complaints.matter"

# --- what has to be there before ---


def called(cast: Cast) -> Ticket:
    """A visitor is called to counter 3."""
    cast.ticket()
    seat = cast.sit()
    found = actions.call_next(sitting=seat, by=cast.clerk)
    assert found is not None
    return found


def served(cast: Cast) -> Ticket:
    return actions.start(ticket=called(cast), by=cast.clerk)


def done(cast: Cast) -> Ticket:
    return actions.finish(ticket=served(cast), by=cast.clerk)


def missed(cast: Cast) -> Ticket:
    return actions.no_show(ticket=called(cast), by=cast.clerk)


def matter(cast: Cast) -> Matter:
    return complaints.receive(branch=cast.branch, kind="complaint", text="等了很久。")


def answered(cast: Cast) -> Matter:
    return complaints.reply(matter=matter(cast), text="对不起。", by=cast.handler)


def rated(cast: Cast) -> Rating:
    return ratings.rate(ticket=done(cast), grade="satisfied", via="phone")


def granted(cast: Cast) -> Grant:
    return staff.grant(
        member=cast.clerk, role="guide", branch=cast.branch, reason="替班", by=cast.administrator
    )


def parcel(cast: Cast) -> Parcel:
    with transaction.atomic():
        kind = KINDS.get("letter")
        assert kind is not None
        outbox.put(kind, {"id": 1}, key="1", branch=cast.branch)
    return Parcel.objects.get()


def undelivered(cast: Cast) -> Parcel:
    found = parcel(cast)
    Parcel.objects.update(state=Parcel.State.FAILED)
    return found


def pair(cast: Cast, device: Device) -> Callable[[], Device]:
    return lambda: staff.pair_device(
        code=device.code,
        branch=cast.branch,
        kind="pad",
        counter=cast.counters[3],
        by=cast.supervisor,
    )


def plan(cast: Cast) -> Act:
    day = dt.date(2026, 11, 9)
    return lambda: staff.plan_day(
        branch=cast.branch,
        day=day,
        leader=cast.supervisor,
        guides=[cast.guide],
        before=duty.plan({}),
        by=cast.supervisor,
    )


def request() -> HttpRequest:
    """A request without a device's cookie."""
    return HttpRequest()


# --- the table: function → what is in the ledger after it, by whom, and how it is done ---


def at_counter(what: str, before: Callable[[Cast], Ticket], **more: object) -> tuple[str, Scene]:
    """The clerk's move with a ticket."""
    act = getattr(actions, what)

    def scene(cast: Cast) -> Act:
        ticket = before(cast)
        return lambda: act(ticket=ticket, by=cast.clerk, **more)

    names = {"return_to_line": "return"}
    return f"member ticket.{names.get(what, what)}", scene


def of_matter(what: str, before: Callable[[Cast], Matter] = matter, **more: object) -> Scene:
    """The handler's move with a matter."""
    act = getattr(complaints, what)

    def scene(cast: Cast) -> Act:
        row = before(cast)
        return lambda: act(matter=row, by=cast.handler, **more)

    return scene


def scene_of(before: Callable[[Cast], Any], act: Callable[[Cast, Any], object]) -> Scene:
    """What is there before, and what is done with it."""

    def scene(cast: Cast) -> Act:
        found = before(cast)
        return lambda: act(cast, found)

    return scene


def held(cast: Cast) -> Ticket:
    return actions.hold(ticket=served(cast), by=cast.clerk)


def seat_of(cast: Cast) -> Sitting:
    return cast.clerk.sittings.unended().get()


def alone(ticket: Ticket) -> Ticket:
    """The visitor, and nobody at the counter."""
    Sitting.objects.update(ended_at=timezone.now())
    return ticket


def ownerless(cast: Cast) -> Matter:
    found = matter(cast)
    Matter.objects.filter(pk=found.pk).update(owner=None)
    return found


SCENES: dict[str, tuple[str, Scene]] = {
    "queueing.actions.ticket.issue": (
        "visitor ticket.issue",
        lambda cast: lambda: cast.ticket(lane=Lane.ASSISTED),
    ),
    "queueing.actions.ticket.cancel": (
        "visitor ticket.cancel",
        scene_of(lambda cast: cast.ticket(), lambda _c, t: actions.cancel(ticket=t)),
    ),
    "queueing.actions.visit.call_next": (
        "member ticket.call",
        scene_of(
            lambda cast: (cast.ticket(), cast.sit())[1],
            lambda cast, s: actions.call_next(sitting=s, by=cast.clerk),
        ),
    ),
    "queueing.actions.visit.call": (
        "member ticket.requeue, member ticket.call",
        scene_of(
            missed,
            lambda cast, t: actions.call(ticket=t, sitting=seat_of(cast), by=cast.clerk),
        ),
    ),
    "queueing.actions.visit.recall": at_counter("recall", called),
    "queueing.actions.visit.start": at_counter("start", called),
    "queueing.actions.visit.finish": at_counter("finish", served),
    "queueing.actions.visit.reopen": at_counter("reopen", done),
    "queueing.actions.visit.no_show": at_counter("no_show", called),
    "queueing.actions.visit.return_to_line": at_counter("return_to_line", called),
    "queueing.actions.visit.requeue": at_counter("requeue", missed),
    "queueing.actions.visit.hold": at_counter("hold", served, reason="去复印"),
    "queueing.actions.visit.resume": (
        "member ticket.resume",
        scene_of(
            held,
            lambda cast, t: actions.resume(ticket=t, sitting=seat_of(cast), by=cast.clerk),
        ),
    ),
    "queueing.actions.visit.transfer": (
        "member ticket.transfer",
        scene_of(
            served,
            lambda cast, t: actions.transfer(ticket=t, offering=cast.medical, by=cast.clerk),
        ),
    ),
    "queueing.actions.visit.redirect": (
        "member ticket.redirect",
        scene_of(
            lambda cast: cast.ticket(),
            lambda cast, t: actions.redirect(ticket=t, offering=cast.medical, by=cast.clerk),
        ),
    ),
    "queueing.actions.seat.sit_down": (
        "member seat.leave, member seat.sit",
        scene_of(
            lambda cast: cast.sit(3, cast.colleague),
            lambda cast, _s: actions.sit_down(
                counter=cast.counters[3], by=cast.clerk, take_over=True
            ),
        ),
    ),
    "queueing.actions.seat.leave": (
        "member seat.leave",
        scene_of(lambda cast: cast.sit(), lambda cast, _s: actions.leave(by=cast.clerk)),
    ),
    "queueing.actions.seat.end_seats": (
        "hall ticket.release, hall seat.leave",
        scene_of(called, lambda _c, _t: actions.end_seats(why="account")),
    ),
    "queueing.actions.seat.close_seats": (
        "hall ticket.close, hall seat.leave",
        scene_of(served, lambda cast, t: actions.close_seats(branch=cast.branch, day=t.day)),
    ),
    "queueing.actions.seat.settle_left": (
        "hall ticket.set_aside",
        scene_of(lambda cast: alone(served(cast)), lambda _c, _t: actions.settle_left()),
    ),
    "queueing.actions.day.close_day": (
        "hall ticket.close, hall ticket.abandon, hall seat.leave",
        scene_of(
            lambda cast: (served(cast), cast.ticket())[1],
            lambda cast, t: actions.close_day(branch=cast.branch, day=t.day),
        ),
    ),
    "complaints.actions.matter.receive": ("visitor matter.receive", lambda c: lambda: matter(c)),
    "complaints.actions.matter.add_words": (
        "visitor matter.words",
        scene_of(matter, lambda _c, m: complaints.add_words(matter=m, text="还有。")),
    ),
    "complaints.actions.matter.take": ("member matter.take", of_matter("take")),
    "complaints.actions.matter.assign": (
        "member matter.assign",
        scene_of(
            matter,
            lambda c, m: complaints.assign(matter=m, owner=c.supervisor, by=c.handler),
        ),
    ),
    "complaints.actions.matter.note": ("member matter.note", of_matter("note", text="问过了。")),
    "complaints.actions.matter.contact": ("member matter.contact", of_matter("contact")),
    "complaints.actions.matter.extend": (
        "member matter.extend",
        of_matter("extend", reason="等外调。"),
    ),
    "complaints.actions.matter.reply": (
        "member matter.reply, member matter.close",
        of_matter("reply", text="对不起。", and_close=True),
    ),
    "complaints.actions.matter.close": ("member matter.close", of_matter("close", answered)),
    "complaints.actions.matter.reopen": (
        "member matter.reopen",
        of_matter(
            "reopen",
            lambda cast: complaints.close(matter=answered(cast), by=cast.handler),
            reason="没办完。",
        ),
    ),
    "complaints.actions.matter.find_owner": (
        "hall matter.assign",
        scene_of(ownerless, lambda _c, m: complaints.find_owner(matter=m)),
    ),
    "ratings.actions.rating.rate": (
        "visitor matter.receive, visitor rating.give",
        scene_of(
            done,
            lambda _c, t: ratings.rate(ticket=t, grade="dissatisfied", via="pad"),
        ),
    ),
    "ratings.actions.rating.explain": (
        "visitor rating.explain",
        scene_of(rated, lambda _c, r: ratings.explain(rating=r, comment="很好。")),
    ),
    "ratings.actions.summary.summarise": (
        "hall summary.make",
        lambda cast: lambda: ratings.summarise(branch=cast.branch, month=last_month()),
    ),
    "staff.actions.access.grant": ("member access.grant", lambda cast: lambda: granted(cast)),
    "staff.actions.access.revoke": (
        "member access.revoke",
        scene_of(granted, lambda c, g: staff.revoke(grant=g, by=c.administrator)),
    ),
    "staff.actions.access.set_rights": (
        "member role.set_rights",
        lambda cast: (
            lambda: staff.set_rights(
                role=Role.objects.get(slug="guide"), rights=[], by=cast.administrator
            )
        ),
    ),
    "staff.actions.device.pair_device": (
        "member device.revoke, member device.pair",
        lambda cast: (in_use(cast), pair(cast, devices.begin()[0]))[1],
    ),
    "staff.actions.device.revoke_device": (
        "member device.revoke",
        lambda cast: (lambda d: lambda: staff.revoke_device(device=d, by=cast.supervisor))(
            in_use(cast)
        ),
    ),
    "staff.actions.duty.put_on_duty": (
        "member duty.take_off, member duty.put_on",
        scene_of(
            lambda cast: on_duty(cast, cast.clerk), lambda cast, _d: on_duty(cast, cast.supervisor)
        ),
    ),
    "staff.actions.duty.take_off_duty": (
        "member duty.take_off",
        scene_of(
            lambda cast: on_duty(cast, cast.clerk),
            lambda cast, d: staff.take_off_duty(duty=d, by=cast.supervisor),
        ),
    ),
    "staff.actions.duty.plan_day": ("member duty.put_on, member duty.put_on", plan),
    "staff.actions.outbox.settle_parcel": (
        "member parcel.drop",
        scene_of(
            undelivered,
            lambda c, p: staff.settle_parcel(parcel=p, decision="drop", by=c.supervisor),
        ),
    ),
    "staff.actions.sign_in.signed_in": (
        "member member.sign_in",
        lambda _c: (
            lambda: Client().post(
                reverse("staff:sign_in"), {"username": "N1003", "password": PASSWORD}
            )
        ),
    ),
    "staff.actions.sign_in.signed_out": (
        "member member.sign_out",
        lambda cast: signed_in(cast).logout,
    ),
    "staff.actions.sign_in.sign_in_failed": (
        "hall member.sign_in_failed",
        lambda _c: lambda: authenticate(request(), username="N1003", password="wrong"),
    ),
    "hall.actions.device.begin": ("device device.begin", lambda _c: devices.begin),
    "hall.actions.device.forget_unpaired": (
        "hall device.forget_unpaired",
        scene_of(
            lambda _c: devices.begin(),
            lambda _c, _d: devices.forget_unpaired(timezone.now() + dt.timedelta(days=1)),
        ),
    ),
    "hall.actions.rule.set_rule": (
        "member rule.set",
        lambda cast: (
            lambda: rule.set_rule(
                branch=cast.branch, rule=RETURN_AFTER, value=5, by=cast.administrator
            )
        ),
    ),
    "hall.actions.outbox.decide": (
        "member parcel.again",
        scene_of(
            undelivered,
            lambda c, p: outbox.decide(parcel=p, decision="again", by=c.supervisor),
        ),
    ),
    "hall.actions.field_keys.rotate": (
        "hall keys.rotate",
        scene_of(
            lambda cast: complaints.receive(
                branch=cast.branch, kind="help", text="?", contact="138 0013 8000"
            ),
            lambda _c, _m: with_a_new_key(lambda: list(field_keys.rotate())),
        ),
    ),
    "hall.actions.delivery.deliver_due": (
        "hall parcel.deliver",
        scene_of(parcel, lambda _c, _p: delivery.deliver_due()),
    ),
    "hall.actions.delivery.prune": (
        "hall parcel.prune",
        scene_of(
            lambda cast: (parcel(cast), delivery.deliver_due())[1],
            lambda _c, _p: delivery.prune(before=timezone.now() + dt.timedelta(days=1)),
        ),
    ),
}
# Those that change nothing; those that write all the same are in ``tests.house.UNRECORDED``.
CHANGE_NOTHING: Final = {
    "hall.actions.device.hashed": "a hash",
    "queueing.actions.seat.check_free": "a question",
    "queueing.actions.locking.one_statement": "a transaction",
    "queueing.actions.locking.first_wins": "a transaction",
    "queueing.actions.locking.locked_seats": "a question",
    "queueing.actions.locking.own_seat": "a question",
    "ratings.actions.rating.in_words": "a text",
    "ratings.actions.rating.case_text": "a text",
    "staff.actions.access.check_grant": "a question",
}


def in_use(cast: Cast) -> Device:
    """A pad at counter 3."""
    return pair(cast, devices.begin()[0])()


def with_a_new_key(act: Act) -> object:
    """Done in a hall that has been given a newer key."""
    keys = [Fernet.generate_key().decode(), *settings.HALL_FIELD_KEYS]
    with override_settings(HALL_FIELD_KEYS=keys):
        return act()


def on_duty(cast: Cast, leader: Member) -> object:
    return staff.put_on_duty(
        branch=cast.branch,
        day=dt.date(2026, 11, 9),
        role="leader",
        member=leader,
        by=cast.supervisor,
    )


def signed_in(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.clerk)
    return client


def public_actions() -> set[str]:
    """Every public function of every room of actions, by its full name."""
    found = set()
    for app in APPS:
        room = importlib.import_module(f"{app}.actions")
        for each in pkgutil.iter_modules(room.__path__):
            module = importlib.import_module(f"{room.__name__}.{each.name}")
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if function.__module__ == module.__name__ and not name.startswith("_"):
                    found.add(f"{module.__name__}.{name}")
    return found


@pytest.fixture(autouse=True)
def letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind of parcel that goes nowhere."""
    kind = Kind("letter", gettext_lazy("paper"), lambda _content: None, pauses=(10,))
    monkeypatch.setattr(KINDS, "_plugs", KINDS._plugs | {"letter": kind})


def told(rows: list[LedgerRow]) -> str:
    return ", ".join(f"{row.actor} {row.what}" for row in rows)


@pytest.mark.once
def test_every_action_has_a_scene_or_a_reason() -> None:
    assert set(SCENES) | set(CHANGE_NOTHING) | set(UNRECORDED) == public_actions()


@pytest.mark.parametrize("name", SCENES)
def test_an_action_leaves_its_rows(cast: Cast, name: str) -> None:
    expected, scene = SCENES[name]
    act = scene(cast)
    last = LedgerRow.objects.order_by("pk").last()
    act()
    rows = list(LedgerRow.objects.filter(pk__gt=last.pk if last else 0).order_by("pk"))
    assert told(rows) == expected
    for row in rows:
        is_visitor = row.actor == LedgerRow.Actor.VISITOR
        is_on_the_hour = (row.at.minute, row.at.second, row.at.microsecond) == (0, 0, 0)
        assert is_visitor == is_on_the_hour
        assert (row.actor == LedgerRow.Actor.MEMBER) == bool(row.actor_id and row.actor_name)
        assert row.kind == "" or row.object_id


@contextlib.contextmanager
def full() -> Iterator[None]:
    """The ledger takes no row."""
    statements = {
        "sqlite": (
            "CREATE TRIGGER is_full BEFORE INSERT ON hall_ledgerrow"
            " BEGIN SELECT RAISE(ABORT, 'full'); END",
            "DROP TRIGGER is_full",
        ),
        "postgresql": (
            "ALTER TABLE hall_ledgerrow ADD CONSTRAINT is_full CHECK (id < 0) NOT VALID",
            "ALTER TABLE hall_ledgerrow DROP CONSTRAINT is_full",
        ),
    }
    fill, empty = statements[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(fill)
    yield
    with connection.cursor() as cursor:
        cursor.execute(empty)


def everything() -> dict[str, list[str]]:
    """All rows of all tables."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


# A session, and what is known of an address, are not undone; a delivery was made; keys are given
# row by row.
ALONE: Final = {name for name in SCENES if name.startswith("staff.actions.sign_in.")} | {
    "hall.actions.delivery.deliver_due",
    "hall.actions.field_keys.rotate",
}


@pytest.mark.parametrize("name", sorted(set(SCENES) - ALONE))
def test_what_cannot_be_recorded_is_not_done(cast: Cast, name: str) -> None:
    act = SCENES[name][1](cast)
    before = everything()
    with full(), contextlib.suppress(Exception):
        act()
    assert everything() == before


# --- the same on both databases, where one statement writes ticket and ledger ---


def test_a_call_and_a_ticket_are_told_alike_on_both_databases(cast: Cast) -> None:
    now = dt.datetime(2026, 11, 2, 2, 41, 7, 8, tzinfo=dt.UTC)
    cast.ticket(now=now)
    theirs = cast.ticket(by=cast.guide, now=now)
    seat = cast.sit()
    ticket = actions.call_next(sitting=seat, by=cast.clerk, now=now + dt.timedelta(minutes=1))
    assert ticket is not None
    own, issued, call = (
        LedgerRow.objects.get(what=what, object_id=pk)
        for what, pk in (
            ("ticket.issue", ticket.pk),
            ("ticket.issue", theirs.pk),
            ("ticket.call", ticket.pk),
        )
    )
    service = cast.pension.service_id
    facts = {"service": service, "lane": "ordinary", "language": "zh-hans"}
    assert own.facts == issued.facts == facts
    assert (own.actor, own.actor_id, own.actor_name, own.at.minute) == ("visitor", None, "", 0)
    assert (issued.actor_id, issued.actor_number, issued.at) == (cast.guide.pk, "N1200", now)
    assert call.facts == {
        "state": ["waiting", "called"],
        "service": service,
        "counter": cast.counters[3].pk,
    }
    assert (call.actor_id, call.actor_number, call.actor_name) == (
        cast.clerk.pk,
        "N1003",
        "李晓梅",
    )
    assert call.at == now + dt.timedelta(minutes=1)
    for row in (own, issued, call):
        assert (row.kind, row.branch_id, len(row.nonce)) == (TICKET, cast.branch.pk, 32)
        assert (row.for_id, row.for_name, row.device_id, row.device_kind) == (None, "", None, "")


def test_one_press_is_one_ticket_and_one_row(cast: Cast) -> None:
    request_id = uuid.uuid4()
    for _ in range(3):
        cast.ticket(request_id=request_id)
    assert LedgerRow.objects.filter(what="ticket.issue").count() == 1


def test_nothing_that_somebody_wrote_is_in_the_ledger(cast: Cast) -> None:
    words = "张三的电话是13800138000"
    found = complaints.receive(branch=cast.branch, kind="complaint", text=words, name="张三")
    complaints.add_words(matter=found, text=words)
    complaints.note(matter=found, text=words, by=cast.handler)
    complaints.reply(matter=found, text=words, by=cast.handler, and_close=True)
    complaints.reopen(matter=found, reason=words, by=cast.handler)
    actions.hold(ticket=served(cast), by=cast.clerk, reason=words)
    said = "".join(everything()["hall_ledgerrow"])
    assert "matter.reopen" in said
    assert "张三" not in said
    assert "13800138000" not in said


# --- the administration ---


def in_charge(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.administrator)
    return client


def newest(count: int = 1) -> list[LedgerRow]:
    return list(LedgerRow.objects.order_by("-pk")[:count])[::-1]


@pytest.mark.once
def test_every_page_of_the_administration_that_writes_is_recorded(cast: Cast) -> None:
    by_action, asked = {"staff.grant"}, request()
    asked.user = cast.administrator
    for model, page in admin.site._registry.items():
        if isinstance(page, Recorded) or model._meta.label_lower in by_action:
            continue
        assert not page.has_add_permission(asked), model
        assert not page.has_change_permission(asked), model
        assert not page.has_delete_permission(asked), model


def test_what_is_added_and_deleted_in_the_administration_is_recorded(cast: Cast) -> None:
    client = in_charge(cast)
    client.post(reverse("admin:hall_notice_add"), {"text_zh_hans": "通知", "order": 1})
    notice = Notice.objects.get()
    (row,) = newest()
    assert (row.what, row.kind, row.object_id) == ("admin.add", "hall.notice", notice.pk)
    assert row.actor_id == cast.administrator.pk
    assert "通知" not in str(row.facts)
    assert ["text_zh_hans"] in row.facts["changes"]
    client.post(reverse("admin:hall_notice_delete", args=[notice.pk]), {"post": "yes"})
    (row,) = newest()
    assert (row.what, row.object_id) == ("admin.delete", notice.pk)


def test_what_is_deleted_together_is_recorded_one_by_one(cast: Cast) -> None:
    ids = [Notice.objects.create(text_zh_hans="通知").pk for _ in range(2)]
    in_charge(cast).post(
        reverse("admin:hall_notice_changelist"),
        {"action": "delete_selected", "_selected_action": ids, "post": "yes"},
    )
    assert not Notice.objects.exists()
    rows = LedgerRow.objects.filter(what="admin.delete", kind="hall.notice")
    assert sorted(row.object_id or 0 for row in rows) == ids


def test_a_change_has_ids_before_and_after_and_of_a_text_the_field(cast: Cast) -> None:
    counter, department = cast.counters[3], cast.branch.departments.get()
    in_charge(cast).post(
        reverse("admin:hall_counter_change", args=[counter.pk]),
        {
            "branch": cast.branch.pk,
            "number": 3,
            "zone": counter.zone_id,
            "department": department.pk,
            "services": [cast.pension.service_id],
            "is_active": "on",
        },
    )
    (row,) = newest()
    assert (row.what, row.kind, row.branch_id) == ("admin.change", "hall.counter", cast.branch.pk)
    services = sorted([cast.pension.service_id, cast.medical.service_id])
    assert ["department", None, department.pk] in row.facts["changes"]
    (change,) = (each for each in row.facts["changes"] if each[0] == "services")
    assert (sorted(change[1]), change[2]) == (services, [cast.pension.service_id])


def test_rows_beside_a_row_are_recorded_too(cast: Cast) -> None:
    zone = Zone.objects.get(branch=cast.other)
    spare = Zone.objects.create(branch=cast.other, name_zh_hans="空", floor=2)
    page = reverse("admin:hall_branch_change", args=[cast.other.pk])
    client = in_charge(cast)
    form = client.get(page).context["adminform"].form
    data = {name: form.initial[name] for name in form.fields if form.initial.get(name) is not None}
    hours = cast.other.opening_hours.count()
    for prefix, count in (("opening_hours", hours), ("zones", 2)):
        data |= {f"{prefix}-TOTAL_FORMS": count, f"{prefix}-INITIAL_FORMS": count}
    for number, each in enumerate(cast.other.opening_hours.all()):
        data |= {
            f"opening_hours-{number}-id": each.pk,
            f"opening_hours-{number}-weekday": each.weekday,
            f"opening_hours-{number}-opens": each.opens,
            f"opening_hours-{number}-closes": each.closes,
            f"opening_hours-{number}-branch": cast.other.pk,
        }
    for number, row in enumerate((zone, spare)):
        data |= {
            f"zones-{number}-id": row.pk,
            f"zones-{number}-name_zh_hans": row.name_zh_hans,
            f"zones-{number}-floor": 5 if row == zone else 2,
            f"zones-{number}-order": row.order,
            f"zones-{number}-branch": cast.other.pk,
        }
    data["zones-1-DELETE"] = "on"
    answer = client.post(page, data)
    assert answer.status_code == 302, answer.context["errors"]
    rows = {(row.what, row.object_id) for row in newest(3) if row.kind == "hall.zone"}
    assert rows == {("admin.change", zone.pk), ("admin.delete", spare.pk)}


def test_a_new_password_is_recorded_and_not_told(cast: Cast) -> None:
    new = {"password1": "another-long-password", "password2": "another-long-password"}
    address = reverse("admin:auth_user_password_change", args=[cast.clerk.pk])
    in_charge(cast).post(address, {**new, "usable_password": "true"})
    cast.clerk.refresh_from_db()
    assert cast.clerk.check_password("another-long-password")
    (row,) = newest()
    assert (row.what, row.kind, row.object_id) == ("admin.change", "staff.member", cast.clerk.pk)
    assert row.facts == {"changes": [["password"]]}


def test_who_was_not_let_in_is_told_by_their_id_alone(cast: Cast) -> None:
    for typed in ("N1003", "my-password-in-the-wrong-field"):
        authenticate(request(), username=typed, password="wrong")
    known, unknown = newest(2)
    assert (known.kind, known.object_id) == ("staff.member", cast.clerk.pk)
    assert (unknown.kind, unknown.object_id, unknown.facts) == ("", None, {})
    assert "wrong" not in "".join(everything()["hall_ledgerrow"])


@pytest.mark.once
def test_the_ledgers_own_names_are_not_facts() -> None:
    assert ledger.as_json({"state": ("waiting", "called")}) == '{"state": ["waiting", "called"]}'
