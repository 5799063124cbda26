"""What the front door shows beside the branches: in a trial, the roles that one may try."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from hall.plugs import Socket


@dataclass(frozen=True)
class TrialRole:
    """A role on the trial's start page, and the member who stands for it (no type of ours)."""

    slug: str
    name: Promise
    summary: Promise
    member: object
    lands_on: str


TRIAL_ROLES: Socket[Callable[[], Sequence[TrialRole]]] = Socket("trial roles")


def trial_roles() -> list[TrialRole]:
    """Every role that somebody in the demo hall holds."""
    return [role for roles in TRIAL_ROLES for role in roles()]
