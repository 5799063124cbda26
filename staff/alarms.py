"""What is wrong now: each app says it of its own matters."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import ngettext

from hall.models import Parcel
from hall.plugs import Socket
from staff import access
from staff.look import Look
from staff.rights import Right


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


# --- the staff's own: what did not get out of the hall ---


def undelivered(look: Look) -> Mapping[int, list[Alarm]]:
    """What waits for a decision of a member who watches over the hall."""
    if not access.may(look.member, Right.WATCH):
        return {}
    branches = {each.pk: each for each in look.branches}
    rows = Parcel.objects.for_a_person().filter(branch__in=branches).order_by("branch", "state")
    groups = rows.values("branch", "state").annotate(count=Count("pk"), since=Min("state_since"))
    found: dict[int, list[Alarm]] = {}
    for row in groups:
        href = reverse("staff:outbox", args=[branches[row["branch"]].slug])
        sentence = _undelivered(row["state"], row["count"])
        found.setdefault(row["branch"], []).append(
            Alarm(Severity.BAD, sentence, row["since"], href)
        )
    return found


def _undelivered(state: str, count: int) -> str:
    if state == Parcel.State.UNKNOWN:
        text = ngettext(
            "%(count)s print: did it come out?", "%(count)s prints: did they come out?", count
        )
    else:
        text = ngettext(
            "%(count)s message was not delivered", "%(count)s messages were not delivered", count
        )
    return text % {"count": count}
