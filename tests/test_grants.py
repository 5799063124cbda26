"""Who may do what stands in grants: at a branch, since and until when, by somebody else."""

from __future__ import annotations

import datetime as dt
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hall.models import Branch, Counter, LedgerRow, Notice
from hall.refusal import Refused
from queueing import actions as queueing
from staff import access, actions
from staff.models import Grant, Member, Role
from staff.rights import Right
from staff.roles import ROLES
from tests.cast import LONG_AGO, PASSWORD, Cast, dismiss, member

HOUR = dt.timedelta(hours=1)


def fresh(person: Member) -> Member:
    """The member as the next request reads them."""
    return Member.objects.get(pk=person.pk)


def give(person: Member, role: str, branch: Branch | None, **more: object) -> Grant:
    """A grant by the installation."""
    more = {"by": None, "reason": "test"} | more
    return actions.grant(member=person, role=role, branch=branch, **more)  # type: ignore[arg-type]


# --- may, and who may ---


def test_a_right_holds_at_the_branch_of_its_grant(cast: Cast) -> None:
    assert access.may(cast.clerk, Right.SERVE) and access.may(cast.clerk, Right.SERVE, cast.branch)
    assert not access.may(cast.clerk, Right.SERVE, cast.other)
    assert not access.may(cast.clerk, Right.WATCH)
    give(cast.clerk, "supervisor", cast.other)
    assert access.may(cast.clerk, Right.WATCH, cast.other)
    assert not access.may(cast.clerk, Right.WATCH, cast.branch), "at home only a clerk"
    assert set(access.branches(cast.clerk, Right.SERVE)) == {cast.branch, cast.other}
    assert access.only_branch(cast.clerk, Right.WATCH) == cast.other
    assert access.only_branch(cast.clerk, Right.SERVE) is None
    assert access.may_everywhere(cast.administrator, Right.GRANT)
    assert not access.may_everywhere(cast.clerk, Right.SERVE), "two branches are not all"


def test_who_may_and_may_agree_for_every_right_member_and_branch(cast: Cast) -> None:
    give(cast.clerk, "supervisor", cast.other)
    give(cast.guide, "clerk", cast.branch, starts_at=timezone.now() + HOUR)
    actions.grant(member=cast.handler, right=Right.PAIR, branch=None, reason="test", by=None)
    Member.objects.filter(pk=cast.colleague.pk).update(is_active=False)
    for right in Right:
        for branch in (cast.branch, cast.other):
            able = set(access.who_may(right, branch))
            assert able == {
                each for each in Member.objects.all() if access.may(each, right, branch)
            }
            for each in Member.objects.all():
                assert each.has_perm(right, branch) == (each in able), "Django hears the same"
    assert cast.colleague not in access.who_may(Right.SERVE, cast.branch)


def test_a_grant_holds_from_its_beginning_until_its_end(cast: Cast) -> None:
    now = timezone.now()
    give(cast.guide, "supervisor", cast.branch, starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    moments = [now, now + HOUR, now + 2 * HOUR - dt.timedelta.resolution, now + 2 * HOUR]
    assert [access.may(cast.guide, Right.WATCH, cast.branch, at) for at in moments] == [
        False,
        True,
        True,
        False,
    ]
    able = [cast.guide in access.who_may(Right.WATCH, cast.branch, at) for at in moments]
    assert able == [False, True, True, False]


def test_what_is_revoked_is_gone_with_the_next_press_and_the_row_stays(
    cast: Cast, client: Client
) -> None:
    client.force_login(cast.clerk)
    assert client.get("/counter/").status_code == 200
    grant = cast.clerk.grants.get()
    actions.revoke(grant=grant, by=cast.administrator)
    assert client.get("/counter/").status_code == 403
    grant.refresh_from_db()
    assert grant.revoked_by == cast.administrator and grant.revoked_at is not None
    assert access.may(fresh(cast.clerk), Right.SERVE, cast.branch, LONG_AGO), "as it was then"
    first = grant.revoked_at
    actions.revoke(grant=grant, by=cast.administrator)
    grant.refresh_from_db()
    assert grant.revoked_at == first, "twice changes nothing"


def test_all_that_a_request_asks_is_one_query(cast: Cast) -> None:
    person = fresh(cast.supervisor)
    with CaptureQueriesContext(connection) as queries:
        assert [access.may(person, right, cast.branch) for right in Right].count(True) == 8
        assert person.has_perm("hall.add_notice") and not person.has_perm("hall.add_branch")
        assert person.is_staff
    assert len(queries) == 1


def test_a_superuser_opens_nothing(cast: Cast, client: Client) -> None:
    Member.objects.create(staff_number="R1", name_zh_hans="根")
    person = Member.objects.get(staff_number="R1")
    person.is_superuser = True  # type: ignore[misc]  # whoever sets it
    assert not any(person.has_perm(right) for right in Right)
    assert not AnonymousUser().has_perm(Right.WATCH)
    client.force_login(person)
    for address in ("/counter/", "/supervisor/nanshan/", "/matters/", "/summary/"):
        assert client.get(address).status_code == 403, address
    assert client.get("/admin/").status_code == 302


def test_a_clerk_of_two_branches_chooses_where_to_sit(cast: Cast, client: Client) -> None:
    give(cast.clerk, "clerk", cast.other)
    client.force_login(cast.clerk)
    assert "?branch=shekou" in client.get("/counter/").content.decode()
    seat = queueing.sit_down(counter=cast.other_counter, by=cast.clerk)
    assert seat.branch == cast.other
    with pytest.raises(Refused):
        queueing.sit_down(counter=cast.other_counter, by=cast.colleague)


# --- granting ---


# What is asked for, where it differs from a good grant; names of the cast stand for themselves.
REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "to oneself": ({"member": "administrator"}, "themselves"),
    "by a supervisor": ({"by": "supervisor"}, "no rights there"),
    "by a colleague": ({"by": "colleague"}, "no rights there"),
    "a role that is none": ({"role": "king"}, "no such role"),
    "neither role nor right": ({"role": ""}, "choose a role"),
    "without a reason": ({"reason": " "}, "say why"),
    "an end before the beginning": ({"ends_at": LONG_AGO}, "end before it begins"),
    "what is held": ({"role": "clerk"}, "already"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(cast: Cast, case: str) -> None:
    changes, told = REFUSED[case]
    before = Grant.objects.count()
    wanted: dict[str, object] = {
        "member": cast.clerk,
        "role": "complaint-handler",
        "branch": cast.branch,
        "reason": "holidays",
        "by": cast.administrator,
    }
    for name, value in changes.items():
        wanted[name] = getattr(cast, value) if name in ("member", "by") else value  # type: ignore[call-overload]
    with pytest.raises(Refused, match=told):
        actions.grant(**wanted)  # type: ignore[arg-type]
    assert Grant.objects.count() == before


def test_the_administrator_of_a_branch_grants_there_and_to_its_people_alone(cast: Cast) -> None:
    station = member("S2900", "站长", cast.other, "administrator")
    for person, branch in (
        (cast.clerk, cast.branch),  # another branch's member, at another branch
        (cast.clerk, cast.other),  # another branch's member
        (cast.stranger, cast.branch),  # at another branch
        (cast.stranger, None),  # at all branches
        (cast.administrator, cast.other),  # a member of all branches
    ):
        with pytest.raises(Refused, match="another branch"):
            give(person, "guide", branch, by=station)
    grant = give(cast.stranger, "guide", cast.other, by=station)
    assert grant.granted_by == station
    with pytest.raises(Refused, match="another branch"):
        actions.revoke(grant=cast.clerk.grants.get(), by=station)
    with pytest.raises(Refused, match="themselves"):
        actions.revoke(grant=station.grants.get(), by=station)
    actions.revoke(grant=grant, by=station)
    assert not access.may(fresh(cast.stranger), Right.ISSUE)


def test_the_database_refuses_a_grant_to_oneself_whatever_made_it(cast: Cast) -> None:
    row = {"member": cast.clerk, "granted_by": cast.clerk, "reason": "why not"}
    when = {"starts_at": LONG_AGO, "made_at": LONG_AGO}
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(right=Right.WATCH, **row, **when)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.filter(member=cast.clerk).update(granted_by=cast.clerk)


def test_a_grant_and_its_end_stand_in_the_ledger(cast: Cast) -> None:
    grant = give(cast.guide, "clerk", cast.branch, by=cast.administrator)
    actions.revoke(grant=grant, by=cast.administrator)
    told = LedgerRow.objects.filter(what__startswith="access.").order_by("pk")
    assert [row.what for row in told] == ["access.grant", "access.revoke"]


# --- roles ---


def test_nobody_widens_a_role_that_they_hold(cast: Cast) -> None:
    own, other = Role.objects.get(slug="administrator"), Role.objects.get(slug="guide")
    rights = set(own.rights.values_list("right", flat=True))
    with pytest.raises(Refused, match="hold themselves"):
        actions.set_rights(role=own, rights=rights | {Right.HANDLE}, by=cast.administrator)
    actions.set_rights(role=own, rights=rights - {Right.PAIR}, by=cast.administrator)
    assert not access.may(fresh(cast.administrator), Right.PAIR)
    actions.set_rights(role=other, rights={Right.ISSUE, Right.PAIR}, by=cast.administrator)
    assert access.may(fresh(cast.guide), Right.PAIR, cast.branch)
    with pytest.raises(Refused, match="may not change roles"):
        actions.set_rights(role=other, rights=[], by=cast.supervisor)
    station = member("S2900", "站长", cast.other, "administrator")
    with pytest.raises(Refused, match="may not change roles"):
        actions.set_rights(role=other, rights=[], by=station)


def test_the_roles_of_a_new_hall_hold_what_the_table_says(cast: Cast) -> None:
    held = {
        role.slug: set(role.rights.values_list("right", flat=True)) for role in Role.objects.all()
    }
    assert held == {role.slug: set(role.rights) for role in ROLES}


def test_neither_a_role_nor_a_right_comes_back_by_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hall.sqlite3'}"
    own = {"DATABASE_URL": url, "HALL_DATA": str(tmp_path), "REDIS_URL": ""}

    def manage(*words: str, said: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command, env=os.environ | own, input=said, capture_output=True, text=True, check=False
        )

    def told(asked: str) -> str:
        return manage("shell", "--no-imports", "-c", f"from staff.models import *; {asked}").stdout

    assert manage("migrate", "-v0").returncode == 0
    made = manage("administrator", "N1", "--name", "张三", said=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    told("Role.objects.get(slug='inspector').delete()")
    told("RoleRight.objects.filter(role__slug='clerk').delete()")
    told("Grant.objects.update(revoked_at='2026-01-01T00:00Z', starts_at='2025-01-01T00:00Z')")
    assert manage("migrate", "-v0").returncode == 0
    assert told("print(*Role.objects.values_list('slug', flat=True))").split() == sorted(
        role.slug for role in ROLES if role.slug != "inspector"
    )
    assert told("print(RoleRight.objects.filter(role__slug='clerk').count())") == "0\n"
    assert told("print(Member.objects.get().has_perm('staff.grant_rights'))") == "False\n"


# --- the first two ---


def test_two_administrators_are_made_by_the_command_and_no_third(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    call_command("administrator", "N0001", name="张三", stdout=io.StringIO())
    made = Member.objects.get(staff_number="N0001")
    assert made.check_password(PASSWORD) and access.may_everywhere(made, Right.GRANT)
    assert made.grants.get().granted_by is None
    with pytest.raises(CommandError, match="N0001, N1900"):
        call_command("administrator", "N1003")
    dismiss(made)
    call_command("administrator", "N1003", stdout=io.StringIO())
    assert access.may_everywhere(fresh(cast.clerk), Right.GRANT)


@pytest.mark.parametrize(("number", "name", "typed"), [("张", "张三", PASSWORD), ("N1", "张", "1")])
def test_a_bad_number_or_password_makes_nobody(
    db: None, monkeypatch: pytest.MonkeyPatch, number: str, name: str, typed: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{typed}\n"))
    with pytest.raises(CommandError):
        call_command("administrator", number, name=name)
    assert not Member.objects.exists()


def test_there_is_no_way_to_a_superuser(db: None) -> None:
    with pytest.raises(CommandError, match="no superusers"):
        call_command("createsuperuser")


# --- the administration ---


def form(cast: Cast, **changes: object) -> dict[str, object]:
    """What the page to grant a role sends."""
    start = timezone.localtime(timezone.now())
    return {
        "member": cast.clerk.pk,
        "role": Role.objects.get(slug="complaint-handler").pk,
        "branch": cast.branch.pk,
        "starts_at_0": f"{start:%Y-%m-%d}",
        "starts_at_1": f"{start:%H:%M:%S}",
        "ends_at_0": "",
        "ends_at_1": "",
        "reason": "covers for 吴芳",
    } | changes


GRANT = "/admin/staff/grant/add/"


def test_a_role_is_granted_in_the_administration(cast: Cast, client: Client) -> None:
    client.force_login(cast.administrator)
    assert client.get(f"{GRANT}?member={cast.clerk.pk}").status_code == 200
    assert client.post(GRANT, form(cast)).status_code == 302
    made = Grant.objects.get(role__slug="complaint-handler", member=cast.clerk)
    assert (made.granted_by, made.branch) == (cast.administrator, cast.branch)
    assert "covers for" in client.get(f"/admin/staff/grant/{made.pk}/change/").content.decode()
    own = client.get(f"/admin/staff/member/{cast.clerk.pk}/change/").content.decode()
    assert "covers for" in own
    chosen = {"action": "revoke", "_selected_action": [made.pk]}
    client.post("/admin/staff/grant/", chosen)
    made.refresh_from_db()
    assert made.revoked_by == cast.administrator


def test_an_administrator_does_not_make_themselves_complaint_handler(
    cast: Cast, client: Client
) -> None:
    client.cookies["django_language"] = "en"
    client.force_login(cast.administrator)
    answer = client.post(GRANT, form(cast, member=cast.administrator.pk))
    assert "Nobody grants rights to themselves" in answer.content.decode()
    assert not access.may(fresh(cast.administrator), Right.HANDLE)
    own = cast.administrator.grants.get()
    chosen = {"action": "revoke", "_selected_action": [own.pk]}
    client.post("/admin/staff/grant/", chosen)
    own.refresh_from_db()
    assert own.revoked_at is None
    role = Role.objects.get(slug="administrator")
    wider = {"holds": [*role.rights.values_list("right", flat=True), Right.HANDLE.value]}
    client.post(f"/admin/staff/role/{role.pk}/change/", wider)
    assert not access.may(fresh(cast.administrator), Right.HANDLE)
    assert client.post(f"/admin/staff/grant/{own.pk}/change/", {}).status_code == 403
    assert client.post(f"/admin/staff/grant/{own.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.fixture
def station(cast: Cast, client: Client) -> Client:
    """The browser of the other branch's administrator."""
    client.force_login(member("S2900", "站长", cast.other, "administrator"))
    return client


def test_a_branchs_administrator_reaches_no_people_of_another(cast: Cast, station: Client) -> None:
    assert station.post(GRANT, form(cast)).status_code == 200
    assert not access.may(fresh(cast.clerk), Right.HANDLE)
    roving = member("S2901", "巡", cast.other, "clerk")
    give(roving, "duty-leader", None)
    for person in (cast.clerk, cast.administrator):  # not there
        change = f"/admin/staff/member/{person.pk}/change/"
        assert station.get(change).status_code == 302, person
        assert station.get(f"/admin/staff/member/{person.pk}/password/").status_code in (302, 404)
    # Who works here but reaches further is seen, and not changed.
    assert station.get(f"/admin/staff/member/{roving.pk}/password/").status_code == 403
    assert station.post(f"/admin/staff/member/{roving.pk}/change/", {}).status_code == 403
    assert station.get(f"/admin/staff/member/{cast.stranger.pk}/password/").status_code == 200
    listed = station.get("/admin/staff/member/").content.decode()
    assert "S2001" in listed and "N1003" not in listed
    assert "N1003" not in station.get("/admin/staff/grant/").content.decode()
    new = {"staff_number": "S9", "name_zh_hans": "新", "branch": cast.branch.pk}
    assert station.post("/admin/staff/member/add/", new).status_code == 200, "not at that branch"
    assert station.post("/admin/staff/member/add/", new | {"branch": ""}).status_code == 200
    assert not Member.objects.filter(staff_number="S9").exists()
    assert (
        station.post("/admin/staff/member/add/", new | {"branch": cast.other.pk}).status_code == 302
    )


def test_a_branchs_administrator_sets_up_that_branch_alone(cast: Cast, station: Client) -> None:
    theirs, ours = cast.counters[3], cast.other_counter
    assert station.post(f"/admin/hall/counter/{theirs.pk}/change/", {}).status_code == 403
    assert station.post(f"/admin/hall/counter/{theirs.pk}/delete/", {}).status_code == 403
    assert station.get(f"/admin/hall/counter/{ours.pk}/change/").status_code == 200
    assert station.get(f"/admin/hall/branch/{cast.other.pk}/change/").status_code == 200
    assert station.post(f"/admin/hall/branch/{cast.branch.pk}/change/", {}).status_code == 403
    assert station.get("/admin/hall/branch/add/").status_code == 403
    category = cast.pension.service.category_id
    assert station.post(f"/admin/hall/category/{category}/change/", {}).status_code == 403
    assert station.get(f"/admin/hall/category/{category}/change/").status_code == 200, "to look at"
    said = {"text_zh_hans": "通知", "order": 0, "starts_at_0": "2026-01-01", "starts_at_1": "00:00"}
    for branch in ("", cast.branch.pk):
        station.post("/admin/hall/notice/add/", said | {"branch": branch})
    assert not Notice.objects.exists(), "neither for all branches nor for another"
    station.post("/admin/hall/notice/add/", said | {"branch": cast.other.pk})
    assert Notice.objects.get().branch == cast.other
    assert Counter.objects.filter(pk=theirs.pk).exists()


def test_whoever_moves_to_another_branch_keeps_what_was_granted_and_it_is_said(
    cast: Cast, client: Client
) -> None:
    client.cookies["django_language"] = "en"
    client.force_login(cast.administrator)
    moved = {
        "staff_number": "N1200",
        "name_zh_hans": "林小雨",
        "branch": cast.other.pk,
        "is_active": "on",
        "grants-TOTAL_FORMS": 0,
        "grants-INITIAL_FORMS": 0,
    }
    answer = client.post(f"/admin/staff/member/{cast.guide.pk}/change/", moved, follow=True)
    assert "keeps what was granted" in answer.content.decode()
    assert access.may(fresh(cast.guide), Right.ISSUE, cast.branch)
    assert not access.may(fresh(cast.guide), Right.ISSUE, cast.other)
