"""How a month's figures become rows that stay, and which months still lack a summary."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter as Tally
from collections.abc import Collection
from typing import Any, Final

from hall import calendar
from hall.calendar import Month
from hall.models import Branch, Department, Service
from queueing.models import Ticket
from queueing.states import CLOSING_MOVES
from ratings.figures.month import Part, Visits, month_figures
from ratings.models import Row, Summary
from staff.models import Member

MONTHS_BACK: Final = 24  # further back nothing is made unasked
NAMES: Final = ("name_zh_hans", "name_zh_hant", "name_en", "staff_number")
FIGURES: Final = [
    field.name
    for field in Row._meta.concrete_fields
    if field.name not in ("id", "summary", "order", *NAMES)
]


def rows(branch: Branch, month: Month) -> list[Row]:
    """The rows of the branch's month as it is now, not saved."""
    parts = month_figures(branch, month)
    return [
        Row(scope=part.scope, order=order, **_subject(part), **_figures(part))
        for order, part in enumerate(parts)
    ]


def same_figures(before: Collection[Row], after: Collection[Row]) -> bool:
    """Whether two sets of rows count the same; a new name alone is no difference."""
    # Nor is another order: services and departments may be put in a new one at any time.
    return Tally(map(_counted, before)) == Tally(map(_counted, after))


def _counted(row: Row) -> tuple[Any, ...]:
    # By attname: the id of a subject, without a query for each.
    return tuple(getattr(row, row._meta.get_field(name).attname) for name in FIGURES)  # type: ignore[union-attr]


def _subject(part: Part) -> dict[str, Any]:
    """Who or what the row is about, with the names as they are now."""
    subject = part.subject
    match subject:
        case dt.date():
            return {"day": subject}
        case dt.time():
            return {"slot": subject}
        case None:
            return {}
        case Department():
            return {"department": subject, **_names(subject)}
        case Service():
            return {"service": subject, **_names(subject)}
        case Member():
            return {
                "member": subject,
                "staff_number": subject.staff_number,
                "name_zh_hans": subject.name_zh_hans,
                "name_zh_hant": subject.name_zh_hant,
                "name_en": subject.name_en,
            }
        case _:
            return _names(subject)


def _names(subject: Branch | Department | Service) -> dict[str, str]:
    return {name: getattr(subject, name) for name in NAMES[:3]}


def _figures(part: Part) -> dict[str, Any]:
    visits = part.visits
    counts = {
        each.name: getattr(visits, each.name)
        for each in dataclasses.fields(Visits)
        if each.name not in ("waits", "services", "unrated")
    }
    rated = dataclasses.asdict(part.grades) if part.grades else {}
    if part.grades is not None:
        rated["unrated"] = visits.unrated
    matters = dataclasses.asdict(part.matters) if part.matters else {}
    return {
        **counts,
        "waits": visits.waits.count,
        "wait_median": visits.waits.median,
        "wait_p90": visits.waits.p90,
        "services": visits.services.count,
        "service_median": visits.services.median,
        "service_p90": visits.services.p90,
        **rated,
        **matters,
    }


def days_left_open(branch: Branch, month: Month) -> list[dt.date]:
    """Days of the month on which a ticket has no outcome yet."""
    tickets = Ticket.objects.filter(
        branch=branch,
        day__gte=month.first,
        day__lt=month.next.first,
        state__in=CLOSING_MOVES,
    )
    return sorted(set(tickets.values_list("day", flat=True)))


def missing(branch: Branch, now: dt.datetime) -> list[Month]:
    """Months that are over at the branch and have no summary, from its first ticket on."""
    first = Ticket.objects.filter(branch=branch).order_by("day").values_list("day", flat=True)[:1]
    made = set(Summary.objects.filter(branch=branch).values_list("first_day", flat=True).distinct())
    month = Month.of(calendar.local_day(branch, now)).previous
    found: list[Month] = []
    # Once, or never where nobody has taken a ticket yet.
    for day in first:
        for _back in range(MONTHS_BACK):
            if month < Month.of(day):
                break
            if month.first not in made:
                found.insert(0, month)
            month = month.previous
    return found
