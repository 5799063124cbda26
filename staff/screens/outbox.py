"""What did not get out of a branch, or perhaps did, and what a person may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hall.models import Branch, Parcel
from hall.outbox.kinds import KINDS


@dataclass(frozen=True)
class Waiting:
    """A parcel that waits for a person, and what it is called."""

    parcel: Parcel
    label: str
    is_unknown: bool


def outbox(branch: Branch) -> Sequence[Waiting]:
    """Everything that waits for a person at the branch, the newest first."""
    return [
        Waiting(each, _label(each), each.state == Parcel.State.UNKNOWN)
        for each in Parcel.objects.for_a_person().filter(branch=branch)
    ]


def _label(parcel: Parcel) -> str:
    kind = KINDS.get(parcel.kind)
    return str(kind.label) if kind else parcel.kind
