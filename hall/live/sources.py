"""What screens may watch: sources that render fragments, and markers that show what changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings

from hall.events import Event
from hall.models import Branch, Notice
from hall.plugs import Socket

Marks = set[tuple[int | None, object]]

ALL_BRANCHES = 0  # in the place of a branch's id: of what is watched over all of them


@dataclass(frozen=True)
class Key:
    """One fragment that screens may watch: equal keys get the same bytes."""

    source: str
    branch_id: int
    subject: str
    language: str


class Source(Protocol):
    """Renders one kind of fragment; its methods run in a thread and may use the database."""

    changed_by: frozenset[Event]
    """The events that can change a fragment of it; on no other is it rendered before its time."""

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The branch's id and the subject that a path names, or None if it names nothing."""

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The HTML of every key of one branch, in a fixed number of queries."""


class BranchSource:
    """A stream of a whole branch: ``/live/<name>/<branch>/``."""

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The branch that the path names."""
        if len(path) != 1:
            return None
        pk = Branch.objects.filter(slug=path[0]).values_list("pk", flat=True).first()
        return None if pk is None else (pk, "")


@dataclass(frozen=True)
class Marker:
    """Shows without Redis what changed last, and which events that stands for.

    A row does not tell which move wrote it, so that a marker stands for all that may have.
    """

    marks: Callable[[], Marks]
    stands_for: frozenset[Event]


SOURCES: Socket[Source] = Socket("live sources")
MARKERS: Socket[Marker] = Socket("live markers")


def fingerprint(value: object) -> str:
    """A short mark of a value; ids and times do not leave the hall by it."""
    secret = settings.SECRET_KEY.encode()[:64]
    return hashlib.blake2b(repr(value).encode(), key=secret, digest_size=8).hexdigest()


def notice_marks() -> Marks:
    """The notices that were changed last."""
    rows = Notice.objects.order_by("-changed_at").values_list("branch_id", "id", "changed_at")
    return {(branch_id, ("notice", pk, at)) for branch_id, pk, at in rows[:20]}


NOTICES = Marker(notice_marks, frozenset({Event.PLACE_CHANGED}))
