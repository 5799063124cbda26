"""What members of staff type: to sign in, and to plan the roster."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from django.contrib.auth.forms import AuthenticationForm

from hall.models import Branch
from hall.refusal import Refused
from staff import actions, duty
from staff.models import Duty, Member
from staff.screens.roster import Choice, Roster


class SignInForm(AuthenticationForm):
    """Staff number and password."""

    def clean_username(self) -> str:
        """What is too long to be a staff number is refused before anything looks it up."""
        typed: str = self.cleaned_data["username"]
        if len(typed) > (Member._meta.get_field("staff_number").max_length or 0):
            raise self.get_invalid_login_error()
        return typed


WEEK: Final = dt.timedelta(days=7)


class Typed(Protocol):
    """What a form sends (a QueryDict)."""

    def get(self, key: str, default: str) -> str: ...

    def getlist(self, key: str) -> list[str]: ...

    def __contains__(self, key: str) -> bool: ...


@dataclass
class Saved:
    """What came of saving: how many days were changed, and the choices that were refused."""

    days: int = 0
    failed: dict[dt.date, Choice] = field(default_factory=dict)


def choices(roster: Roster, typed: Typed) -> Iterator[Choice]:
    """What the form says of each day that can be changed and is in it."""
    known = {str(each.pk): each for each in [*roster.leaders, *roster.guides]}
    for day in roster.days:
        # Who is on duty may stay, even without the right to be chosen today.
        here = known | {str(each.pk): each for each in [day.leader, *day.guides] if each}
        name = day.day.isoformat()
        if not day.is_fixed and f"was-{name}" in typed:
            guides = {pk: here[pk] for pk in typed.getlist(f"guide-{name}") if pk in here}
            leader = here.get(typed.get(f"leader-{name}", ""))
            yield Choice(day.day, leader, list(guides.values()), typed.get(f"was-{name}", ""))


def save(roster: Roster, typed: Typed, by: Member) -> Saved:
    """Change the days that the planner changed, each by itself."""
    saved = Saved()
    for choice in choices(roster, typed):
        if choice.plan == choice.before:
            continue
        try:
            _plan(roster.branch, choice, by)
        except Refused as refusal:
            saved.failed[choice.day] = Choice(
                choice.day, choice.leader, choice.guides, choice.before, str(refusal)
            )
        else:
            saved.days += 1
    return saved


def copy_week(branch: Branch, monday: dt.date, roster: Roster, by: Member) -> int:
    """Take over the week before for the days of this one that are still empty."""
    days = [
        each
        for each in roster.days
        if monday <= each.day < monday + WEEK and each.is_working and not each.plan
    ]
    copied = 0
    for each in days:
        people = duty.everybody(branch, each.day - WEEK)
        leader = next(iter(people.get(Duty.Role.LEADER, [])), None)
        choice = Choice(each.day, leader, people.get(Duty.Role.GUIDE, []), before="")
        if each.day >= roster.today and choice.plan:
            _plan(branch, choice, by)
            copied += 1
    return copied


def _plan(branch: Branch, choice: Choice, by: Member) -> None:
    actions.plan_day(
        branch=branch,
        day=choice.day,
        leader=choice.leader,
        guides=choice.guides,
        before=choice.before,
        by=by,
    )
