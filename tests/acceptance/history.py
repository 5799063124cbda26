"""A real day to replay: who came when for what, how patient they were, how long it took.

The data is a bank's telephone desk in February 1999, one row a caller (the columns are named as
in the file). Times of day are seconds since midnight.
"""

from __future__ import annotations

import csv
import datetime as dt
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Services of the demo's main hall that stand for the bank's. Counters 10 to 18 give the first
# (and half of them each of the others), counters 1 to 9 give the new customers'.
SERVICES: Final = {
    "PS": "personal-details",
    "PE": "personal-record",
    "TT": "ask-rules",
    "IN": "card-replacement",
    "NE": "card-application",
    "NW": "enrol-employee",
}
APART: Final = "NW"
SEATS: Final = (10, 15, 11, 16, 12, 17, 13, 18, 14)
SEATS_APART: Final = (3, 6, 4, 7, 5, 8, 9, 2, 1)
HOUR = 3600


@dataclass(frozen=True)
class Row:
    """One visitor. ``patience`` is the wait after which they left, ``length`` their service."""

    number: int
    arrives: float
    service: str
    is_assisted: bool
    patience: float | None
    length: float
    server: str
    served: float | None

    @property
    def hour(self) -> int:
        """The hour of the arrival."""
        return int(self.arrives // HOUR)


def read_day(path: Path, day: dt.date) -> list[Row]:
    """The rows of a day in order of arrival; who left gets the median length of the service."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["arrived_at"].startswith(str(day))]
    lengths: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row["service_s"]:
            lengths[row["service"]].append(float(row["service_s"]))
    usual = {service: statistics.median(values) for service, values in lengths.items()}
    return [parsed(number, row, usual) for number, row in enumerate(rows, start=1)]


def parsed(number: int, row: Mapping[str, str], usual: Mapping[str, float]) -> Row:
    """A row of the file."""
    has_left = row["outcome"] == "abandoned"
    return Row(
        number=number,
        arrives=second_of_day(row["arrived_at"]),
        service=row["service"],
        is_assisted=row["priority"] == "2",
        patience=float(row["waited_s"]) if has_left else None,
        length=float(row["service_s"] or usual.get(row["service"], 100)),
        server=row["server"],
        served=None if has_left else second_of_day(row["served_at"]),
    )


def second_of_day(text: str) -> float:
    """The seconds since midnight of a local time."""
    clock = dt.datetime.fromisoformat(text)
    return (clock - clock.replace(hour=0, minute=0, second=0)).total_seconds()


def second_of_clock(text: str) -> float:
    """The seconds since midnight of HH:MM; 24:00 is the end of the day."""
    hours, _, minutes = text.partition(":")
    return int(hours) * HOUR + int(minutes or 0) * 60.0


@dataclass(frozen=True)
class Staffing:
    """Which counters are open in each hour: as many as servers were at work."""

    seats: Mapping[int, frozenset[int]]

    @classmethod
    def like(cls, day: Sequence[Row]) -> Staffing:
        """As on the day itself; at least three counters, so that each service is given."""
        at_work: dict[int, set[str]] = defaultdict(set)
        for row in day:
            if row.served is not None and row.server:
                at_work[int(row.served // HOUR)].add(row.server)
        share = sum(row.service == APART for row in day) / max(len(day), 1)
        hours = range(min(row.hour for row in day), max(row.hour for row in day) + 1)
        return cls({hour: open_seats(len(at_work[hour]), share) for hour in hours})

    def is_open(self, seat: int, second: float) -> bool:
        """Whether somebody works at the counter; after the last hour the last stay."""
        hour = min(max(int(second // HOUR), min(self.seats)), max(self.seats))
        return seat in self.seats[hour]

    @property
    def all_seats(self) -> list[int]:
        """Every counter that is open at any time."""
        return sorted(set().union(*self.seats.values()))


def open_seats(servers: int, share_apart: float) -> frozenset[int]:
    """The counters for so many servers, divided between the two parts of the hall."""
    apart = max(round(servers * share_apart), 1)
    together = max(servers - apart, 2)
    return frozenset((*SEATS[:together], *SEATS_APART[:apart]))


def services_in(day: Sequence[Row]) -> Counter[str]:
    """How many came for what."""
    return Counter(row.service for row in day)
