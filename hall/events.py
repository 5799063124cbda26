"""What happens in the hall, by name; told to the live screens after the change is committed.

A message is ``{"branch": id or null, "event": name, kind: ids…}`` on one Redis channel. It carries
ids only, never anything personal: of the rows that were touched, so that only those screens are
rendered again that show them. Without Redis the hub of the same process is told directly,
and every other process finds the change by its marker within a second (``hall.live``).
"""

from __future__ import annotations

import enum
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import redis
import structlog
from django.conf import settings
from django.db import transaction

CHANNEL = "hall:events"
RETRY_AFTER = 2.0  # seconds in which a dead Redis is not asked again

log = structlog.get_logger(__name__)


class Event(enum.StrEnum):
    """Everything that a screen may want to know of."""

    TICKET_ISSUED = "ticket-issued"
    TICKET_CALLED = "ticket-called"
    TICKET_CHANGED = "ticket-changed"
    VISIT_FINISHED = "visit-finished"
    CALL_ANNOUNCED = "call-announced"
    COUNTER_CHANGED = "counter-changed"
    PLACE_CHANGED = "place-changed"
    DUTY_CHANGED = "duty-changed"
    MATTER_CHANGED = "matter-changed"
    RATING_GIVEN = "rating-given"
    SUMMARY_MADE = "summary-made"
    DEVICE_CHANGED = "device-changed"
    RIGHTS_CHANGED = "rights-changed"
    OUTBOX_CHANGED = "outbox-changed"


@dataclass(frozen=True)
class Change:
    """What happened, at which branch (None: at all), and which rows it touched, by their kind.

    Without an event it may have been anything. A kind that is not told may be any row of it; one
    with no ids touched none.
    """

    branch_id: int | None = None
    event: Event | None = None
    ids: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def touches(self, kind: str, pk: int) -> bool:
        """Whether this row may have been touched."""
        return kind not in self.ids or pk in self.ids[kind]

    def __str__(self) -> str:
        """The message that Redis carries."""
        ids = {kind: sorted(found) for kind, found in self.ids.items()}
        event = self.event and self.event.value
        return json.dumps({"branch": self.branch_id, "event": event, **ids})

    @classmethod
    def parse(cls, message: str | bytes) -> Change:
        """The change that a message tells of; anything, if it is not understood: two versions of
        Hall may run side by side for a while, and neither may miss an event."""
        try:
            told = dict(json.loads(message))
            branch_id, event = told.pop("branch"), Event(told.pop("event"))
            return cls(branch_id, event, {kind: frozenset(found) for kind, found in told.items()})
        except (ValueError, TypeError, KeyError):
            return cls()


Listener = Callable[[Change], object]


# Whatever moves a ticket: lines, estimates and what stands at the counters follow.
TICKETS = frozenset(
    {Event.TICKET_ISSUED, Event.TICKET_CALLED, Event.TICKET_CHANGED, Event.VISIT_FINISHED}
)


class Publisher:
    """Sends messages to Redis, or to this process alone while there is none."""

    def __init__(self) -> None:
        self._redis: redis.Redis | None = None
        self._dead_until = 0.0
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(change)`` on what Redis does not carry; returns the way to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def send(self, change: Change) -> None:
        """Deliver one message now; a dead Redis costs at most half a second every two."""
        if settings.REDIS_URL and time.monotonic() >= self._dead_until:
            try:
                self._connection().publish(CHANNEL, str(change))
            except (redis.RedisError, OSError) as error:
                self._dead_until = time.monotonic() + RETRY_AFTER
                log.warning("redis_lost", error=type(error).__name__)
            else:
                return
        # A copy: a hub may begin or stop to listen meanwhile.
        for listener in list(self._listeners):
            listener(change)

    def _connection(self) -> redis.Redis:
        if self._redis is None:
            self._redis = redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5
            )
        return self._redis


publisher = Publisher()


def publish(branch_id: int | None, event: Event, **ids: int | Iterable[int] | None) -> None:
    """Tell the screens of a branch (None: of all) once the current transaction is committed.

    The ids are those of every row of that kind which the change touched.
    """
    change = change_of(branch_id, event, **ids)
    # Robust: the change is committed, and its press must not fail since a screen was not told.
    transaction.on_commit(lambda: publisher.send(change), robust=True)


def change_of(branch_id: int | None, event: Event, **ids: int | Iterable[int] | None) -> Change:
    """A change by the ids of what it touched, one or many (None: no row of that kind)."""
    return Change(branch_id, event, {kind: _ids(found) for kind, found in ids.items()})


def _ids(found: int | Iterable[int] | None) -> frozenset[int]:
    if found is None:
        return frozenset()
    return frozenset([found] if isinstance(found, int) else found)
