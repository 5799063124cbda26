"""What the figures of a summary are called and what they mean, for page, table and paper alike."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from hall.formats import NONE, day_digits, time_of_day
from ratings.models import Row

# A figure of a row by its column, in the order in which reports have them.
HEADINGS: Final[dict[str, str | Promise]] = {
    "issued": pgettext_lazy("figure", "Tickets"),
    "done": pgettext_lazy("figure", "Served"),
    "no_show": pgettext_lazy("figure", "Did not come"),
    "cancelled": pgettext_lazy("figure", "Cancelled"),
    "abandoned": pgettext_lazy("figure", "Left waiting"),
    "closed_by_day_end": pgettext_lazy("figure", "Served, but never finished"),
    "waits": pgettext_lazy("figure", "Waits measured"),
    "wait_median": pgettext_lazy("figure", "Wait, median"),
    "wait_p90": pgettext_lazy("figure", "Wait, 90th percentile"),
    "services": pgettext_lazy("figure", "Visits measured"),
    "service_median": pgettext_lazy("figure", "Length of visit, median"),
    "service_p90": pgettext_lazy("figure", "Length of visit, 90th percentile"),
    "satisfied": pgettext_lazy("figure", "Satisfied"),
    "basically": pgettext_lazy("figure", "Basically satisfied"),
    "dissatisfied": pgettext_lazy("figure", "Not satisfied"),
    "unrated": pgettext_lazy("figure", "Not rated"),
    "received": pgettext_lazy("figure", "Matters received"),
    "answered_in_time": pgettext_lazy("figure", "Answered in time"),
    "answered_late": pgettext_lazy("figure", "Answered late"),
    "overdue": pgettext_lazy("figure", "Overdue at the end of the month"),
    "open": pgettext_lazy("figure", "Unanswered at the end of the month"),
}
SCOPES: Final[dict[str, str | Promise]] = {
    Row.Scope.BRANCH: pgettext_lazy("summary", "The whole branch"),
    Row.Scope.DEPARTMENT: pgettext_lazy("summary", "By department"),
    Row.Scope.SERVICE: pgettext_lazy("summary", "By service"),
    Row.Scope.PERSON: pgettext_lazy("summary", "By member of staff"),
    Row.Scope.DAY: pgettext_lazy("summary", "By day"),
    Row.Scope.SLOT: pgettext_lazy("summary", "By half hour of arrival"),
}
DEFINITIONS: Final = [
    (
        gettext_lazy("Tickets and outcomes"),
        gettext_lazy(
            "All tickets issued on the days of the month; each has one outcome, the last. Who was "
            "still waiting or on hold when the day was closed has left waiting. Visits that nobody "
            "finished count as served and are also counted apart."
        ),
    ),
    (
        gettext_lazy("Wait"),
        gettext_lazy(
            "From the issue of the ticket to the first call, for every ticket that was called, "
            "also if the visitor did not come. Tickets that were never called are left out."
        ),
    ),
    (
        gettext_lazy("Length of visit"),
        gettext_lazy(
            "All the time in which the visitor was being served, for every visit that was served "
            "at all, whatever its outcome. Time on hold or in line again is left out, and so are "
            "visits that were still being served when the day was closed."
        ),
    ),
    (
        gettext_lazy("Median and 90th percentile"),
        gettext_lazy(
            "Of all lengths of the row: half of them are at most as long as the median (of an even "
            "number, the mean of the middle two), nine in ten at most as long as the 90th "
            "percentile (nearest rank). They are never means of means."
        ),
    ),
    (
        gettext_lazy("Ratings"),
        gettext_lazy(
            "Ratings given in the month, each once, on its own day; some are of visits of the "
            "month before. Percentages of grades are of the ratings given. No rating counts as "
            "no grade."
        ),
    ),
    (
        gettext_lazy("Not rated"),
        gettext_lazy(
            "Visits of the month that a member of staff finished and that had no rating when the "
            "month ended. The percentage is of the visits finished."
        ),
    ),
    (
        gettext_lazy("Matters"),
        gettext_lazy(
            "Complaints, suggestions, praise and requests for help. Received: came in the month. "
            "Answered: the first reply was in the month, on or before the day on which it was due, "
            "or later. Unanswered: without a reply when the month ended; overdue: of these, due "
            "in the month or before. An answer put off after the month ended changes nothing."
        ),
    ),
    (
        gettext_lazy("Departments, services, members of staff"),
        gettext_lazy(
            "A ticket counts for the service at which it ended, for the department that gave this "
            "service when the visitor came into its line, and for the member of staff who dealt "
            "with it last; tickets that nobody dealt with are in no member's row. Ratings count "
            "for those who served. Matters are not counted by member of staff."
        ),
    ),
    (
        gettext_lazy("As of"),
        gettext_lazy(
            "All figures are as of the last moment of the month at the branch, with the names of "
            "the time when the summary was made. A summary never changes; a correction is a new "
            "version beside it."
        ),
    ),
]


def name_of(row: Row) -> str:
    """What the row is about, as people call it."""
    if row.scope == Row.Scope.DAY and row.day is not None:
        return day_digits(row.day)
    if row.scope == Row.Scope.SLOT and row.slot is not None:
        return time_of_day(row.slot)
    if row.scope == Row.Scope.DEPARTMENT and row.department_id is None:
        return _("no department")
    if row.scope == Row.Scope.SERVICE and row.service_id is None:
        return _("no service")
    return row.name


def number(count: int | None) -> str:
    """A count with its thousands apart."""
    return NONE if count is None else f"{count:,}"


def share(part: int | None, whole: int | None) -> str:
    """A part in percent of the whole; nothing is no share of nothing."""
    return f"{100 * (part or 0) / whole:.1f}%" if whole else NONE
