"""The counters from which a clerk chooses."""

from __future__ import annotations

from dataclasses import dataclass

from hall.models import Branch, Counter
from queueing.models import Sitting
from staff.models import Member


@dataclass(frozen=True)
class Seat:
    """A counter in the picker, and who sits there."""

    counter: Counter
    sitting: Sitting | None
    is_usual: bool


def seats(branch: Branch, member: Member) -> list[Seat]:
    """The counters of a branch by zone, in three queries; the member's usual one is marked."""
    sittings = Sitting.objects.open().select_related("member").filter(branch=branch)
    taken = {sitting.counter_id: sitting for sitting in sittings}
    last = member.sittings.filter(branch=branch).order_by("-started_at")
    usual = last.values_list("counter_id", flat=True).first()
    counters = Counter.objects.filter(branch=branch, is_active=True).select_related("zone")
    return [
        Seat(counter, taken.get(counter.pk), counter.pk == usual)
        for counter in counters.order_by("zone__floor", "zone__order", "zone", "number")
    ]
