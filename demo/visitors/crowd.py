"""How simulated visitors behave, and how many of them come."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from demo.visitors.place import Window
from demo.visitors.voices import Opinion

SHORTEST, LONGEST = 40.0, 150.0  # seconds at the counter
A_VISIT = 110.0  # with the way to the counter
NEVER = 3600.0  # seconds to walk: longer than any clerk waits
RATE_ON: Final = {"pad": 55, "phone": 20, "": 25}
LANGUAGES: Final = {"zh-hans": 92, "zh-hant": 4, "en": 4}


@dataclass
class Visit:
    """What one visitor will do."""

    length: float
    walk: float = 5.0
    is_assisted: bool = False
    needs_a_moment: bool = False
    fetches: bool = False
    goes_on: bool = False
    comes_back: bool = False
    gives_up_after: float | None = None
    language: str = "zh-hans"
    token: str = ""
    rates_on: str = ""
    opinion: Opinion = field(default_factory=Opinion.of_anybody)
    writes: bool = False

    @classmethod
    def of_anybody(cls) -> Visit:
        """A usual visitor; one in four or so does something unusual."""
        (language,) = random.choices([*LANGUAGES], [*LANGUAGES.values()])
        (rates_on,) = random.choices([*RATE_ON], [*RATE_ON.values()])
        return cls(
            length=random.triangular(SHORTEST, LONGEST, 80),
            walk=random.choices([random.uniform(3, 11), random.uniform(17, 25), NEVER], [88, 7, 5])[
                0
            ],
            is_assisted=random.random() < 0.08,
            needs_a_moment=random.random() < 0.01,
            fetches=random.random() < 0.05,
            goes_on=random.random() < 0.04,
            comes_back=random.random() < 0.5,
            gives_up_after=random.uniform(20, 200) if random.random() < 0.06 else None,
            language=language,
            rates_on=rates_on,
            writes=random.random() < 1 / 120,
        )

    @classmethod
    def of_the_first(cls) -> Visit:
        """One of those who fill the hall: as if their visits had begun some time ago."""
        length, walk = random.uniform(4, LONGEST), random.uniform(1, 6)
        return cls(length=length, walk=walk, rates_on="pad")

    @classmethod
    def of_a_stranger(cls) -> Visit:
        """A visitor of whom nothing is known: a ticket that somebody else took."""
        return cls(length=random.uniform(SHORTEST, LONGEST))


@dataclass
class Team:
    """Counters that give the same services, and the line before them.

    ``waiting`` is what a desk told last. The line is wanted to be a few people long, now more and
    now fewer; the shorter it is against that, the sooner somebody comes.
    """

    services: tuple[str, ...]
    seats: int = 0
    waiting: int = 0
    usual: float = field(default_factory=lambda: random.uniform(0.8, 3.6))
    period: float = field(default_factory=lambda: random.uniform(300, 900))
    phase: float = field(default_factory=lambda: random.uniform(0, math.tau))

    def wanted(self) -> float:
        """How many should be waiting now."""
        wave = 1 + 0.8 * math.sin(math.tau * time.time() / self.period + self.phase)
        return self.usual * wave * math.sqrt(self.seats) * 1.5

    def arrivals_per_second(self) -> float:
        """How many come, so that the clerks have something to do and the line stays short."""
        wanted = self.wanted()
        missing = (wanted - self.waiting) / (wanted + 2)
        return self.seats / A_VISIT * min(max(1 + missing, 0.1), 2.5)

    def any_service(self) -> str:
        """A service that somebody comes for; the first ones are asked for most."""
        weights = [1 / (place + 1) for place in range(len(self.services))]
        return random.choices(self.services, weights)[0]


def teams_of(windows: Iterable[Window]) -> dict[tuple[str, ...], Team]:
    """The windows by what they give."""
    teams: dict[tuple[str, ...], Team] = {}
    for window in windows:
        teams.setdefault(window.services, Team(window.services)).seats += 1
    return teams
