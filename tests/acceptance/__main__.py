"""Plays a real day in a running hall: `make replay` (docs/replay.md)."""

from __future__ import annotations

import signal
import sys

from tests.__main__ import leave
from tests.acceptance.replay import main

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave)
    sys.exit(main())
