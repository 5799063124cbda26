"""A month of the duty roster: its days as a planner sees them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.functional import cached_property

from hall import calendar
from hall.calendar import Month
from hall.models import Branch, SpecialDay
from staff import duty
from staff.models import Duty, Member

GUIDE_SLOTS: Final = 2


@dataclass(frozen=True)
class RosterDay:
    """A day: whether it is worked, who is on duty, and what went wrong with changing it."""

    day: dt.date
    is_working: bool
    reason: str
    today: dt.date
    leader: Member | None = None
    guides: Sequence[Member] = ()
    plan: str = ""
    error: str = ""

    @property
    def is_fixed(self) -> bool:
        """A day that is over stays as it was, and nobody works on a holiday."""
        return self.day < self.today or not (self.is_working or self.plan)

    @property
    def is_today(self) -> bool:
        return self.day == self.today

    @property
    def lacks_leader(self) -> bool:
        """Whether a working day, today or later, has no leader."""
        return self.is_working and self.leader is None and self.day >= self.today

    @property
    def slots(self) -> list[Member | None]:
        """A place for each guide, and one more to choose."""
        free = max(1, GUIDE_SLOTS - len(self.guides))
        return [*self.guides, *[None] * free]


@dataclass(frozen=True)
class Week:
    """The days of a week that fall in the month."""

    days: Sequence[RosterDay]

    @property
    def monday(self) -> dt.date:
        """By what it is known."""
        first = self.days[0].day
        return first - dt.timedelta(days=first.weekday())

    @property
    def has_gaps(self) -> bool:
        """Whether nobody is on duty on one of its days that can be changed."""
        return any(each.is_working and not each.plan and not each.is_fixed for each in self.days)


@dataclass(frozen=True)
class Roster:
    """A branch's month, and who may be chosen."""

    branch: Branch
    month: Month
    today: dt.date
    days: Sequence[RosterDay]
    leaders: Sequence[Member]
    guides: Sequence[Member]

    @cached_property
    def weeks(self) -> list[Week]:
        """The days by week; a weekend appears if it is worked or somebody is on duty."""
        shown = [each for each in self.days if is_shown(each)]
        by_week = itertools.groupby(shown, key=lambda each: each.day.isocalendar()[:2])
        return [Week(list(days)) for _week, days in by_week]

    @property
    def without_leader(self) -> int:
        """Working days from today on that have no leader yet."""
        return sum(each.lacks_leader for each in self.days)


def is_shown(each: RosterDay) -> bool:
    """Whether the day has a row: a plain weekend has none."""
    return bool(each.is_working or each.plan or each.reason or each.day.weekday() < 5)


def of_month(
    branch: Branch, month: Month, now: dt.datetime, failed: Mapping[dt.date, Choice] | None = None
) -> Roster:
    """The roster of a month, in six queries. ``failed`` are choices that were not accepted."""
    first, last = month.days[0], month.days[-1]
    worked = calendar.open_days(branch, first, last)
    reasons = _reasons(branch, first, last)
    today = calendar.local_day(branch, now)
    rows: dict[dt.date, list[Duty]] = defaultdict(list)
    for row in Duty.objects.filter(branch=branch, day__range=(first, last)).select_related(
        "member"
    ):
        rows[row.day].append(row)

    def on(day: dt.date) -> RosterDay:
        choice = (failed or {}).get(day)
        return _day(day, rows[day], day in worked, reasons.get(day, ""), today, choice)

    return Roster(
        branch=branch,
        month=month,
        today=today,
        days=[on(day) for day in month.days],
        leaders=list(duty.candidates(branch, Duty.Role.LEADER)),
        guides=list(duty.candidates(branch, Duty.Role.GUIDE)),
    )


def _day(
    day: dt.date,
    rows: Sequence[Duty],
    is_working: bool,
    reason: str,
    today: dt.date,
    choice: Choice | None,
) -> RosterDay:
    leaders = [row.member for row in rows if row.role == Duty.Role.LEADER]
    guides = [row.member for row in rows if row.role == Duty.Role.GUIDE]
    return RosterDay(
        day=day,
        is_working=is_working,
        reason=reason,
        today=today,
        leader=choice.leader if choice else next(iter(leaders), None),
        guides=choice.guides if choice else guides,
        plan=duty.plan((row.role, row.member_id) for row in rows),
        error=choice.error if choice else "",
    )


def _reasons(branch: Branch, first: dt.date, last: dt.date) -> dict[dt.date, str]:
    """Why days break the week's rule; the branch's own reason goes before that of all."""
    rows = SpecialDay.objects.filter(Q(branch=branch) | Q(branch=None), date__range=(first, last))
    return {row.date: row.reason for row in sorted(rows, key=lambda row: row.branch_id or 0)}


@dataclass(frozen=True)
class Choice:
    """What a planner chose for a day, and what they saw there before."""

    day: dt.date
    leader: Member | None
    guides: Sequence[Member]
    before: str
    error: str = ""

    @property
    def plan(self) -> str:
        keys = {(Duty.Role.GUIDE.value, guide.pk) for guide in self.guides}
        if self.leader is not None:
            keys.add((Duty.Role.LEADER.value, self.leader.pk))
        return duty.plan(keys)
