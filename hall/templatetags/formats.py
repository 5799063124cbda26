"""``hall.formats`` as filters; a moment is told in the active time zone, as by Django's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import template

from hall import formats

register = template.Library()


def blank_for_none(write: Callable[[Any], str]) -> Callable[[Any], str]:
    """Write nothing where there is nothing, for a template does not ask first."""

    @wraps(write)
    def written(value: Any) -> str:
        return "" if value in (None, "") else write(value)

    return written


for write in (
    formats.day_digits,
    formats.day_short,
    formats.day_long,
    formats.day_of_month,
    formats.month_long,
    formats.weekday_long,
    formats.weekday_short,
    formats.time_of_day,
    formats.time_to_second,
    formats.moment_digits,
    formats.moment_long,
):
    register.filter(write.__name__, blank_for_none(write), expects_localtime=True)
register.filter(formats.as_clock)
register.filter(formats.in_min)
register.filter(formats.in_minutes)
