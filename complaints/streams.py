"""The nudge for those who answer, and how a change of a matter shows without Redis."""

from __future__ import annotations

from collections.abc import Mapping

from complaints.models import Matter
from hall.events import Event
from hall.live import ALL_BRANCHES, BranchSource, Key, Marker, Marks, fingerprint


def matter_marks() -> Marks:
    """The matters that were changed last."""
    rows = Matter.objects.order_by("-changed_at").values_list("branch_id", "id", "changed_at")
    return {(branch_id, ("matter", pk, at)) for branch_id, pk, at in rows[:50]}


MATTERS = Marker(matter_marks, frozenset({Event.MATTER_CHANGED}))


class Matters(BranchSource):
    """Something changed in the box of a branch: ``/live/matters/<branch>/``.

    It carries a fingerprint alone; the pages fetch what their member may see.
    """

    changed_by = frozenset({Event.MATTER_CHANGED})

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The branch that the path names, or ``all``."""
        return (ALL_BRANCHES, "") if path == ["all"] else super().resolve(path)

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The same for every language."""
        rows = Matter.objects.order_by("-changed_at")
        here = rows if branch_id == ALL_BRANCHES else rows.filter(branch=branch_id)
        newest = here.values_list("pk", "changed_at").first()
        mark = fingerprint(newest)
        return dict.fromkeys(keys, f'<i data-rev="{mark}"></i>')
