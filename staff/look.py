"""One look at the hall: at which branches, by whom, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hall.models import Branch
from staff.models import Member

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """What the parts of a page share, so that they agree, and none asks what another one has."""

    branches: Sequence[Branch]
    member: Member
    now: dt.datetime
    _found: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def branch(self) -> Branch:
        """The one branch that is looked at; raises ValueError if there are more."""
        (branch,) = self.branches
        return branch

    def once(self, ask: Callable[[Look], T]) -> T:
        """What a question about this look finds; it is asked the first time only."""
        if ask not in self._found:
            self._found[ask] = ask(self)
        found: T = self._found[ask]
        return found
