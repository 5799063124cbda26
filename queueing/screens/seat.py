"""The counters from which a clerk chooses."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from hall.models import Branch, Counter
from queueing.models import Sitting
from queueing.seats import open_at
from staff.models import Member


@dataclass(frozen=True)
class Seat:
    """A counter in the picker, and who sits there."""

    counter: Counter
    sitting: Sitting | None
    is_usual: bool


def seats(branch: Branch, member: Member, now: dt.datetime | None = None) -> list[Seat]:
    """The counters of a branch by zone, in three queries; the member's usual one is marked."""
    found = open_at([branch], now or timezone.now()).select_related("member")
    taken = {sitting.counter_id: sitting for sitting in found}
    last = member.sittings.filter(branch=branch).order_by("-started_at")
    usual = last.values_list("counter_id", flat=True).first()
    counters = Counter.objects.filter(branch=branch, is_active=True).select_related("zone")
    return [
        Seat(counter, taken.get(counter.pk), counter.pk == usual)
        for counter in counters.order_by("zone__floor", "zone__order", "zone", "number")
    ]
