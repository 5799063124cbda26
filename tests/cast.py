"""The fixed cast of the tests: one small hall, the same people in it every time.

The branch 南山 (``hall.branch``) has counters 3, 4 and 5 and two services, pension (P) and
medical (M); 蛇口 (``hall.other``) has counter 1. 李 sits at counter 3 when a test needs a clerk.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from hall.actions.rule import set_rule
from hall.models import Branch, Category, Counter, Department, Offering, OpeningHours, Service, Zone
from hall.rules import BEGINNING, Rule
from queueing import actions
from queueing.models import Sitting, Ticket
from queueing.opening import OUTSIDE_HOURS
from staff import actions as staff
from staff.models import Grant, Member, Role

PASSWORD = "a-long-enough-password"
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
T = TypeVar("T")
hashed = cache(make_password)  # one slow hash for the whole run


@dataclass
class Cast:
    """Everybody and everything that a scene may need."""

    branch: Branch
    other: Branch
    pension: Offering
    medical: Offering
    other_pension: Offering
    counters: dict[int, Counter]
    other_counter: Counter
    clerk: Member
    colleague: Member
    stranger: Member
    supervisor: Member
    guide: Member
    handler: Member
    administrator: Member

    def sit(self, number: int = 3, member: Member | None = None) -> Sitting:
        """Somebody (the clerk, if not told) sits down at a counter of the branch."""
        return actions.sit_down(counter=self.counters[number], by=member or self.clerk)

    def ticket(self, offering: Offering | None = None, **options: object) -> Ticket:
        """A visitor takes a ticket, for the pension if not told."""
        options.setdefault("request_id", uuid.uuid4())
        return actions.issue(offering=offering or self.pension, **options)  # type: ignore[arg-type]


def member(number: str, name: str, branch: Branch | None, *roles: str) -> Member:
    """A member of staff with these roles; all have the same password."""
    return hire((number, name, branch, *roles))[0]


def hire(*people: tuple[str, str, Branch | None, *tuple[str, ...]]) -> list[Member]:
    """Members of staff by number, name, branch and roles, in as few statements as may be.

    They hold the roles at their branch, or at all of them if they belong to none.
    """
    members = Member.objects.bulk_create(
        Member(
            staff_number=number,
            name_zh_hans=name,
            name_en=f"Member {number}",
            branch=place,
            title_zh_hans="科员",
            title_en="Officer",
            password=hashed(PASSWORD),
        )
        for number, name, place, *_roles in people
    )
    known = dict(Role.objects.values_list("slug", "pk"))
    Grant.objects.bulk_create(
        Grant(
            member=person,
            role_id=known[role],
            branch=place,
            starts_at=LONG_AGO,
            made_at=LONG_AGO,
            reason="cast",
        )
        for person, (_number, _name, place, *roles) in zip(members, people, strict=True)
        for role in roles
    )
    return members


def dismiss(person: Member) -> None:
    """Take everything back that a member was granted."""
    for grant in person.grants.standing(timezone.now()):
        staff.revoke(grant=grant, by=None)
    person.held = None


def branch(slug: str, name: str, english: str, order: int) -> Branch:
    """A branch that is open on weekdays from nine to six, and issues tickets at any hour."""
    place = Branch.objects.create(
        slug=slug,
        name_zh_hans=name,
        name_en=english,
        order=order,
        guide_desk_zh_hans="一楼大门右侧",
        guide_desk_en="ground floor, right of the door",
    )
    rule(place, OUTSIDE_HOURS, True)
    OpeningHours.objects.bulk_create(
        OpeningHours(branch=place, weekday=day, opens=dt.time(9), closes=dt.time(18))
        for day in range(5)
    )
    return place


def rule(place: Branch, which: Rule[T], value: T) -> None:
    """The branch's rule says this, and always has."""
    set_rule(branch=place, rule=which, value=value, now=BEGINNING)


def offering(place: Branch, service: Service, prefix: str, zone: Zone) -> Offering:
    """A service at a branch."""
    return Offering.objects.create(branch=place, service=service, prefix=prefix, zone=zone)


def gather() -> Cast:
    """Build the hall and bring everybody in."""
    main = branch("nanshan", "南山社保服务大厅", "Nanshan Service Hall", 1)
    other = branch("shekou", "蛇口管理站", "Shekou Station", 2)
    category = Category.objects.create(name_zh_hans="养老保险", name_en="Pension", icon="pension")
    health = Category.objects.create(name_zh_hans="医疗保险", name_en="Medical", icon="medical")
    retire = Service.objects.create(
        category=category,
        slug="retire",
        name_zh_hans="职工正常退休申请",
        name_en="Apply for retirement",
    )
    refund = Service.objects.create(
        category=health,
        slug="refund",
        name_zh_hans="医疗费用零星报销",
        name_en="Claim back medical costs",
    )
    zone = Zone.objects.create(branch=main, name_zh_hans="A区", name_en="Zone A", floor=1)
    zone2 = Zone.objects.create(branch=other, name_zh_hans="大厅", name_en="Main room", floor=1)
    Department.objects.create(branch=main, name_zh_hans="养老科", name_en="Pension section")
    numbers = (3, 4, 5)
    *windows, other_counter = Counter.objects.bulk_create(
        [Counter(branch=main, number=n, zone=zone) for n in numbers]
        + [Counter(branch=other, number=1, zone=zone2)]
    )
    skills = Counter.services.through
    skills.objects.bulk_create(
        [skills(counter=each, service=service) for each in windows for service in (retire, refund)]
        + [skills(counter=other_counter, service=retire)]
    )
    people = hire(
        ("N1003", "李晓梅", main, "clerk"),
        ("N1004", "王建国", main, "clerk"),
        ("S2001", "陈志强", other, "clerk"),
        ("N1100", "周敏", main, "supervisor"),
        ("N1200", "林小雨", main, "guide"),
        ("N1300", "吴芳", main, "complaint-handler"),
        ("N1900", "何管理", None, "administrator"),
    )
    clerk, colleague, stranger, supervisor, guide, handler, administrator = people
    return Cast(
        branch=main,
        other=other,
        pension=offering(main, retire, "P", zone),
        medical=offering(main, refund, "M", zone),
        other_pension=offering(other, retire, "P", zone2),
        counters=dict(zip(numbers, windows, strict=True)),
        other_counter=other_counter,
        clerk=clerk,
        colleague=colleague,
        stranger=stranger,
        supervisor=supervisor,
        guide=guide,
        handler=handler,
        administrator=administrator,
    )
