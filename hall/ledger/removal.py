"""Removing a month that is over and sealed: its rows go, its seals stay."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction
from django.utils import timezone

from hall.calendar import Month
from hall.ledger import guards, seals
from hall.ledger.proof import prove
from hall.ledger.rows import HALL, record
from hall.models import LedgerRow, Seal, SealedRow


class NotRemoved(Exception):
    """Why a month stays; the message is one line."""


def remove(month: Month, *, now: dt.datetime | None = None) -> int:
    """Remove a month's rows, as the owner of the tables; returns how many there were.

    A last seal says that they are gone. Raises NotRemoved for a month that is not over or not
    sealed, and while the ledger has a fault: what would prove it does not go.
    """
    moment = now or timezone.now()
    _check(month, moment)
    made = Seal.objects.filter(month=str(month), removes=False).values("number")
    sealed = SealedRow.objects.filter(seal__in=made)
    with transaction.atomic():
        guards.lift(connection)
        rows = LedgerRow.objects.filter(pk__in=sealed.values("row_id"))
        # Rows first: it is the list that says which they are.
        count = rows._raw_delete(rows.db)
        sealed._raw_delete(sealed.db)
        guards.put_up(connection)
        if count:
            seals.removal(str(month), moment)
            record("ledger.remove", by=HALL, at=moment, month=month.first, rows=count)
    return count


def _check(month: Month, now: dt.datetime) -> None:
    today = timezone.localtime(now, timezone.get_default_timezone()).date()
    if month.next.first > today:
        raise NotRemoved(f"{month} is not over.")
    if any(seals.month_of(row) == str(month) for row in seals.unsealed().iterator()):
        raise NotRemoved(f"{month} is not sealed yet: is the worker running?")
    if faults := prove().faults:
        raise NotRemoved(f"The ledger has {len(faults)} faults; verify_ledger tells them.")
