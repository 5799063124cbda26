"""The line played forward without chance: when the turn of each ticket would come.

What a kiosk promises must not jump about, so this asks no dice: every visit takes what visits of
its service take today, nobody is missed, and no further counter opens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass
class OpenCounter:
    """A counter in the forecast: what it serves, and in how many minutes it is free."""

    services: Collection[int]
    free_in: float = 0.0


@dataclass
class Forecast:
    """The line played forward: each ticket goes to the counter that is free for it first."""

    counters: list[OpenCounter]
    minutes: Mapping[int, float]
    starts: dict[int, float | None] = field(default_factory=dict)

    def play(self, waiting: Iterable[tuple[int, int]]) -> None:
        """Send (ticket, service) pairs to the counters in the order of the line."""
        for ticket_id, service_id in waiting:
            counter = self._first_free(service_id)
            self.starts[ticket_id] = None if counter is None else counter.free_in
            if counter is not None:
                counter.free_in += self.minutes[service_id]

    def next_start(self, service_id: int) -> float | None:
        """In how many minutes a newcomer's turn would come; None if no counter is open for it."""
        counter = self._first_free(service_id)
        return None if counter is None else counter.free_in

    def _first_free(self, service_id: int) -> OpenCounter | None:
        able = (counter for counter in self.counters if service_id in counter.services)
        return min(able, key=lambda counter: counter.free_in, default=None)
