"""Which matters wait for an answer from what is about to go."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Model, Q
from django.utils.translation import ngettext

from complaints.models import Matter
from hall.models import Branch, Counter, Department, Service
from staff.models import Member


def matters(thing: Model) -> Iterator[str]:
    """How many open matters there are of it, or in the member's hands (one query)."""
    where = _matters(thing)
    count = 0 if where is None else Matter.objects.open().filter(where).count()
    if count:
        yield ngettext(
            "%(count)s matter waits for an answer here.",
            "%(count)s matters wait for an answer here.",
            count,
        ) % {"count": count}


def _matters(thing: Model) -> Q | None:
    match thing:
        case Branch():
            return Q(branch=thing)
        case Service():
            return Q(service=thing)
        case Department():
            return Q(department=thing)
        case Counter():
            return Q(counter=thing)
        case Member():
            return Q(owner=thing)
    return None
