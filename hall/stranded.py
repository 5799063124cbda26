"""Whom a change of the place strands: who waits, is served, sits or is owed an answer there.

The apps above know; each registers what it can tell of a thing that is about to be deleted, closed
or moved. Whoever offers such a change asks all of them first (``hall.admin`` does).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db.models import Model

from hall.plugs import Socket

# The sentences that tell whom a thing strands if it goes; none of what it does not know.
TELLERS: Socket[Callable[[Model], Iterable[str]]] = Socket("whom it strands")


def by(things: Iterable[Model]) -> list[str]:
    """Whom it strands if these go, in the active language; empty if nobody."""
    asked = list(things)
    return [sentence for thing in asked for tell in TELLERS for sentence in tell(thing)]
