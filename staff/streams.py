"""The nudge for the supervisor's panels, and how a change of the roster shows without Redis."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from django.db.models import Count, Max
from django.utils import timezone
from django.utils.html import format_html_join

from hall.events import Event, change_of
from hall.live import BranchSource, Key, Marks
from hall.models import Branch, Parcel
from staff import panels
from staff.models import Duty


def duty_marks() -> Marks:
    """The rosters that are in force, each by how many rows it has and when one last changed."""
    yesterday = timezone.now().date() - dt.timedelta(days=1)  # of any time zone
    rows = Duty.objects.filter(day__gte=yesterday).values("branch").order_by("branch")
    return {
        tuple(row.values()): change_of(row["branch"], Event.DUTY_CHANGED)
        for row in rows.annotate(count=Count("pk"), latest=Max("changed_at"))
    }


def parcel_marks() -> Marks:
    """What waits for a person in the outbox of each branch."""
    rows = Parcel.objects.for_a_person().values("branch").order_by("branch")
    return {
        tuple(row.values()): change_of(row["branch"], Event.OUTBOX_CHANGED)
        for row in rows.annotate(count=Count("pk"), latest=Max("state_since"))
    }


class Panels(BranchSource):
    """Which panels of a branch have changed: ``/live/panels/<branch>/``.

    It carries a fingerprint of each panel and nothing of what stands in it; a page fetches the
    panel whose fingerprint is new, and is asked there who wants to know.
    """

    def changed_by(self) -> Collection[Event]:
        """What changes any of the panels."""
        return panels.changed_by()

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The same marks for every language."""
        found = panels.revisions(Branch.objects.get(pk=branch_id), timezone.now())
        marks = format_html_join("", '<i data-of="{}" data-rev="{}"></i>', found.items())
        return dict.fromkeys(keys, marks)
