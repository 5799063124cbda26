"""Loads the demo's ratings of past visits, and the cases that bad ones opened."""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from django.utils import timezone, translation

from complaints.models import Entry, Kind, Matter, Source
from demo.past import days as past
from demo.past.bulk import insert, tell_planner
from demo.past.office import Office
from demo.past.opinion import Opinion, Temper, opinion, temper, words
from demo.past.story import Story, write
from hall import calendar, clocks
from hall.models import Branch
from queueing import spans
from queueing.models import State, Step, Ticket
from queueing.simulate import chance
from ratings import actions
from ratings.models import Grade, Rating, Remark

RATING: Final = (
    "ticket branch service department counter member grade via device given_at day comment "
    "explained_at matter"
).split()
MINUTE: Final = 60.0


class Visit(NamedTuple):
    """What a rating has to know of a finished visit."""

    pk: int
    day: dt.date
    service: int
    department: int | None
    counter: int
    member: int
    staff_number: str
    prefix: str
    number: int
    language: str
    first_wait: dt.timedelta
    finished_at: dt.datetime

    @property
    def code(self) -> str:
        return f"{self.prefix}{self.number:03d}"

    @property
    def waited(self) -> float:
        """Minutes until the first call."""
        return self.first_wait.total_seconds() / MINUTE


class Given(NamedTuple):
    """A visit and what the visitor thought of it."""

    visit: Visit
    opinion: Opinion


def load(now: dt.datetime | None = None) -> Tally[str]:
    """Rate the past visits of the demo's branches where nobody has; says how many ratings."""
    moment = now or timezone.now()
    added: Tally[str] = Tally()
    for branch in past.branches():
        days = past.days(branch, moment)
        if days and not Rating.objects.filter(branch=branch, day__lte=days[1]).exists():
            added.update(_rate(branch, *days))
    tell_planner(Rating, Remark, Matter, Entry)
    return added


def _rate(branch: Branch, first: dt.date, last: dt.date) -> Tally[str]:
    _start, until = calendar.day_bounds(branch, last)
    given = list(_given(branch, first, last, until))
    bad = [each for each in given if each.opinion.grade == Grade.DISSATISFIED]
    office = Office(branch, first, until)
    stories = _cases(office, bad)
    cases = {each.visit.pk: matter.pk for each, matter in zip(bad, write(stories), strict=True)}
    insert(Rating, RATING, (_rating(office, each, cases) for each in given))
    _write_remarks(branch, last, given)
    return Tally({"ratings": len(given), "matters": len(stories)})


def _given(branch: Branch, first: dt.date, last: dt.date, until: dt.datetime) -> Iterator[Given]:
    """The ratings of a branch by now, day by day."""
    tempers: dict[str, Temper] = {}
    for day, visits in groupby(_visits(branch, first, last), key=attrgetter("day")):
        rng = chance.chance("ratings", branch.slug, day)
        for visit in visits:
            clerk = tempers.setdefault(visit.staff_number, temper(visit.staff_number))
            writes = visit.language == "zh-hans"
            said = opinion(rng, clerk, visit.finished_at, visit.waited, writes)
            if said is not None and (said.explained_at or said.given_at) < until:
                yield Given(visit, said)


def _visits(branch: Branch, first: dt.date, last: dt.date) -> Iterator[Visit]:
    """The visits that a clerk finished, in the order of issue."""
    tickets = Ticket.objects.filter(
        branch=branch, day__range=(first, last), state=State.DONE, closed_by_day_end=False
    )
    rows = tickets.order_by("pk").values_list(
        "pk",
        "day",
        "service",
        "department",
        "counter",
        "member",
        "member__staff_number",
        "prefix",
        "number",
        "language",
        spans.FIRST_WAIT,
        "state_since",
    )
    return (Visit._make(row) for row in rows)


def _rating(office: Office, given: Given, cases: Mapping[int, int]) -> tuple[object, ...]:
    """The values of ``RATING``."""
    visit, said = given
    return (
        visit.pk,
        office.branch.pk,
        visit.service,
        visit.department,
        visit.counter,
        visit.member,
        said.grade.value,
        said.via.value,
        None,
        said.given_at,
        calendar.local_day(office.branch, said.given_at),
        said.comment,
        said.explained_at,
        cases.get(visit.pk),
    )


def _write_remarks(branch: Branch, last: dt.date, given: Sequence[Given]) -> None:
    """Ratings have been given their ids in this order."""
    ratings = Rating.objects.filter(branch=branch, day__lte=last).order_by("pk")
    rows = (
        (rating, reason.value)
        for rating, each in zip(ratings.values_list("pk", flat=True), given, strict=True)
        for reason in each.opinion.reasons
    )
    insert(Remark, ("rating", "reason"), rows)


# --- the cases ---


def _cases(office: Office, bad: Sequence[Given]) -> list[Story]:
    """A case for each bad rating, as far as it has come."""
    about = _about(each.visit.pk for each in bad)
    stories = [_case(office, each, about[each.visit.pk]) for each in bad]
    untouched, unanswered = _kept_open(office, stories)
    for story, each in zip(stories, bad, strict=True):
        rng = chance.chance("case", office.branch.slug, each.visit.day, each.visit.code)
        if story is not untouched:
            reply = None if story is unanswered else _reply(each)
            office.handle_case(rng, story, reply)
    return stories


def _kept_open(office: Office, stories: Sequence[Story]) -> tuple[Story | None, Story | None]:
    """Of the main hall's cases the latest, and the latest whose answer was due."""
    if office.branch.kind != Branch.Kind.MAIN:
        return None, None
    latest = sorted(stories, key=lambda story: story.received_at, reverse=True)
    overdue = (story for story in latest if clocks.is_late(story.due_on, office.today))
    return next(iter(latest), None), next(overdue, None)


def _about(tickets: Iterable[int]) -> dict[int, list[int]]:
    """Who had to do with each of the visits."""
    found: dict[int, list[int]] = defaultdict(list)
    steps = Step.objects.filter(ticket__in=list(tickets), member__isnull=False)
    for ticket, member in steps.order_by("member").values_list("ticket", "member").distinct():
        found[ticket].append(member)
    return found


def _case(office: Office, given: Given, about: Sequence[int]) -> Story:
    """As ``ratings.actions.rate`` opens it, and ``explain`` adds to it."""
    visit, said = given
    branch = office.branch
    day = calendar.local_day(branch, said.given_at)
    story = Story(
        branch=branch,
        received_at=said.given_at,
        day=day,
        due_on=office.add(day, office.answer_days),
        contact_due_on=office.add(day, office.contact_days),
        owner=office.owner(day, about),
        about=about,
        fields={
            "kind": Kind.COMPLAINT,
            "source": Source.RATING,
            "text": actions.case_text(visit.code, visit.language),
            "language": visit.language,
            "ticket_id": visit.pk,
            "counter_id": visit.counter,
            "service_id": visit.service,
            "department_id": visit.department,
        },
    )
    if said.explained_at and (said.reasons or said.comment):
        with translation.override(visit.language):
            story.add_words(said.explained_at, actions.in_words(said.reasons, said.comment))
    return story


def _reply(given: Given) -> str:
    """What is answered: to the first reason, in the visitor's language."""
    replies: dict[str, str] = words()["replies"]
    reasons = given.opinion.reasons
    return replies.get(given.visit.language) or replies[reasons[0].value if reasons else ""]
