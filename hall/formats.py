"""How a length, a day and a time are written: nothing else turns one into text.

Two rules for a length. As a clock (``4:05``) it is told to the nearest second, as the monthly
summaries always told it, so that 59.6 s is one minute on every page and in every file. In minutes
it is told by those that are over, because that is what a person who waits has counted.
Templates have all of these as filters of the same name.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

NONE: Final = "–"
MINUTE: Final = dt.timedelta(minutes=1)


def whole_minutes(length: dt.timedelta) -> int:
    """The minutes that are over; none of a negative length, for clocks of two servers differ."""
    return max(0, length // MINUTE)


def as_clock(length: dt.timedelta | None, *, with_hours: bool = False) -> str:
    """``4:05``, from an hour on ``1:04:05``; ``with_hours`` always so, as spreadsheets read it."""
    if length is None:
        return NONE
    minutes, seconds = divmod(max(0, round(length.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    if hours or with_hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"


def in_min(count: int) -> str:
    """``12 min``: so many whole minutes, where there is little room."""
    return _("%(minutes)s min") % {"minutes": count}


def in_minutes(count: int) -> str:
    """``12 minutes``."""
    return ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": count}


def day_digits(day: dt.date) -> str:
    """``2026-03-06``, in lists and in addresses."""
    return date_format(day, "Y-m-d")


def day_short(day: dt.date) -> str:
    """The whole day, as short as the language has it."""
    return date_format(day, "SHORT_DATE_FORMAT")


def day_long(day: dt.date) -> str:
    """The whole day in a sentence."""
    return date_format(day, "DATE_FORMAT")


def day_of_month(day: dt.date) -> str:
    """A day where its year is clear."""
    return date_format(day, "MONTH_DAY_FORMAT")


def month_long(day: dt.date) -> str:
    """The month of a day, with its year."""
    return date_format(day, "YEAR_MONTH_FORMAT")


def weekday_long(day: dt.date) -> str:
    return date_format(day, "l")


def weekday_short(day: dt.date) -> str:
    """The day of the week in one or two letters."""
    names = (
        pgettext("weekday", "Mo"),
        pgettext("weekday", "Tu"),
        pgettext("weekday", "We"),
        pgettext("weekday", "Th"),
        pgettext("weekday", "Fr"),
        pgettext("weekday", "Sa"),
        pgettext("weekday", "Su"),
    )
    return names[day.weekday()]


def time_of_day(moment: dt.datetime | dt.time) -> str:
    """``09:05``."""
    return time_format(moment, "H:i")


def time_to_second(moment: dt.datetime | dt.time) -> str:
    """``09:05:07``, in lists of what happened."""
    return time_format(moment, "H:i:s")


def moment_digits(moment: dt.datetime) -> str:
    """``2026-03-06 09:05``."""
    return date_format(moment, "Y-m-d H:i")


def moment_long(moment: dt.datetime) -> str:
    """A day and a time in a sentence."""
    return date_format(moment, "DATETIME_FORMAT")
