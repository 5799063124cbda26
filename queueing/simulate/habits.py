"""How visitors and clerks behave, on the whole: what the dice of a played day are weighted with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Habits:
    """What is usual in a hall. Shares are parts of one; *one in* says how rare something is."""

    languages: Mapping[str, float]  # of tickets, by weight
    one_in_assisted: float
    one_in_helped: float  # of the assisted: a guide takes the ticket for them
    express: frozenset[str]  # slugs of the services that have such a lane
    one_in_express: float
    one_in_gives_up: float
    missed: float  # share of calls on which nobody comes
    late: float  # … on which somebody comes only when called again
    sent_back: float  # … after which the visitor waits on
    one_in_returns: float  # of the missed: they are back later
    transferred: float  # share of visits that go on to another service
    goes_on: Sequence[str]  # why, as clerks write it
    held: float  # share of visits that are put on hold
    fetches: Sequence[str]  # why, as clerks write it
    one_in_lost: float  # of the held: they do not come back
    one_in_reopened: float
    one_in_forgotten: float  # of the last visits of a day: no last press
    stretch: float  # a visit takes so many times what is typical: on paper all goes well
    lunch: tuple[float, float]  # minutes of the day between which it begins
