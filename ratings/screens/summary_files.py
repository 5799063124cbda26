"""A summary as a workbook and as a text table: the same bytes whenever and wherever it is made.

Both are of the summary's own rows alone, in the language of whoever asks; what was made after
the month, as last month's or the moment of making, is not in them.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from hall.formats import as_clock, month_long
from ratings.models import Row
from ratings.screens.summary import Report
from ratings.screens.summary_words import DEFINITIONS, HEADINGS, SCOPES, name_of

BOM: Final = "\ufeff"
# With what spreadsheets begin a formula. Names are people's words: one that looks like a formula,
# a number or a link stays text, in both files.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
Value = str | int | dt.timedelta | None


def workbook(report: Report) -> bytes:
    """The summary as XLSX: a sheet for each scope, with real numbers and lengths."""
    file = io.BytesIO()
    book = Workbook(file, OPTIONS)
    summary = report.summary
    # Else the file has the time of its making in it, and differs each time.
    created = dt.datetime.combine(summary.month.next.first, dt.time.min)
    book.set_properties({"title": _title(report), "created": created})
    formats = {
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
        "count": book.add_format({"num_format": "#,##0"}),
        "length": book.add_format({"num_format": "[h]:mm:ss"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    _write_cover(book.add_worksheet(pgettext("summary", "Summary")), report, formats)
    for scope, title in SCOPES.items():
        if scope != Row.Scope.BRANCH:
            _write_rows(book.add_worksheet(str(title)), report.rows.get(scope, []), formats)
    book.close()
    return file.getvalue()


def _title(report: Report) -> str:
    return f"{report.whole.name} {report.summary.month}"


def _about(report: Report) -> Iterator[tuple[str, str]]:
    """Whose figures these are."""
    summary = report.summary
    yield _("Branch"), report.whole.name
    yield _("Month"), month_long(summary.first_day)
    yield _("Version"), str(summary.version)
    if summary.reason:
        yield _("Reason of the correction"), summary.reason


def _write_cover(sheet: Worksheet, report: Report, formats: Mapping[str, Format]) -> None:
    """The whole branch: a figure a line; below, what they mean."""
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, 1, 80)
    sheet.set_paper(9)
    lines: list[tuple[str, Value, str]] = [(name, value, "") for name, value in _about(report)]
    lines.append(("", None, ""))
    lines += [(str(HEADINGS[name]), getattr(report.whole, name), "count") for name in HEADINGS]
    lines.append(("", None, ""))
    lines += [(str(term), str(text), "text") for term, text in DEFINITIONS]
    for place, (name, value, kind) in enumerate(lines):
        sheet.write_string(place, 0, name, formats["text"] if kind == "text" else None)
        _write(sheet, place, 1, value, formats, wraps=kind == "text")


def _write_rows(sheet: Worksheet, rows: Sequence[Row], formats: Mapping[str, Format]) -> None:
    """A scope: its head stays in sight, also on paper."""
    # Paper 9 is A4. One page wide, and as many long as it takes.
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, len(HEADINGS) + 1, 12)
    for column, text in enumerate(_heads()):
        sheet.write_string(0, column, text, formats["head"])
    for place, row in enumerate(rows, start=1):
        for column, value in enumerate(_values(row)):
            _write(sheet, place, column, value, formats)


def _write(
    sheet: Worksheet,
    place: int,
    column: int,
    value: Value,
    formats: Mapping[str, Format],
    *,
    wraps: bool = False,
) -> None:
    match value:
        case int():
            sheet.write_number(place, column, value, formats["count"])
        case dt.timedelta():
            # Spreadsheets count lengths in days.
            sheet.write_number(place, column, value / dt.timedelta(days=1), formats["length"])
        case str() if value:
            sheet.write_string(place, column, value, formats["text"] if wraps else None)


def _heads() -> list[str]:
    return [pgettext("column", "Name"), _("Staff number"), *map(str, HEADINGS.values())]


def _values(row: Row) -> list[Value]:
    return [name_of(row), row.staff_number, *(getattr(row, name) for name in HEADINGS)]


def text(report: Report) -> bytes:
    """The summary as CSV in UTF-8, with the mark by which spreadsheets know it."""
    file = io.StringIO()
    file.write(BOM)
    writer = csv.writer(file)
    writer.writerow(_safe([_("Month"), _("Branch"), _("Of"), *_heads()]))
    month, branch = str(report.summary.month), report.whole.name
    for scope, title in SCOPES.items():
        for row in report.rows.get(scope, []):
            writer.writerow(_safe([month, branch, str(title), *_values(row)]))
    return file.getvalue().encode()


def _safe(values: Iterable[Value]) -> list[str]:
    """Cells that no spreadsheet takes for a formula; lengths as h:mm:ss."""
    return [_as_text(value) for value in values]


def _as_text(value: Value) -> str:
    match value:
        case None:
            return ""
        case dt.timedelta():
            return as_clock(value, with_hours=True)
        case str() if value.startswith(FORMULA):
            return f"'{value}"
    return str(value)
