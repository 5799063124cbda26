"""Whom a change of the place strands: who waits, is served, sits or is owed an answer there.

The apps above know; each registers what it can tell of a thing that is about to be deleted, closed
or moved. Whoever offers such a change asks all of them first (``hall.admin`` does).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Model

from hall import ledger
from hall.models import Counter
from hall.plugs import Socket


@dataclass(frozen=True)
class Way:
    """What may become of those whom a change strands: as the form says it, and who does it."""

    label: str
    take: Callable[[ledger.By], None]


# The sentences that tell whom a thing strands if it goes; none of what it does not know.
TELLERS: Socket[Callable[[Model], Iterable[str]]] = Socket("whom it strands")
# What can be done for whom it strands, each by a name of its own; nothing where it settles itself.
WAYS: Socket[Callable[[Model], Mapping[str, Way]]] = Socket("what becomes of them")
# The sentences that tell who waits for what a counter gives up, if it keeps these services alone.
LEAVERS: Socket[Callable[[Counter, Collection[int]], Iterable[str]]] = Socket("who loses a counter")


def by(things: Iterable[Model]) -> list[str]:
    """Whom it strands if these go, in the active language; empty if nobody."""
    asked = list(things)
    return [sentence for thing in asked for tell in TELLERS for sentence in tell(thing)]


def ways(thing: Model) -> dict[str, Way]:
    """What may become of those whom it strands if this goes: one of these is chosen."""
    return {name: way for found in WAYS for name, way in found(thing).items()}


def by_giving_up(counter: Counter, kept: Collection[int]) -> list[str]:
    """Whom it strands if the counter serves these services alone."""
    return [sentence for tell in LEAVERS for sentence in tell(counter, kept)]
