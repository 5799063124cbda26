"""The settings under test: Hall's own, in a folder of their own, with cheap passwords.

What the runner (`python -m tests`) has set stays; a plain `pytest` gets SQLite and no Redis.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile

# mypy reads this file too, and does not tidy up.
if "pytest" in sys.modules and not os.environ.get("HALL_DATA"):
    os.environ["HALL_DATA"] = tempfile.mkdtemp(prefix="hall-tests-")
    atexit.register(shutil.rmtree, os.environ["HALL_DATA"], ignore_errors=True)
os.environ.setdefault("HALL_SECRET_KEY", "only-for-tests")
os.environ.setdefault("HALL_FIELD_KEYS", "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtbm8=")

from hall.settings import *  # noqa: F403
from hall.settings import DATABASES, HALL_DATA

HALL_OWNER_DATABASE = None  # a test database has its own name: this would be the real one
HALL_DEMO_HISTORY = False  # a test that wants the past says so
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in a hall: in memory it would be one connection's own, and threads could not race.
    DATABASES["default"]["TEST"] = {"NAME": str(HALL_DATA / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
else:
    # Two runs may share a server that was named to them.
    name = f"test_{DATABASES['default']['NAME']}_{os.environ.get('HALL_TEST_BROWSER', 'all')}"
    DATABASES["default"]["TEST"] = {"NAME": name}
# Else every test client would list all static files once more.
WHITENOISE_AUTOREFRESH = True
