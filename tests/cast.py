"""The fixed cast of the tests: one small hall, the same people in it every time.

The branch 南山 (``hall.branch``) has counters 3, 4 and 5 and two services, pension (P) and
medical (M); 蛇口 (``hall.other``) has counter 1. 李 sits at counter 3 when a test needs a clerk.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import cache

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from hall.models import Branch, Category, Counter, Department, Offering, OpeningHours, Service, Zone
from queueing import actions
from queueing.models import Sitting, Ticket
from staff.models import Member

PASSWORD = "a-long-enough-password"
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
    person = Member.objects.create(
        staff_number=number, name_zh_hans=name, name_en=f"Member {number}", branch=branch
    )
    person.title_zh_hans, person.title_en = "科员", "Officer"
    person.password = hashed(PASSWORD)
    person.save()
    person.groups.set(Group.objects.filter(name__in=roles))
    return person


def branch(slug: str, name: str, english: str, order: int) -> Branch:
    """A branch that is open on weekdays from nine to six, and issues tickets at any hour."""
    place = Branch.objects.create(
        slug=slug, name_zh_hans=name, name_en=english, order=order, issues_outside_hours=True
    )
    place.guide_desk_zh_hans, place.guide_desk_en = (
        "一楼大门右侧",
        "ground floor, right of the door",
    )
    place.save()
    OpeningHours.objects.bulk_create(
        OpeningHours(branch=place, weekday=day, opens=dt.time(9), closes=dt.time(18))
        for day in range(5)
    )
    return place


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
    counters = {n: Counter.objects.create(branch=main, number=n, zone=zone) for n in (3, 4, 5)}
    for each in counters.values():
        each.services.set([retire, refund])
    other_counter = Counter.objects.create(branch=other, number=1, zone=zone2)
    other_counter.services.set([retire])
    return Cast(
        branch=main,
        other=other,
        pension=offering(main, retire, "P", zone),
        medical=offering(main, refund, "M", zone),
        other_pension=offering(other, retire, "P", zone2),
        counters=counters,
        other_counter=other_counter,
        clerk=member("N1003", "李晓梅", main, "clerk"),
        colleague=member("N1004", "王建国", main, "clerk"),
        stranger=member("S2001", "陈志强", other, "clerk"),
        supervisor=member("N1100", "周敏", main, "supervisor"),
        guide=member("N1200", "林小雨", main, "guide"),
        handler=member("N1300", "吴芳", main, "complaint-handler"),
        administrator=member("N1900", "何管理", None, "administrator"),
    )
