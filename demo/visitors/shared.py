"""What the simulated people share: the hall they are in, and each other's tickets."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from demo.visitors.crowd import Visit
from demo.visitors.kiosk import Phone, Taken
from demo.visitors.person import Browser
from demo.visitors.voices import put_in_box, rate_on_phone

SIGN_IN_AT_ONCE = 2  # a password is slow to check, on purpose
REMEMBERED = 5000  # who left without a word is forgotten after so many more

Thing = TypeVar("Thing")
Errand = Callable[[Browser], object]  # what somebody does on the phone


@dataclass
class Hall:
    """What all these people share: the address, the end of the day, and each other's tickets."""

    url: str
    password: str
    over: threading.Event = field(default_factory=threading.Event)
    door: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(SIGN_IN_AT_ONCE))
    visits: dict[tuple[str, str], Visit] = field(default_factory=dict)
    errands: list[tuple[float, Errand]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def browser(self) -> Browser:
        return Browser(self.url, self.over, faults=self.faults)

    def visit_of(self, branch: str, code: str) -> Visit:
        """What a visitor has in mind; one of whom nothing is known comes at once."""
        return self.visits.setdefault((branch, code), Visit.of_a_stranger())

    def remember(self, branch: str, taken: Taken, visit: Visit) -> None:
        """Keep in mind what a new visitor does."""
        self.visits[branch, taken.code] = visit
        visit.token = taken.token
        if visit.gives_up_after is not None:
            self.later(visit.gives_up_after, lambda phone: Phone(phone, visit.token).give_up())
        while len(self.visits) > REMEMBERED:
            self.visits.pop(next(iter(self.visits)), None)

    def later(self, seconds: float, errand: Errand) -> None:
        """Have somebody do this on the phone."""
        self.errands.append((time.time() + seconds, errand))

    def look_back(self, branch: str, visit: Visit) -> None:
        """What the visitor does about the visit on the way home."""
        if visit.token and visit.rates_on == "phone":
            rated = random.uniform(15, 240)
            self.later(rated, lambda phone: rate_on_phone(phone, visit.token, visit.opinion))
        if visit.token and visit.writes:
            written = random.uniform(40, 400)
            self.later(written, lambda phone: put_in_box(phone, branch, visit.token))


def due(waiting: list[tuple[float, Thing]]) -> Thing | None:
    """The first whose time has come, taken off the list."""
    for each in waiting:
        if each[0] <= time.time():
            waiting.remove(each)
            return each[1]
    return None
