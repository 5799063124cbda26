"""Charts of a summary as plain geometry; templates draw them as SVG.

Numbers are written here, so that no language's decimal sign gets into a drawing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from hall.formats import as_clock, time_of_day, weekday_short
from ratings.models import Row
from ratings.screens.summary_words import HEADINGS, name_of, number

WIDTH: Final = 720
LEFT: Final = 44  # room for the numbers of the axis
TOP: Final = 12
PLOT: Final = 168  # height of the bars' ground
OUTCOMES: Final = ("done", "no_show", "cancelled", "abandoned")
GRADES: Final = ("satisfied", "basically", "dissatisfied")
BARS: Final = 12  # more say less
LINE: Final = 40  # height of a bar with its words
# How far an axis may reach, in powers of ten, and in how many parts.
STEPS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 3, 8: 4, 10: 5, 12: 4, 15: 3}
MINUTE: Final = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Tick:
    """A line of the axis, and its number."""

    at: str
    text: str


@dataclass(frozen=True)
class Piece:
    """A coloured part of a bar."""

    kind: str
    at: str
    size: str


@dataclass(frozen=True)
class Column:
    """A bar that stands, with its words below and what it says when pointed at."""

    left: str
    middle: str
    label: str
    under: str
    says: str
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class Columns:
    """A chart of standing bars."""

    ticks: Sequence[Tick]
    columns: Sequence[Column]
    bar_width: str
    highest: Column | None
    legend: Sequence[tuple[str, str | Promise]]


@dataclass(frozen=True)
class Bar:
    """A bar that lies, with its name above and its words on the right."""

    text_y: str
    bar_y: str
    middle_y: str
    label: str
    words: str
    pieces: Sequence[Piece]
    start: str = ""
    end: str = ""


@dataclass(frozen=True)
class Bars:
    """A chart of lying bars."""

    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    height: int
    bottom: int
    legend: Sequence[tuple[str, str | Promise]]


def days(rows: Sequence[Row]) -> Columns:
    """Tickets on each day, by outcome."""
    legend = [(name, HEADINGS[name]) for name in OUTCOMES]
    return _columns(rows, OUTCOMES, _day_label, _day_under, legend)


def slots(rows: Sequence[Row]) -> Columns:
    """Tickets in each half hour of the day, over the whole month."""
    return _columns(rows, ("issued",), _slot_label, _nothing, [])


def _day_label(row: Row) -> str:
    return str(row.day.day) if row.day else ""


def _day_under(row: Row) -> str:
    return weekday_short(row.day) if row.day else ""


def _nothing(_row: Row) -> str:
    return ""


def _slot_label(row: Row) -> str:
    return time_of_day(row.slot) if row.slot and row.slot.minute == 0 else ""


def _columns(
    rows: Sequence[Row],
    names: Sequence[str],
    label: Callable[[Row], str],
    under: Callable[[Row], str],
    legend: Sequence[tuple[str, str | Promise]],
) -> Columns:
    marks = scale(max((row.issued for row in rows), default=0))
    room = (WIDTH - LEFT) / max(len(rows), 1)
    width = min(room * 0.72, 30.0)
    columns = []
    for place, row in enumerate(rows):
        left = LEFT + place * room + (room - width) / 2
        columns.append(
            Column(
                left=_px(left),
                middle=_px(left + width / 2),
                label=label(row),
                under=under(row),
                says=_("%(name)s: %(count)s tickets")
                % {"name": name_of(row), "count": number(row.issued)},
                pieces=_stack(row, names, marks[-1]),
            )
        )
    pairs = zip(rows, columns, strict=True)
    highest = max(pairs, key=lambda pair: pair[0].issued, default=(None, None))[1]
    return Columns(_ticks(marks), columns, _px(width), highest, legend)


def _stack(row: Row, names: Sequence[str], top: int) -> list[Piece]:
    """The parts of a standing bar, from the ground up."""
    pieces, below = [], 0
    for name in names:
        count = getattr(row, name)
        if count:
            size = PLOT * count / top
            at = TOP + PLOT - PLOT * below / top - size
            pieces.append(Piece(name, _px(at), _px(size)))
        below += count
    return pieces


def _ticks(marks: Sequence[int]) -> list[Tick]:
    return [Tick(_px(TOP + PLOT - PLOT * each / marks[-1]), number(each)) for each in marks]


def grades(rows: Sequence[Row]) -> Bars:
    """Ratings of each department as shares of those given; unrated visits beside them."""
    shown = [row for row in rows if row.rated or row.unrated]
    bars = []
    for place, row in enumerate(shown):
        said = {"ratings": number(row.rated), "unrated": number(row.unrated)}
        words = _("%(ratings)s ratings, %(unrated)s visits not rated") % said
        bars.append(_bar(place, row, words, _shares(row)))
    legend = [(name, HEADINGS[name]) for name in GRADES]
    return Bars(bars, [], len(bars) * LINE, len(bars) * LINE, legend)


def _shares(row: Row) -> list[Piece]:
    pieces, left = [], 0.0
    for name in GRADES:
        size = WIDTH * (getattr(row, name) or 0) / max(row.rated, 1)
        if size:
            pieces.append(Piece(name, _px(left), _px(size)))
        left += size
    return pieces


def waits(rows: Sequence[Row]) -> Bars:
    """Median and 90th percentile of waits; of many rows those with the most tickets."""
    known = [row for row in rows if row.wait_p90 is not None]
    most = sorted(known, key=lambda row: -row.issued)[:BARS]
    # In the order of the rows, as the table has them; not of their size.
    shown = [row for row in known if row in most]
    longest = max((row.wait_p90 for row in shown if row.wait_p90), default=MINUTE)
    marks = scale(-(-longest // MINUTE))
    top = marks[-1]
    bars = []
    for place, row in enumerate(shown):
        said = {"median": as_clock(row.wait_median), "p90": as_clock(row.wait_p90)}
        words = _("median %(median)s, 90%% within %(p90)s") % said
        middle, end = _across(row.wait_median, top), _across(row.wait_p90, top)
        bars.append(_bar(place, row, words, [Piece("median", "0", middle)], middle, end))
    bottom = len(bars) * LINE
    ticks = [Tick(_px(WIDTH * each / top), _("%(count)s min") % {"count": each}) for each in marks]
    legend = [("median", _("median")), ("p90", _("90th percentile"))]
    return Bars(bars, ticks, bottom + 24, bottom, legend)


def _across(length: dt.timedelta | None, top: int) -> str:
    return _px(WIDTH * ((length or dt.timedelta()) / MINUTE) / top)


def _bar(
    place: int, row: Row, words: str, pieces: Sequence[Piece], start: str = "", end: str = ""
) -> Bar:
    y = place * LINE
    name = name_of(row)
    return Bar(_px(y + 13), _px(y + 19), _px(y + 25), name, words, pieces, start, end)


def scale(count: int) -> list[int]:
    """The marks of an axis that reaches at least this far: round numbers from zero."""
    power = 1
    while True:
        for lead, parts in STEPS.items():
            top = lead * power
            if top >= count and top % parts == 0:
                return [top // parts * each for each in range(parts + 1)]
        power *= 10


def _px(length: float) -> str:
    return f"{length:.1f}".removesuffix(".0")
