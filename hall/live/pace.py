"""How often the live screens look, render and speak, in seconds."""

from __future__ import annotations

from hall import events

PING_EVERY = 5.0
RENDER_AT_MOST_EVERY = 0.2
RENDER_AT_LEAST_EVERY = 30.0
POLL_EVERY = 1.0
SILENT_AFTER = 8.0  # without the database, after which pings stop
# A publisher asks a Redis that was dead again only after a while; until then look ourselves.
TRUST_REDIS_AFTER = 2 * events.RETRY_AFTER
# A fragment that failed is tried again: soon, then ever less often, so that a fault that stays
# costs no more than a screen that nobody watches.
RETRY_FIRST = 1.0
RETRY_AT_LEAST_EVERY = 30.0
