"""A matter in memory with its time line, as the actions would have left it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from complaints import states
from complaints.models import Entry, Matter, State
from hall.models import Branch


class Told(NamedTuple):
    """A row of the time line."""

    at: dt.datetime
    move: str
    before: str
    after: str
    by: int | None
    owner: int | None
    due_on: dt.date
    text: str
    is_public: bool


@dataclass(eq=False)
class Story:
    """A matter; ``stage`` is its state at the moment. The methods do what the actions do."""

    branch: Branch
    received_at: dt.datetime
    day: dt.date
    due_on: dt.date
    owner: int | None
    about: Sequence[int]
    fields: dict[str, Any]
    contact_due_on: dt.date | None = None
    stage: str = State.RECEIVED.value
    since: dt.datetime | None = None
    contacted_at: dt.datetime | None = None
    extended_at: dt.datetime | None = None
    replied_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    news_since: dt.datetime | None = None
    entries: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._tell("receive", self.received_at, None)

    def add_words(self, at: dt.datetime, text: str) -> None:
        """The visitor says something besides."""
        self.news_since = self.news_since or at
        self._tell("words", at, None, text, is_public=True)

    def take(self, at: dt.datetime) -> None:
        self._handled("take", at)

    def assign(self, at: dt.datetime, owner: int, text: str) -> None:
        by, self.owner = self.owner, owner
        self._handled("assign", at, text, by=by)

    def note(self, at: dt.datetime, text: str) -> None:
        self._handled("note", at, text)

    def contact(self, at: dt.datetime, text: str) -> None:
        self.contacted_at = self.contacted_at or at
        self._handled("contact", at, text)

    def extend(self, at: dt.datetime, text: str, due_on: dt.date) -> None:
        self.extended_at, self.due_on = at, due_on
        self._handled("extend", at, text, is_public=True)

    def reply(self, at: dt.datetime, text: str) -> None:
        self.replied_at = self.replied_at or at
        self._handled("reply", at, text, is_public=True)

    def close(self, at: dt.datetime) -> None:
        if self.replied_at is None:
            raise ValueError("nothing closes without a reply")
        self._handled("close", at, is_public=True)
        self.closed_at = at

    def _handled(
        self,
        name: str,
        at: dt.datetime,
        text: str = "",
        *,
        by: int | None = None,
        is_public: bool = False,
    ) -> None:
        self._tell(name, at, self.owner if by is None else by, text, is_public=is_public)
        self.news_since = None

    def _tell(
        self, name: str, at: dt.datetime, by: int | None, text: str = "", *, is_public: bool = False
    ) -> None:
        """As ``complaints.states.apply``."""
        move = states.MOVES[name]
        before = self.stage
        if before not in move.sources:
            raise ValueError(f"{name} from {before}")
        after = (move.target or State(before)).value
        if after != before:
            self.stage, self.since = after, at
        was = "" if name == "receive" else before
        self.entries.append(
            Told(at, name, was, after, by, self.owner, self.due_on, text, is_public)
        )


def write(stories: Sequence[Story]) -> list[Matter]:
    """Write the matters with whom they are about and their time lines, in this order."""
    matters = Matter.objects.bulk_create(_matter(story) for story in stories)
    pairs = list(zip(matters, stories, strict=True))
    Matter.about.through.objects.bulk_create(
        Matter.about.through(matter_id=matter.pk, member_id=member)
        for matter, story in pairs
        for member in story.about
    )
    Entry.objects.bulk_create(
        _entry(matter, told) for matter, story in pairs for told in story.entries
    )
    return matters


def _matter(story: Story) -> Matter:
    return Matter(
        branch=story.branch,
        owner_id=story.owner,
        state=story.stage,
        state_since=story.since or story.received_at,
        received_at=story.received_at,
        day=story.day,
        due_on=story.due_on,
        contact_due_on=story.contact_due_on,
        extended_at=story.extended_at,
        contacted_at=story.contacted_at,
        replied_at=story.replied_at,
        closed_at=story.closed_at,
        news_since=story.news_since,
        request_id=uuid.uuid4(),
        **story.fields,
    )


def _entry(matter: Matter, told: Told) -> Entry:
    return Entry(
        matter=matter,
        at=told.at,
        move=told.move,
        from_state=told.before,
        to_state=told.after,
        by_id=told.by,
        owner_id=told.owner,
        due_on=told.due_on,
        text=told.text,
        is_public=told.is_public,
    )
