"""Who stands in line, is served or sits at what is about to go."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from functools import partial
from typing import Final, cast

from django.db.models import Count, Model, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hall import calendar, ledger, stranded
from hall.models import Branch, Category, Counter, Offering, Service, Zone
from hall.refusal import Refused
from queueing import actions
from queueing.models import AT_COUNTER, State, Ticket, TicketQuerySet
from queueing.seats import open_at
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


def last_counter(thing: Model) -> Iterator[str]:
    """Who waits for what no other counter serves, if this one goes (two queries)."""
    if isinstance(thing, Counter):
        yield from given_up(thing, ())


def given_up(counter: Counter, kept: Collection[int]) -> Iterator[str]:
    """Who waits for what no other counter serves, if this one keeps these services alone."""
    elsewhere = Counter.objects.filter(branch=counter.branch_id, is_active=True)
    served = elsewhere.exclude(pk=counter.pk).values("services")
    lost = Service.objects.filter(counters=counter).exclude(pk__in=kept)
    today = calendar.local_day(counter.branch, timezone.now())
    waiting = Count(
        "tickets",
        filter=Q(tickets__branch=counter.branch_id, tickets__day=today)
        & Q(tickets__state=State.WAITING),
    )
    lines = lost.exclude(pk__in=served.exclude(services=None)).annotate(waiting=waiting)
    for service in lines.filter(waiting__gt=0):
        text = ngettext(
            "%(service)s: %(count)s visitor waits, and no other counter serves it.",
            "%(service)s: %(count)s visitors wait, and no other counter serves it.",
            service.waiting,
        )
        yield text % {"service": service.name, "count": service.waiting}


def ways(thing: Model) -> dict[str, stranded.Way]:
    """What may become of those who wait for a service that closes: they stay in line and are
    called as before, they go into another line, or their tickets are cancelled."""
    if not isinstance(thing, (Offering, Branch)) or not _waiting(thing).exists():
        return {}
    found = {"stay": stranded.Way(_("They stay in line and are called as before."), _stay)}
    if isinstance(thing, Offering):
        others = thing.branch.offerings.filter(is_open=True).exclude(pk=thing.pk)
        for other in others.select_related("service"):
            found[f"line-{other.pk}"] = _other_line(thing, other)
    said = _("Their tickets are cancelled. Please tell them in the hall.")
    return found | {"cancel": stranded.Way(said, partial(_cancel, thing))}


def _waiting(thing: Offering | Branch) -> TicketQuerySet:
    where = _tickets(thing)
    assert where is not None
    return Ticket.objects.filter(where).waiting()


def _stay(_by: ledger.By) -> None:
    """Nothing: who waits is called by whatever counter serves it (``queueing.reach``)."""


def _other_line(thing: Offering, other: Offering) -> stranded.Way:
    said = _("They go into the line for %(service)s, by the time at which they came.")
    return stranded.Way(said % {"service": other.service.name}, partial(_send, thing, other))


def _send(thing: Offering, other: Offering, by: ledger.By) -> None:
    """Each in a transaction of its own, like any other move: whom a clerk calls meanwhile, is
    served."""
    for ticket in _waiting(thing).order_by("pk"):
        with contextlib.suppress(Refused):
            actions.redirect(ticket=ticket, offering=other, by=cast(Member, by))


def _cancel(thing: Offering | Branch, by: ledger.By) -> None:
    for ticket in _waiting(thing).order_by("pk"):
        with contextlib.suppress(Refused):
            actions.cancel(ticket=ticket, by=cast(Member, by))


def seats(thing: Model) -> Iterator[str]:
    """Who sits there, or where the member sits (two queries)."""
    where = _sittings(thing)
    if where is None:
        return
    found = open_at(Branch.objects.all(), timezone.now()).filter(where)
    for sitting in found.select_related("member", "counter"):
        said = {"name": sitting.member.name, "number": sitting.counter.number}
        yield _("%(name)s sits at counter %(number)s.") % said
        if not isinstance(thing, Branch):
            yield _(
                "That seat ends: who is called there is first in line again, and a visit that is "
                "going on is put on hold for a colleague."
            )


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
