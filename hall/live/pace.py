"""How often and how long, in seconds."""

from __future__ import annotations

from hall import events

PING_EVERY = 5.0  # not ten: a screen says "stale" after ten seconds without contact
RENDER_AT_MOST_EVERY = 0.2
RENDER_AT_LEAST_EVERY = 30.0
POLL_EVERY = 1.0
SILENT_AFTER = 8.0  # without the database, after which pings stop
# What failed is tried again after one second, two, four, and then every five.
RETRY_AFTER = 1.0
RETRY_AT_LEAST_EVERY = 5.0
# A screen whose stream is silent drops it and comes back: its fault is the same one meanwhile.
FAULT_LASTS = 60.0
# A publisher asks a Redis that was dead again only after a while; until then look ourselves.
TRUST_REDIS_AFTER = 2 * events.RETRY_AFTER
