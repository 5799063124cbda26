"""What is wrong now: each app says it of its own matters."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hall.plugs import Socket
from staff.look import Look


class Severity(enum.StrEnum):
    """How loud an alarm is; the names are those of the signs beside it."""

    BAD = "bad"
    LOOK = "look"


@dataclass(frozen=True)
class Alarm:
    """One thing that somebody should look at now, since when, and where its rows are."""

    severity: Severity
    sentence: str
    since: dt.datetime | None
    href: str

    @property
    def order(self) -> tuple[bool, float]:
        """The bad ones first, then what lasts longest."""
        return self.severity != Severity.BAD, self.since.timestamp() if self.since else 0.0


# What one app finds wrong, by branch id; it checks for itself what the member may know.
Source = Callable[[Look], Mapping[int, Sequence[Alarm]]]
SOURCES: Socket[Source] = Socket("alarms")


def collect(look: Look) -> dict[int, list[Alarm]]:
    """The alarms of each branch, the worst first, in queries that do not grow with branches."""
    found: dict[int, list[Alarm]] = {branch.pk: [] for branch in look.branches}
    for source in SOURCES:
        for branch_id, alarms in source(look).items():
            found[branch_id].extend(alarms)
    return {pk: sorted(alarms, key=lambda each: each.order) for pk, alarms in found.items()}
