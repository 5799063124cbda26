"""The nudge for those who answer, and how a change of a matter shows without Redis."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from complaints.models import Matter
from hall.events import Event, change_of
from hall.live import ALL_BRANCHES, LOOK_BACK, BranchSource, Key, Marks, fingerprint


def matter_marks() -> Marks:
    """The matters that were changed last."""
    rows = Matter.objects.order_by("-changed_at").values_list("branch_id", "id", "changed_at")
    return {
        (pk, at): change_of(branch_id, Event.MATTER_CHANGED, matter=pk)
        for branch_id, pk, at in rows[:LOOK_BACK]
    }


class Matters(BranchSource):
    """Something changed in the box of a branch: ``/live/matters/<branch>/``.

    It carries a fingerprint alone; the pages fetch what their member may see.
    """

    def changed_by(self) -> Collection[Event]:
        """Every matter of the branch."""
        return {Event.MATTER_CHANGED}

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
