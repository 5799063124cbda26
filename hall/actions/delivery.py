"""The worker's way with the outbox: claim, deliver, note what came of it. Safe to run anywhere.

Between delivering and noting a worker may die; nothing can make these two one. When the lease
of such a parcel is over it is tried again, or waits for a person if it must not come twice.
"""

from __future__ import annotations

import datetime as dt
import time

import structlog
from django.db import transaction
from django.utils import timezone

from hall import ledger, states
from hall.events import Event, publish
from hall.models import Parcel
from hall.outbox.kinds import (
    KINDS,
    Content,
    Hopeless,
    InDoubt,
    Kind,
    Needless,
    Trouble,
    Undelivered,
)

# Longer than any delivery takes: else what is only slow would come twice.
LEASE = dt.timedelta(minutes=5)
log = structlog.get_logger(__name__)


def deliver_due(*, seconds: float = 20.0) -> int:
    """Deliver what is due, beginning nothing more after so many seconds; how many were tried."""
    _sort_out_abandoned()
    until, tried = time.monotonic() + seconds, 0
    while time.monotonic() < until and (parcel := _claim_next()):
        _deliver(parcel)
        tried += 1
    return tried


def prune(*, before: dt.datetime) -> int:
    """Delete what was settled before this moment; returns how many."""
    with transaction.atomic():
        count = Parcel.objects.over(before).delete()[0]
        if count:
            ledger.record("parcel.prune", by=ledger.HALL, parcels=count)
    return count


def _claim_next() -> Parcel | None:
    """The next parcel that is due, ours alone for the length of a lease."""
    now = timezone.now()
    while parcel := Parcel.objects.due(now).first():
        parcel.tries, tries = parcel.tries + 1, parcel.tries
        seen = Parcel.objects.filter(pk=parcel.pk, tries=tries)
        if states.move(seen, "claim", at=now, tries=parcel.tries, lease_until=now + LEASE):
            return parcel
    return None


def _deliver(parcel: Parcel) -> None:
    kind = KINDS.get(parcel.kind)
    if kind is None:  # of an app that is gone, or of a version to come
        return _note(parcel, "fail", Trouble.FAULT)
    content = Content(f"{parcel.kind}-{parcel.key}", parcel.payload, bytes(parcel.body))
    try:
        kind.deliver(content)
    except Needless:
        _note(parcel, "skip", Trouble.NEEDLESS)
    except Hopeless as error:
        _note(parcel, "fail", error.trouble)
    except InDoubt as error:
        _note_doubt(parcel, kind, error.trouble)
    except Undelivered as error:
        _note_failure(parcel, kind, error.trouble)
    except Exception:
        # A fault of ours: nobody can tell how far the delivery got.
        log.exception("delivery_failed", kind=parcel.kind, parcel=parcel.pk)
        _note_doubt(parcel, kind, Trouble.FAULT)
    else:
        _note(parcel, "deliver")


def _note_failure(parcel: Parcel, kind: Kind, trouble: Trouble) -> None:
    """It is tried again after a pause, each longer than the last, until there are no more."""
    if parcel.tries > len(kind.pauses):
        return _note(parcel, "fail", trouble)
    pause = dt.timedelta(seconds=kind.pauses[parcel.tries - 1])
    _note(parcel, "retry", trouble, due_at=timezone.now() + pause)


def _note_doubt(parcel: Parcel, kind: Kind, trouble: Trouble) -> None:
    if kind.comes_once:
        return _note(parcel, "doubt", trouble)
    _note_failure(parcel, kind, trouble)


def _note(parcel: Parcel, name: str, trouble: str = "", **fields: object) -> None:
    """Note what came of this very try, unless its lease was over and it is another's by now."""
    mine = Parcel.objects.filter(pk=parcel.pk, tries=parcel.tries)
    fields |= {"trouble": trouble, "lease_until": None}
    with transaction.atomic():
        is_noted = states.move(mine, name, at=timezone.now(), **fields)
        if is_noted:
            ledger.record(f"parcel.{name}", of=parcel, by=ledger.HALL, tries=parcel.tries)
    if not is_noted:
        log.warning("delivery_too_late", kind=parcel.kind, parcel=parcel.pk, outcome=name)
    elif name in ("fail", "doubt"):
        log.error("not_delivered", kind=parcel.kind, parcel=parcel.pk, trouble=trouble)
        publish(parcel.branch_id, Event.OUTBOX_CHANGED)


def _sort_out_abandoned() -> None:
    """What a worker had in hand when it died, as far as anybody can tell."""
    for parcel in Parcel.objects.abandoned(timezone.now()):
        kind = KINDS.get(parcel.kind)
        if kind is None:
            _note(parcel, "fail", Trouble.FAULT)
        else:
            _note_doubt(parcel, kind, Trouble.STOPPED)
