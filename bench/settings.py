"""The settings of the server under measurement: Hall's own, as in a real hall, and bench pages.

With HALL_BENCH_BARE=1 there is no middleware: what a request costs without anything of Django's.
"""

from __future__ import annotations

import os

from hall.settings import *  # noqa: F403

HALL_TRIAL = False
ROOT_URLCONF = "bench.urls"
if os.environ.get("HALL_BENCH_BARE"):
    MIDDLEWARE = []
