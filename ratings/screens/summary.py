"""A summary as it is read: its rows by scope, the key figures, last month beside them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hall.calendar import Month
from hall.formats import NONE, as_clock, month_long
from hall.models import Branch
from ratings.models import Row, Summary
from ratings.screens.summary_words import HEADINGS, number, share
from staff.models import Member

Value = int | float | dt.timedelta | None


def _nothing(_row: Row) -> str:
    return ""


@dataclass(frozen=True)
class Kind:
    """A key figure: its value in a row, how it and a difference of two are written."""

    name: str | Promise
    value: Callable[[Row], Value]
    written: Callable[[Row], str]
    note: Callable[[Row], str] = _nothing


@dataclass(frozen=True)
class KeyFigure:
    """A key figure as it stands on the page."""

    name: str | Promise
    value: str
    note: str
    change: str


def _percent(part: int | None, whole: int) -> float | None:
    return 100 * (part or 0) / whole if whole else None


def _count(name: str, heading: str | Promise = "") -> Kind:
    def written(row: Row) -> str:
        return number(getattr(row, name))

    return Kind(heading or HEADINGS[name], attrgetter(name), written)


def _length(name: str) -> Kind:
    return Kind(HEADINGS[name], attrgetter(name), lambda row: as_clock(getattr(row, name)))


def _share(name: str, of: str, told: Promise) -> Kind:
    """A figure in percent of another one of the row."""

    def note(row: Row) -> str:
        said = {"part": number(getattr(row, name)), "whole": number(getattr(row, of))}
        return str(told % said)

    return Kind(
        HEADINGS[name],
        lambda row: _percent(getattr(row, name), getattr(row, of)),
        lambda row: share(getattr(row, name), getattr(row, of)),
        note,
    )


OF_TICKETS: Final = gettext_lazy("%(part)s of %(whole)s tickets")
OF_RATINGS: Final = gettext_lazy("%(part)s of %(whole)s ratings")
# Four in a row: visitors, times, ratings, matters.
KEY_FIGURES: Final = [
    _count("issued"),
    _share("done", "issued", OF_TICKETS),
    _share("abandoned", "issued", OF_TICKETS),
    _share("no_show", "issued", OF_TICKETS),
    _length("wait_median"),
    _length("wait_p90"),
    _length("service_median"),
    _length("service_p90"),
    _count("rated", gettext_lazy("Ratings")),
    _share("satisfied", "rated", OF_RATINGS),
    _share("dissatisfied", "rated", OF_RATINGS),
    _share("unrated", "finished", gettext_lazy("%(part)s of %(whole)s finished visits")),
    _count("received"),
    _share("answered_in_time", "answered", gettext_lazy("%(part)s of %(whole)s answers")),
    _count("open"),
    _count("overdue"),
]


@dataclass(frozen=True)
class Report:
    """A version of a branch's month, and what people look for around it."""

    summary: Summary
    rows: Mapping[str, Sequence[Row]]
    last: Row | None
    versions: Sequence[int]
    months: Sequence[Month]

    @property
    def whole(self) -> Row:
        return self.rows[Row.Scope.BRANCH][0]

    @property
    def previous(self) -> Month | None:
        """The nearest earlier month that has a summary."""
        return max((each for each in self.months if each < self.summary.month), default=None)

    @property
    def next(self) -> Month | None:
        """The nearest later month that has a summary."""
        return min((each for each in self.months if each > self.summary.month), default=None)

    @property
    def is_newest(self) -> bool:
        """Whether no later version corrects this one."""
        return self.summary.version == max(self.versions)

    @cached_property
    def key_figures(self) -> list[KeyFigure]:
        """The figures of the whole branch that are read first."""
        month = month_long(self.summary.month.previous.first)
        return [
            KeyFigure(
                kind.name,
                kind.written(self.whole),
                kind.note(self.whole),
                self._change(kind, month),
            )
            for kind in KEY_FIGURES
        ]

    def _change(self, kind: Kind, month: str) -> str:
        """Last month's figure, and how far this one is from it."""
        if self.last is None:
            return ""
        now, before = kind.value(self.whole), kind.value(self.last)
        if now is None or before is None:
            return ""
        written = kind.written(self.last)
        said = {"month": month, "before": written, "change": _difference(now, before)}
        # Compared as they are written: what is lost in rounding is no change.
        if written == kind.written(self.whole):
            return _("as in %(month)s") % said
        if now > before:  # type: ignore[operator]
            return _("▲ %(change)s more than in %(month)s (%(before)s)") % said
        return _("▼ %(change)s less than in %(month)s (%(before)s)") % said


def _difference(now: Value, before: Value) -> str:
    """How far two figures are from each other, without a sign."""
    match now, before:
        case dt.timedelta(), dt.timedelta():
            return as_clock(abs(now - before))
        case float(), float():
            return _("%(points)s percentage points") % {"points": f"{abs(now - before):.1f}"}
        case int(), int():
            return number(abs(now - before))
    return NONE


def report(branch: Branch, month: Month, version: int | None = None) -> Report | None:
    """A branch's month, the newest version if not told; None if there is none (four queries)."""
    all_of_branch = Summary.objects.filter(branch=branch)
    known = list(all_of_branch.order_by("first_day").values_list("first_day", "version"))
    versions = sorted(each for day, each in known if day == month.first)
    wanted = max(versions, default=0) if version is None else version
    if wanted not in versions:
        return None
    summary = Summary.objects.select_related("branch").get(
        branch=branch, first_day=month.first, version=wanted
    )
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in summary.rows.order_by("order"):
        rows[row.scope].append(row)
    before = Summary.objects.of(branch, month.previous).values("pk")[:1]
    last = Row.objects.filter(summary__in=before, scope=Row.Scope.BRANCH).first()
    months = sorted({Month.of(day) for day, _version in known})
    return Report(summary, rows, last, versions, months)


@dataclass(frozen=True)
class Cell:
    """A branch's month in the list of all."""

    month: Month
    branch: Branch
    summary: Summary | None
    issued: int | None


def overview(member: Member, branches: Sequence[Branch]) -> list[tuple[Month, list[Cell]]]:
    """Every month that has a summary, the newest first, with a cell for each branch (one query)."""
    rows = Row.objects.filter(
        scope=Row.Scope.BRANCH, summary__in=Summary.objects.visible_to(member)
    ).select_related("summary")
    newest: dict[tuple[dt.date, int], Row] = {}
    for row in rows.order_by("summary__version"):
        # A later version takes the place of the earlier one.
        newest[row.summary.first_day, row.summary.branch_id] = row
    return [
        (
            Month.of(day),
            [_cell(Month.of(day), each, newest.get((day, each.pk))) for each in branches],
        )
        for day in sorted({day for day, _branch in newest}, reverse=True)
    ]


def _cell(month: Month, branch: Branch, row: Row | None) -> Cell:
    return Cell(month, branch, row.summary if row else None, row.issued if row else None)
