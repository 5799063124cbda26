"""Which services a seat calls at this moment, and so whose turn comes before whose.

A counter serves several services, and one service is served at several counters. So a visitor
stands behind everybody whom the same seats call, and not behind those of the same service alone:
with five for A in front, and one counter for A and F, the first for F is the sixth.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from hall.models import Branch, Counter, Offering, Service
from queueing import seats

# For the statement that claims the first in line (dispatch): as called_from.
CALLED_FROM: Final = "SELECT service_id FROM hall_counter_services WHERE counter_id = %(counter)s"


@dataclass(frozen=True)
class Reach:
    """What the counters of a branch call: services by counter, where somebody sits, and of all
    that are in use."""

    seats: Mapping[int, frozenset[int]]
    counters: Mapping[int, frozenset[int]]
    _known: dict[int, frozenset[int]] = field(default_factory=dict, compare=False)

    def seats_for(self, service_id: int) -> int:
        """At how many counters somebody sits who calls this service."""
        return sum(service_id in services for services in self.seats.values())

    def beside(self, service_id: int) -> frozenset[int]:
        """The services whose visitors are called by the seats that call this one, with itself.

        Where nobody sits for it, the counters in use say who will.
        """
        if service_id not in self._known:
            self._known[service_id] = self._beside(service_id)
        return self._known[service_id]

    def _beside(self, service_id: int) -> frozenset[int]:
        for places in (self.seats, self.counters):
            able = [services for services in places.values() if service_id in services]
            if able:
                return frozenset().union(*able)
        return frozenset({service_id})


def at(branch: Branch, now: dt.datetime | None = None) -> Reach:
    """The reach of a branch's counters now (two queries)."""
    return of([branch], now)[branch.pk]


def of(branches: Collection[Branch], now: dt.datetime | None = None) -> dict[int, Reach]:
    """The reach of the counters of several branches, by branch (two queries)."""
    ids = [branch.pk for branch in branches]
    open_seats = seats.open_at(branches, now or timezone.now())
    taken = set(open_seats.values_list("counter_id", flat=True))
    counters: dict[int, dict[int, set[int]]] = {pk: defaultdict(set) for pk in ids}
    rows = Counter.objects.filter(is_active=True, branch__in=ids)
    for branch_id, counter_id, service_id in rows.values_list("branch_id", "pk", "services"):
        counters[branch_id][counter_id].update(() if service_id is None else (service_id,))
    return {pk: _reach(found, taken) for pk, found in counters.items()}


def _reach(counters: Mapping[int, set[int]], taken: Collection[int]) -> Reach:
    called = {counter_id: frozenset(services) for counter_id, services in counters.items()}
    return Reach({pk: services for pk, services in called.items() if pk in taken}, called)


def called_from(counter_id: int) -> QuerySet[Service, int]:
    """The ids of the services that a seat at this counter calls."""
    return Service.objects.filter(counters=counter_id).order_by().values_list("pk", flat=True)


def beside_at(branch: Branch, service_id: int, counter_id: int | None) -> Collection[int]:
    """The services that this counter calls, if this one is among them; else those of all seats
    that call it."""
    here = set(called_from(counter_id)) if counter_id is not None else set()
    return here if service_id in here else at(branch).beside(service_id)


def lines(branches: Collection[Branch], waited_for: Iterable[tuple[int, int]]) -> list[Offering]:
    """The lines of these branches: what they offer, and what somebody waits for all the same.

    ``waited_for`` has (branch, service) pairs. What is offered no more has an offering that is not
    stored, and closed: nobody joins that line, and nobody in it vanishes.
    (One query, and one more if there is such a line.)
    """
    by_id = {branch.pk: branch for branch in branches}
    rows = Offering.objects.filter(branch__in=by_id).select_related("service__category", "zone")
    found = list(rows)
    for each in found:
        each.branch = by_id[each.branch_id]  # with its rules
    return found + _not_offered(by_id, set(waited_for) - {_line_of(each) for each in found})


def _line_of(offering: Offering) -> tuple[int, int]:
    return offering.branch_id, offering.service_id


def _not_offered(
    branches: Mapping[int, Branch], lines: Collection[tuple[int, int]]
) -> list[Offering]:
    if not lines:
        return []
    wanted = {service_id for _branch_id, service_id in lines}
    services = Service.objects.select_related("category").in_bulk(wanted)
    return [
        Offering(branch=branches[branch_id], service=services[service_id], is_open=False)
        for branch_id, service_id in sorted(lines)
    ]
