"""Putting something into the outbox, and what a person decides about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import ledger, states
from hall.events import Event, publish
from hall.models import Branch, Parcel
from hall.outbox import bell
from hall.outbox.kinds import Kind
from hall.refusal import Refused

DECISIONS: Final = ("came_out", "again", "drop")


def put(
    kind: Kind,
    payload: Mapping[str, str | int],
    *,
    key: str,
    branch: Branch | None,
    body: bytes = b"",
    now: dt.datetime | None = None,
) -> None:
    """Have something delivered once the transaction of the action that calls this is committed.

    The same ``key`` of a kind a second time changes nothing. Raises TransactionManagementError
    outside a transaction: an action that is rolled back tells nobody.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("A parcel is put in an action's transaction.")
    moment = now or timezone.now()
    parcel = Parcel(
        kind=kind.name,
        key=key,
        payload=dict(payload),
        body=body,
        branch=branch,
        state_since=moment,
        created_at=moment,
        due_at=moment,
    )
    # Not caught as an IntegrityError: on PostgreSQL that would spoil the action's transaction.
    Parcel.objects.bulk_create([parcel], ignore_conflicts=True)
    # Robust: the parcel is committed, and the worker finds it seconds later without the bell.
    transaction.on_commit(bell.ring, robust=True)


def decide(
    *, parcel: Parcel, decision: str, by: ledger.Signs, now: dt.datetime | None = None
) -> None:
    """Settle what waits for a person (``by`` decides): one of ``DECISIONS``.

    Raises Refused when somebody else has, or it came through after all.
    """
    if decision not in DECISIONS:
        raise Refused(_("Please choose what shall be done."))
    moment = now or timezone.now()
    fields: dict[str, object] = {"settled_by": by.signature.number}
    if decision == "again":
        fields["due_at"] = moment  # one more try; it is told again if that comes to nothing
    with transaction.atomic():
        if not states.move(Parcel.objects.filter(pk=parcel.pk), decision, at=moment, **fields):
            raise Refused(_("Meanwhile this was settled."))
        ledger.record(f"parcel.{decision}", of=parcel, by=by, at=moment)
        publish(parcel.branch_id, Event.OUTBOX_CHANGED)
        transaction.on_commit(bell.ring, robust=True)
