"""Loads the demo's place: services and guides, branches with all they hold, holidays, notices.

The rows of the JSON files carry the names of model fields. A branch is loaded whole or, if its
slug is taken, not at all.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter as Tally
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from demo.rows import Row, rows
from hall.models import (
    Branch,
    Category,
    Counter,
    Department,
    Notice,
    Offering,
    OpeningHours,
    RuleRow,
    Service,
    ServiceGuide,
    SpecialDay,
    Zone,
)
from hall.rules import BEGINNING

HERE: Final = Path(__file__).parent
WEEKDAYS: Final = range(5)
PARTS: Final = ("rules", "hours", "zones", "departments", "counters", "offerings")


def load() -> Tally[str]:
    """Add the demo's branches and services; returns how many rows of each kind were added."""
    added: Tally[str] = Tally()
    added.update(_services())
    new = [row for row in rows(HERE / "branches.json") if not _exists(row["slug"])]
    for row in new:
        added.update(_branch(row))
    if new:
        added["notices"] = _notices({row["slug"] for row in new})
        added["special days"] = _special_days()
    return added


def guides() -> dict[str, dict[str, dict[str, str]]]:
    """The texts of all guides: service → language → element."""
    files = sorted(HERE.glob("guides-*.json"))
    return dict(chain.from_iterable(json.loads(file.read_text("utf-8")).items() for file in files))


def _exists(slug: str) -> bool:
    return Branch.objects.filter(slug=slug).exists()


def _services() -> Tally[str]:
    added: Tally[str] = Tally()
    texts = guides()
    for row in rows(HERE / "services.json"):
        category, is_new = _category(row)
        added["categories"] += is_new
        for fields in row["services"]:
            service, is_new = Service.objects.get_or_create(
                slug=fields["slug"], defaults={**fields, "category": category}
            )
            if is_new:
                _guides(service, texts[service.slug])
            added["services"] += is_new
    return added


def _category(row: Row) -> tuple[Category, bool]:
    """The category of these services, by whatever name it goes by now, or a new one."""
    slugs = [service["slug"] for service in row["services"]]
    existing = Category.objects.filter(services__slug__in=slugs).first()
    if existing is not None:
        return existing, False
    fields = {name: value for name, value in row.items() if name != "services"}
    return Category.objects.create(**fields), True


def _guides(service: Service, texts: dict[str, dict[str, str]]) -> None:
    ServiceGuide.objects.bulk_create(
        ServiceGuide(service=service, language=language, **elements)
        for language, elements in texts.items()
    )


def _branch(row: Row) -> Tally[str]:
    own = {name: value for name, value in row.items() if name not in PARTS}
    branch = Branch.objects.create(**own)
    zones = {
        part["key"]: Zone.objects.create(branch=branch, **_named(part)) for part in row["zones"]
    }
    departments = {
        part["key"]: Department.objects.create(branch=branch, **_named(part))
        for part in row["departments"]
    }
    _rules(branch, row["rules"])
    _hours(branch, row["hours"])
    _offerings(branch, row["offerings"], zones, departments)
    counters = _counters(branch, row["counters"], zones, departments)
    return Tally({"branches": 1, "counters": counters})


def _named(part: Row) -> Row:
    """A row without the key by which other rows of the file refer to it."""
    return {name: value for name, value in part.items() if name != "key"}


def _rules(branch: Branch, values: Row) -> None:
    """They hold from the beginning, for the demo's past is made after them."""
    for name, value in values.items():
        RuleRow.objects.create(branch=branch, name=name, value=value, valid_from=BEGINNING)


def _hours(branch: Branch, spans: list[list[str]]) -> None:
    OpeningHours.objects.bulk_create(
        OpeningHours(
            branch=branch,
            weekday=weekday,
            opens=dt.time.fromisoformat(opens),
            closes=dt.time.fromisoformat(closes),
        )
        for weekday in WEEKDAYS
        for opens, closes in spans
    )


def _offerings(
    branch: Branch, offers: list[Row], zones: dict[str, Zone], departments: dict[str, Department]
) -> None:
    services = {service.slug: service for service in Service.objects.all()}
    Offering.objects.bulk_create(
        Offering(
            branch=branch,
            service=services[offer["service"]],
            zone=zones[offer["zone"]],
            department=departments[offer["department"]],
            prefix=offer["prefix"],
            typical_minutes=offer["typical_minutes"],
        )
        for offer in offers
    )


def _counters(
    branch: Branch, groups: list[Row], zones: dict[str, Zone], departments: dict[str, Department]
) -> int:
    counters = Counter.objects.bulk_create(
        Counter(
            branch=branch,
            number=number,
            zone=zones[group["zone"]],
            department=departments[group["department"]],
        )
        for group in groups
        for number in group["numbers"]
    )
    serves = {number: group["services"] for group in groups for number in group["numbers"]}
    services = dict(Service.objects.values_list("slug", "pk"))
    Counter.services.through.objects.bulk_create(
        Counter.services.through(counter_id=counter.pk, service_id=services[slug])
        for counter in counters
        for slug in serves[counter.number]
    )
    return len(counters)


def _notices(new: set[str]) -> int:
    """Notices of the new branches; those for all branches only come to an empty hall."""
    branches = Branch.objects.in_bulk(list(new), field_name="slug")
    places: set[str | None] = {*new, None} if Branch.objects.count() == len(new) else {*new}
    texts = [row for row in rows(HERE / "notices.json") if row["branch"] in places]
    for row in texts:
        Notice.objects.create(**{**row, "branch": branches.get(row["branch"])})
    return len(texts)


def _special_days() -> int:
    known = set(SpecialDay.objects.filter(branch=None).values_list("date", flat=True))
    new = [day for day in _calendar() if day.date not in known]
    return len(SpecialDay.objects.bulk_create(new))


def _calendar() -> Iterator[SpecialDay]:
    for row in rows(HERE / "calendar.json"):
        first, last = dt.date.fromisoformat(row["from"]), dt.date.fromisoformat(row["until"])
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            yield SpecialDay(
                date=dt.date.fromordinal(ordinal),
                is_working=row["is_working"],
                reason=row["reason"],
            )
