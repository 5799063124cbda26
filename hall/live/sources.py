"""What can be watched: sources that render fragments, and markers that show what changed last."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass

from django.conf import settings

from hall import typed
from hall.events import Change, Event, change_of
from hall.models import Branch, Notice
from hall.plugs import Socket

ALL_BRANCHES = 0  # in the place of a branch's id: of what is watched over all of them
LOOK_BACK = 200  # rows that a marker reads; if all of them are new, there may be more
# What changed last, newest first: each row's mark is another one after its next change.
Marks = Mapping[Hashable, Change]


@dataclass(frozen=True)
class Key:
    """One fragment that screens may watch: equal keys get the same bytes.

    The subject is an id, or empty: what opens a visitor's page stands in no key, so in no log.
    """

    source: str
    branch_id: int
    subject: str
    language: str


class Source:
    """Renders one kind of fragment; ``resolve`` and ``render`` run in a thread and may use the
    database, the others may not."""

    def changed_by(self) -> Collection[Event]:
        """Everything that can change what it renders."""
        raise NotImplementedError

    def concerns(self, _key: Key, _change: Change, /) -> bool:
        """Whether one of these events can change this fragment; asked in the loop of the hub."""
        return True

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The branch's id and the subject that a path names, or None if it names nothing."""
        raise NotImplementedError

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The HTML of every key of one branch, in a fixed number of queries."""
        raise NotImplementedError


class BranchSource(Source):
    """A stream of a whole branch: ``/live/<name>/<branch>/``."""

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The branch that the path names."""
        slug = typed.slug(path[0]) if len(path) == 1 else None
        if slug is None:
            return None
        pk = Branch.objects.filter(slug=slug).values_list("pk", flat=True).first()
        return None if pk is None else (pk, "")


SOURCES: Socket[Source] = Socket("live sources")
# The functions that show, without Redis, what changed last.
MARKERS: Socket[Callable[[], Marks]] = Socket("live markers")


def fingerprint(value: object) -> str:
    """A short mark of a value; ids and times do not leave the hall by it."""
    # blake2b takes no longer key.
    secret = settings.SECRET_KEY.encode()[:64]
    return hashlib.blake2b(repr(value).encode(), key=secret, digest_size=8).hexdigest()


def notice_marks() -> Marks:
    """The notices that were changed last."""
    rows = Notice.objects.order_by("-changed_at").values_list("branch_id", "id", "changed_at")
    return {
        ("notice", pk, at): change_of(branch_id, Event.PLACE_CHANGED)
        for branch_id, pk, at in rows[:20]
    }
