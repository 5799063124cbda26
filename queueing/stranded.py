"""Who stands in line, is served or sits at what is about to go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db.models import Count, Model, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hall.models import Branch, Category, Counter, Offering, Service, Zone
from queueing.models import AT_COUNTER, Sitting, State, Ticket
from staff.models import Member

IN_THE_HALL: Final = (State.WAITING, State.HELD, *AT_COUNTER)
BEGUN: Final = (State.HELD, *AT_COUNTER)


def visitors(thing: Model) -> Iterator[str]:
    """Who is in the hall for it: in line, on hold, called or served (one query)."""
    where = _tickets(thing)
    if where is None:
        return
    counts = Ticket.objects.filter(where, state__in=IN_THE_HALL).aggregate(
        waiting=Count("pk", filter=Q(state=State.WAITING)),
        held=Count("pk", filter=Q(state=State.HELD)),
        at_counter=Count("pk", filter=Q(state__in=AT_COUNTER)),
    )
    if count := counts["waiting"]:
        yield ngettext("%(count)s visitor waits here.", "%(count)s visitors wait here.", count) % {
            "count": count
        }
    if count := counts["at_counter"]:
        yield ngettext(
            "%(count)s visitor is called or served here.",
            "%(count)s visitors are called or served here.",
            count,
        ) % {"count": count}
    if count := counts["held"]:
        yield ngettext(
            "%(count)s visit is on hold here.", "%(count)s visits are on hold here.", count
        ) % {"count": count}


def seats(thing: Model) -> Iterator[str]:
    """Who sits there, or where the member sits (one query)."""
    where = _sittings(thing)
    if where is None:
        return
    for sitting in Sitting.objects.open().filter(where).select_related("member", "counter"):
        said = {"name": sitting.member.name, "number": sitting.counter.number}
        yield _("%(name)s sits at counter %(number)s.") % said


def _tickets(thing: Model) -> Q | None:
    """The tickets that stand in this thing; None if none ever does."""
    match thing:
        case Branch():
            return Q(branch=thing)
        case Offering():
            return Q(branch=thing.branch_id, service=thing.service_id)
        case Service():
            return Q(service=thing)
        case Category():
            return Q(service__category=thing)
        case Zone():
            offered = Offering.objects.filter(zone=thing).values("service")
            return Q(branch=thing.branch_id, service__in=offered)
        case Counter():
            return Q(counter=thing, state__in=BEGUN)
        case Member():
            return Q(member=thing, state__in=BEGUN)
    return None


def _sittings(thing: Model) -> Q | None:
    match thing:
        case Branch():
            return Q(branch=thing)
        case Counter():
            return Q(counter=thing)
        case Member():
            return Q(member=thing)
    return None
