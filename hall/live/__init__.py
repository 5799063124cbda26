"""Live screens: server-sent events of *state*, rendered once a change however many watch.

A screen opens ``/live/<source>/<path…>/?lang=zh-hans`` and gets ``state`` events, each with the
whole current fragment; the event id is the hash of the content, so that who comes back with it
gets nothing new. Every five seconds a ``ping`` says that this fragment is current. One that cannot
be rendered goes silent, so that its screens say so, and leaves all others alone.
"""

from hall.live.faults import FAULTS
from hall.live.rooms import as_event
from hall.live.sources import (
    ALL_BRANCHES,
    LOOK_BACK,
    MARKERS,
    SOURCES,
    BranchSource,
    Key,
    Marks,
    Source,
    fingerprint,
    notice_marks,
)
from hall.live.wire import Live, Receive, Scope, Send

__all__ = [
    "ALL_BRANCHES",
    "FAULTS",
    "LOOK_BACK",
    "MARKERS",
    "SOURCES",
    "BranchSource",
    "Key",
    "Live",
    "Marks",
    "Receive",
    "Scope",
    "Send",
    "Source",
    "as_event",
    "fingerprint",
    "notice_marks",
]
