"""What is wrong with the lines and counters now, by the limits of each branch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hall.formats import NONE, day_short
from hall.models import Branch
from queueing.figures import counter_plan, held
from queueing.models import State
from queueing.screens.tickets import rows_at
from staff import access
from staff.alarms import Alarm, Severity
from staff.look import Look
from staff.rights import Right

FAR_TOO_LONG: Final = 2  # times the limit, and it is no longer only to be looked at


def alarms(look: Look) -> Mapping[int, list[Alarm]]:
    """The alarms of these branches, for a member who watches over the hall."""
    if not access.may(look.member, Right.WATCH):
        return {}
    plans, on_hold = look.once(counter_plan.seen), look.once(held.seen)
    return {
        pk: [*of_floor(plan), *of_held(on_hold.get(pk, ()), plan.branch)]
        for pk, plan in plans.items()
    }


def of_floor(state: counter_plan.CounterPlan) -> Iterator[Alarm]:
    for line in state.lines:
        yield from _of_line(line, state.branch)
    for counter in state.counters:
        yield from _of_counter(counter, state.branch)
    for left in state.left_open:
        yield _left_open(left, state.branch)


def of_held(visits: Iterable[held.HeldNow], branch: Branch) -> Iterator[Alarm]:
    """Each visit that is on hold for too long: nobody else remembers it."""
    for each in visits:
        if each.too_long:
            text = _("%(code)s: on hold for %(minutes)s min, since %(name)s, counter %(number)s")
            # None held it if the hall did: then who served there last.
            counter, member = each.step.counter, each.step.member or each.ticket.member
            said = {
                "code": each.ticket.code,
                "minutes": each.minutes,
                "name": member.name if member else NONE,
                "number": counter.number if counter else NONE,
            }
            href = rows_at(branch, state=State.HELD)
            severity = _severity(each.minutes, each.limit)
            yield Alarm(severity, text % said, each.ticket.state_since, href)


def _of_line(line: counter_plan.LineNow, branch: Branch) -> Iterator[Alarm]:
    href = rows_at(branch, service=line.service.pk, state=State.WAITING, order="longest")
    said = {"service": line.service.name, "count": line.waiting, "minutes": line.longest}
    if not line.counters:
        text = ngettext(
            "%(service)s: %(count)s person waits, no counter open",
            "%(service)s: %(count)s people wait, no counter open",
            line.waiting,
        )
        yield Alarm(Severity.BAD, text % said, line.longest_since, href)
    if line.waits_too_long:
        text = _("%(service)s: %(minutes)s min wait")
        severity = _severity(line.longest, line.longest_limit)
        yield Alarm(severity, text % said, line.longest_since, href)
    if line.waiting > line.length_limit:
        text = _("%(service)s: %(count)s people in line")
        severity = _severity(line.waiting, line.length_limit)
        yield Alarm(severity, text % said, line.longest_since, href)


def _of_counter(counter: counter_plan.CounterNow, branch: Branch) -> Iterator[Alarm]:
    if not counter.too_long:
        return
    said: dict[str, object] = {"number": counter.counter.number, "minutes": counter.minutes}
    if counter.ticket is not None and counter.state == State.CALLED:
        text = _("Counter %(number)s: %(code)s was called %(minutes)s min ago, and nobody began")
        said |= {"code": counter.ticket.code}
    elif counter.ticket is not None:
        text = _("Counter %(number)s: serving %(code)s for %(minutes)s min")
        said |= {"code": counter.ticket.code}
    else:
        text = _("Counter %(number)s: free for %(minutes)s min while people wait")
    href = rows_at(branch, counter=counter.counter.number)
    severity = _severity(counter.minutes, counter.limit)
    yield Alarm(severity, text % said, counter.lasts_since, href)


def _left_open(left: counter_plan.LeftOpen, branch: Branch) -> Alarm:
    text = ngettext(
        "%(count)s ticket of %(day)s was never closed",
        "%(count)s tickets of %(day)s were never closed",
        left.count,
    )
    said = {"count": left.count, "day": day_short(left.day)}
    href = rows_at(branch, day=left.day.isoformat(), state="open")
    return Alarm(Severity.LOOK, text % said, left.since, href)


def _severity(value: int, limit: int) -> Severity:
    return Severity.BAD if value >= FAR_TOO_LONG * max(1, limit) else Severity.LOOK
