"""Loads the demo's members of staff, each with a role and a portrait."""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from demo.rows import Row, rows
from hall.models import Branch, Department
from staff.models import Grant, Member, Role

PEOPLE: Final = Path(__file__).with_name("people.json")
PORTRAITS: Final = Path(__file__).with_name("portraits")  # drawn once by tools/portraits
HEADQUARTERS: Final = "nanshan"  # where those who see all branches have their desk
SINCE: Final = dt.timedelta(days=365)  # everybody worked here when the demo's past began
REASON: Final = "样例大厅"  # as a hall would write it: the demo hall
OWN: Final = ("staff_number", "name", "title")  # beginnings of the fields that a member has too


def load() -> Tally[str]:
    """Add the members whose staff number is free; returns how many there were."""
    known = set(Member.objects.values_list("staff_number", flat=True))
    new = [row for row in rows(PEOPLE) if row["staff_number"] not in known]
    if new:
        _add(new)
    return Tally({"members of staff": len(new)})


def _add(new: list[Row]) -> None:
    # One hash for all: argon2 is slow on purpose, and the demo's password is no secret.
    password = make_password(settings.HALL_DEMO_PASSWORD or None)
    branches = {branch.slug: branch for branch in Branch.objects.all()}
    departments = {
        (department.branch.slug, department.name_zh_hans): department
        for department in Department.objects.select_related("branch")
    }
    members = Member.objects.bulk_create(
        Member(
            **{name: value for name, value in row.items() if name.startswith(OWN)},
            password=password,
            photo=_portrait(row),
            branch=branches.get(row["branch"]),
            department=departments.get((row["branch"] or HEADQUARTERS, row["department"])),
        )
        for row in new
    )
    _give_roles(members, new)


def _give_roles(members: list[Member], new: list[Row]) -> None:
    known = dict(Role.objects.values_list("slug", "pk"))
    now = timezone.now()
    Grant.objects.bulk_create(
        Grant(
            member=member,
            role_id=known[row["role"]],
            branch_id=member.branch_id,
            starts_at=now - SINCE,
            made_at=now,
            reason=REASON,
        )
        for member, row in zip(members, new, strict=True)
    )


def _portrait(row: Row) -> str:
    """The stored portrait of this member, a copy of the kept one unless it is there already."""
    name = f"portraits/{row['staff_number']}.webp"
    if default_storage.exists(name):
        return name
    with (PORTRAITS / f"{row['staff_number']}.webp").open("rb") as picture:
        return default_storage.save(name, File(picture))
