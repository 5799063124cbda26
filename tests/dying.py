"""The hall's worker, which stops between delivering a parcel and noting it (as a process's own).

``celery -A tests.dying worker -B``: in the folder of HALL_STALL it leaves a file for each parcel
that it delivered and does not note, and waits for its end. What was tried before it notes.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

# ruff: noqa: E402
from hall.actions import delivery
from hall.celery import app as app
from hall.models import Parcel

LOOK: Final = 0.2  # seconds between two looks at the outbox, so that a test is not long
note = delivery._note


def stalled(parcel: Parcel, name: str, *args: str, **fields: Any) -> None:
    """Stop for good where a parcel was delivered for the first time."""
    if name == "deliver" and parcel.tries == 1:
        (Path(os.environ["HALL_STALL"]) / f"{parcel.kind}-{parcel.key}").touch()
        time.sleep(60)
    note(parcel, name, *args, **fields)


delivery._note = stalled
# Over when the next worker is there, and not before this one is killed.
delivery.LEASE = dt.timedelta(seconds=3)
app.conf.beat_schedule = {"deliver": {"task": "hall.tasks.deliver", "schedule": LOOK}}
