"""Live screens: server-sent events of *state*, rendered once a change however many watch."""

from hall.live.hub import BROKEN
from hall.live.sources import (
    ALL_BRANCHES,
    MARKERS,
    NOTICES,
    SOURCES,
    BranchSource,
    Key,
    Marker,
    Marks,
    fingerprint,
    notice_marks,
)
from hall.live.wire import Live, Receive, Scope, Send

__all__ = [
    "ALL_BRANCHES",
    "BROKEN",
    "MARKERS",
    "NOTICES",
    "SOURCES",
    "BranchSource",
    "Key",
    "Live",
    "Marker",
    "Marks",
    "Receive",
    "Scope",
    "Send",
    "fingerprint",
    "notice_marks",
]
