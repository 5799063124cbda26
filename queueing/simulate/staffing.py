"""Who sits at which counter, and when: moments are microseconds since midnight."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hall.models import Branch, Counter, Offering, OpeningHours
from queueing.simulate.chance import chance
from queueing.simulate.demand import MINUTE, Demand, clock
from queueing.simulate.habits import Habits
from staff import access
from staff.models import Member

BUSY: Final = 0.7  # the part of a clerk's day that visitors should fill
# exp(0.45² / 2): the mean of the lengths that PlayedDay draws, whose median is 1.
MEAN: Final = 1.1  # of the lengths, against their median
BETWEEN_VISITS: Final = 2.3  # minutes, with the way to the counter
LONG: Final = 6 * 60 * MINUTE  # a span with lunch in it

Skills = tuple[int, ...]


@dataclass(slots=True, eq=False)
class Shift:
    """A clerk at a counter for a while; ``last`` is when they go although people wait."""

    counter: int
    services: Skills
    member: int
    speed: float
    starts: int
    opens: int
    ends: int
    last: int
    turn: int = 0


@dataclass
class Crew:
    """A branch's counters and clerks, and what they have to reckon with."""

    branch: Branch
    demand: Demand
    habits: Habits
    offerings: Sequence[Offering]
    counters: Sequence[Counter]
    clerks: Sequence[Member]
    skills: Mapping[int, Skills]
    speeds: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, branch: Branch, demand: Demand, habits: Habits) -> Crew:
        """The branch as it is now, in an order that is the same on every machine."""
        counters = list(branch.counters.filter(is_active=True).order_by("number"))
        skills = _skills(counters)
        served = {service for services in skills.values() for service in services}
        offerings = branch.offerings.filter(is_open=True).select_related("service")
        clerks = access.with_role("clerk").filter(branch=branch)
        return cls(
            branch=branch,
            demand=demand,
            habits=habits,
            offerings=[
                each for each in offerings.order_by("service__slug") if each.service_id in served
            ],
            counters=[each for each in counters if each.pk in skills],
            clerks=list(clerks.order_by("staff_number")),
            skills=skills,
        )

    def shifts(
        self,
        rng: random.Random,
        day: dt.date,
        spans: Sequence[OpeningHours],
        away: Collection[int],
    ) -> list[Shift]:
        """Who sits where on a day; ``away`` are the ids of those with other duties."""
        free = [member for member in self.clerks if member.pk not in away]
        chosen = self._open_counters(rng, day, spans, len(free))
        places = _placed(rng, chosen, self.counters, free)
        taken = {member.pk for _counter, member in places}
        relief = [member for member in free if member.pk not in taken]
        return [
            shift
            for counter, member in places
            for span in spans
            for shift in self._span(rng, counter, member, relief, span)
        ]

    def _open_counters(
        self, rng: random.Random, day: dt.date, spans: Sequence[OpeningHours], most: int
    ) -> list[Counter]:
        """As many of each kind of counter as the day needs; at least one for each service."""
        groups: dict[Skills, list[Counter]] = defaultdict(list)
        for counter in self.counters:
            groups[self.skills[counter.pk]].append(counter)
        _thin_out(groups, day, most)
        needed = self._clerks_needed(groups, day, spans)
        return [
            counter
            for skills, counters in groups.items()
            for counter in rng.sample(
                counters, min(max(int(needed[skills] + 0.8), 1), len(counters))
            )
        ]

    def _clerks_needed(
        self,
        groups: Mapping[Skills, Sequence[Counter]],
        day: dt.date,
        spans: Sequence[OpeningHours],
    ) -> dict[Skills, float]:
        """How many clerks each kind of counter needs, if those who can share the work do."""
        hours = sum(clock(span.closes) - clock(span.opens) for span in spans) / MINUTE
        weights = {each.service_id: self.demand.weight(each, day) for each in self.offerings}
        minutes = {each.service_id: each.typical_minutes for each in self.offerings}
        whole = sum(weights.values())
        needed: dict[Skills, float] = defaultdict(float)
        for service, weight in weights.items():
            able = [skills for skills in groups if service in skills]
            seats = sum(len(groups[skills]) for skills in able)
            visit = minutes[service] * self.habits.stretch * MEAN + BETWEEN_VISITS
            work = self.demand.usual * weight / whole * visit / hours / BUSY
            for skills in able:
                needed[skills] += work * len(groups[skills]) / seats
        return needed

    def _span(
        self,
        rng: random.Random,
        counter: Counter,
        member: Member,
        relief: list[Member],
        span: OpeningHours,
    ) -> Iterator[Shift]:
        """A clerk's day at a counter from opening to close, with lunch if it is a long one."""
        opens, closes = clock(span.opens), clock(span.closes)
        comes = opens - int(rng.uniform(2, 9) * MINUTE)
        last = closes + int(rng.uniform(0, 11) * MINUTE)
        if closes - opens < LONG:
            yield self._shift(counter, member, (comes, opens, closes, last))
            return
        lunch = int(rng.uniform(*self.habits.lunch) * MINUTE)
        back = lunch + int(rng.uniform(45, 60) * MINUTE)
        yield self._shift(counter, member, (comes, opens, lunch, lunch))
        other = next((each for each in relief if each.department_id == member.department_id), None)
        if other is not None:
            relief.remove(other)
            yield self._shift(counter, other, (lunch, lunch, back, back))
        yield self._shift(counter, member, (back, back, closes, last))

    def _shift(self, counter: Counter, member: Member, times: tuple[int, int, int, int]) -> Shift:
        skills = self.skills[counter.pk]
        return Shift(counter.pk, skills, member.pk, self._speed(member), *times)

    def _speed(self, member: Member) -> float:
        """How long a clerk takes against the others: always the same."""
        if member.pk not in self.speeds:
            rng = chance("speed", member.staff_number)
            self.speeds[member.pk] = min(max(rng.gauss(1.0, 0.13), 0.75), 1.4)
        return self.speeds[member.pk]


def _skills(counters: Sequence[Counter]) -> dict[int, Skills]:
    rows = Counter.services.through.objects.filter(counter__in=counters)
    found: dict[int, list[int]] = defaultdict(list)
    for counter, service in rows.order_by("service__slug").values_list("counter", "service"):
        found[counter].append(service)
    return {counter: tuple(services) for counter, services in found.items()}


def _thin_out(groups: dict[Skills, list[Counter]], day: dt.date, most: int) -> None:
    """Leave kinds of counters out, each day another, that too few clerks cannot fill."""
    names = list(groups)
    for turn in range(len(names)):
        skills = names[(day.toordinal() + turn) % len(names)]
        others = {service for each in groups if each != skills for service in each}
        if len(groups) > most and others.issuperset(skills):
            del groups[skills]


def _placed(
    rng: random.Random, chosen: Sequence[Counter], counters: Sequence[Counter], free: list[Member]
) -> list[tuple[Counter, Member]]:
    """A clerk of the same department for each counter; who belongs to it goes first."""
    homes = _homes(counters, free)
    left = list(free)
    rng.shuffle(left)
    places = []
    for counter in chosen:
        able = [each for each in left if each.department_id == counter.department_id]
        member = homes[counter.pk] if homes.get(counter.pk) in able else next(iter(able), None)
        if member is not None:
            left.remove(member)
            places.append((counter, member))
    return places


def _homes(counters: Sequence[Counter], clerks: Sequence[Member]) -> dict[int, Member]:
    """Counters and clerks of each department, in the order of their numbers; large ones only."""
    found: dict[int, Member] = {}
    for department in dict.fromkeys(each.department_id for each in counters):
        seats = [each for each in counters if each.department_id == department]
        people = [each for each in clerks if each.department_id == department]
        if len(people) == len(seats):
            found |= {seat.pk: member for seat, member in zip(seats, people, strict=True)}
    return found
