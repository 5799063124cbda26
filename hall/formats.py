"""How a length of time is written."""

from __future__ import annotations

import datetime as dt


def as_clock(length: dt.timedelta) -> str:
    """``4:05``, or ``1:04:05`` from an hour on."""
    minutes, seconds = divmod(max(0, int(length.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
