"""Loads the demo's box: what visitors wrote in the past months, and what became of it."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from django.utils import timezone

from complaints.models import Kind, Matter
from demo.past import days as past
from demo.past.office import Office
from demo.past.story import Story, write
from demo.rows import Row, rows
from hall import calendar, clocks
from hall.models import Branch, Counter
from queueing.models import Sitting, State, Step, Ticket
from queueing.simulate import chance

TEXTS: Final = Path(__file__).with_name("matters.json")
A_DAY: Final = {Branch.Kind.MAIN: 0.6, Branch.Kind.STATION: 0.09}  # matters a working day
HANDS: Final = (Kind.COMPLAINT, Kind.HELP)  # kinds that may take longer


def load(now: dt.datetime | None = None) -> Tally[str]:
    """Fill the box of the demo's branches that have an empty one; says how many matters."""
    moment = now or timezone.now()
    texts = rows(TEXTS)
    # Chance by a word, here and in all of the past: two machines get the same one.
    chance.chance("texts").shuffle(texts)
    told: list[Story] = []
    for branch in past.branches():
        days = past.days(branch, moment)
        if days and not Matter.objects.filter(branch=branch, day__lte=days[1]).exists():
            told += _stories(branch, *days, texts)
    return Tally({"matters": len(write(told))})


def _stories(branch: Branch, first: dt.date, last: dt.date, texts: list[Row]) -> list[Story]:
    """The matters of a branch; each takes the next of the texts."""
    _start, until = calendar.day_bounds(branch, last)
    office = Office(branch, first, until)
    drawn = [
        (rng, _received(office, rng, day, text), text)
        for rng, day in _days(office, last)
        for text in _next(texts)
    ]
    left = _kept_open(office, [story for _rng, story, _text in drawn])
    for rng, story, text in drawn:
        if story is left[0]:
            office.leave_unanswered(rng, story)
        elif story is left[1]:
            office.put_off(rng, story)
        else:
            office.handle(rng, story, text["reply"])
    return [story for _rng, story, _text in drawn]


def _days(office: Office, last: dt.date) -> Iterator[tuple[random.Random, dt.date]]:
    """The days on which something is put in the box, each with its chance."""
    for day in office.days:
        rng = chance.chance("box", office.branch.slug, day)
        if day <= last and rng.random() < A_DAY[Branch.Kind(office.branch.kind)]:
            yield rng, day


def _next(texts: list[Row]) -> Iterator[Row]:
    """The text whose turn it is; it goes to the end."""
    texts.append(texts.pop(0))
    yield texts[-1]


def _kept_open(office: Office, stories: Sequence[Story]) -> tuple[Story | None, Story | None]:
    """Of the main hall's matters the latest one that is overdue, and one that is put off."""
    if office.branch.kind != Branch.Kind.MAIN:
        return None, None
    able = [story for story in reversed(stories) if story.fields["kind"] in HANDS]
    overdue = next((story for story in able if clocks.is_late(story.due_on, office.today)), None)
    later = (
        story
        for story in able
        if story is not overdue
        and office.add(story.day, 3) < office.today
        and office.add(story.due_on, office.days_more) >= office.today
    )
    return overdue, next(later, None)


def _received(office: Office, rng: random.Random, day: dt.date, text: Row) -> Story:
    """A matter as it came in, on its day, after the visit or the walk to the counter."""
    start, end = calendar.day_bounds(office.branch, day)
    at = start + dt.timedelta(seconds=int(rng.uniform(9.3 * 3600, 17.5 * 3600)))
    ticket = _ticket(rng, office.branch, day, text) if text["at"] == "ticket" else None
    if ticket is not None:
        at = min(ticket.state_since + dt.timedelta(minutes=rng.uniform(2, 50)), end)
    counter = ticket.counter if ticket else _counter(rng, office.branch, day, text)
    about = _about(ticket, counter, text["kind"], start, end)
    return Story(
        branch=office.branch,
        received_at=at,
        day=day,
        due_on=office.add(day, office.answer_days),
        owner=office.owner(day, about),
        about=about,
        fields=_fields(office, text, ticket, counter),
    )


def _fields(
    office: Office, text: Row, ticket: Ticket | None, counter: Counter | None
) -> dict[str, Any]:
    service = ticket.service_id if ticket else office.services.get(text["service"])
    elsewhere = counter.department_id if counter else None
    department = ticket.department_id if ticket else office.departments.get(service, elsewhere)
    return {
        **{name: text[name] for name in ("kind", "text", "name", "contact", "language")},
        "ticket": ticket,
        "counter": counter,
        "service_id": service,
        "department_id": department,
    }


def _ticket(rng: random.Random, branch: Branch, day: dt.date, text: Row) -> Ticket | None:
    """A visit of that day for the service."""
    visits = Ticket.objects.of_day(branch, day).filter(
        state=State.DONE, closed_by_day_end=False, service__slug=text["service"]
    )
    found = list(visits.select_related("counter").order_by("pk"))
    return rng.choice(found) if found else None


def _counter(rng: random.Random, branch: Branch, day: dt.date, text: Row) -> Counter | None:
    """A counter where somebody sat on that day."""
    if text["at"] != "counter":
        return None
    start, end = calendar.day_bounds(branch, day)
    seats = Sitting.objects.filter(branch=branch, started_at__gte=start, started_at__lt=end)
    found = list(seats.select_related("counter").order_by("pk"))
    return rng.choice(found).counter if found else None


def _about(
    ticket: Ticket | None, counter: Counter | None, kind: str, start: dt.datetime, end: dt.datetime
) -> list[int]:
    """As the action finds whom a matter is about."""
    members: set[int | None] = set()
    if ticket is not None:
        members = set(Step.objects.filter(ticket=ticket).values_list("member", flat=True))
    elif counter is not None and kind in (Kind.COMPLAINT, Kind.PRAISE):
        seats = Sitting.objects.filter(counter=counter, started_at__gte=start, started_at__lt=end)
        members = set(seats.values_list("member", flat=True))
    return sorted(member for member in members if member is not None)
