"""Sealing: rows commit unchained, so that no writer waits; seconds later a seal chains them.

A row's id says nothing of when it commits, so what is sealed is what no seal holds yet: a row
that comes late goes into a later seal, and an id that was rolled back into none. Nothing is
locked: two sealers at once make the same number, and the database keeps one of them.

Hashes are plain SHA-256, without a key: everybody who has the rows can do the sum again, and
what a key would guard against (somebody who writes the whole chain anew) is found by a hash
that was kept elsewhere, which cannot be lost or stolen with the server.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
from collections.abc import Iterable
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from hall.calendar import Month
from hall.models import LedgerRow, Seal, SealedRow

FORM: Final = "hall-ledger-1"
BATCH: Final = 500  # rows of one seal at most: a short write, and a fault near its place
# Nothing in a hall holds a transaction for so long; what did is found by the daily thorough look.
LATE: Final = dt.timedelta(hours=1)
BEGINNING: Final = "0" * 64
# What a digest is made of, and in which order (docs/ledger.md): if either is changed, no
# digest that stands is right any more.
FIELDS: Final = tuple(field.attname for field in LedgerRow._meta.concrete_fields)
HEADER: Final = (
    "number month count first_id last_id reached rows_hash removes made_at previous".split()
)
log = structlog.get_logger(__name__)


def seal(*, now: dt.datetime | None = None, is_thorough: bool = False) -> int:
    """Seal what no seal holds; returns how many rows. Safe at once, twice, and after a kill.

    ``is_thorough`` looks through the whole ledger, not only through its last hour.
    """
    moment, sealed = now or timezone.now(), 0
    while True:
        last = Seal.objects.order_by("number").last()
        rows = list(unsealed(0 if is_thorough else _settled(moment)).order_by("pk")[:BATCH])
        try:
            # A seal is of one month, so that the rows of a month can be removed.
            for month, group in itertools.groupby(sorted(rows, key=month_of), month_of):
                last = _make(last, month, list(group), moment)
        except IntegrityError:  # another sealer was quicker, and has these rows
            return sealed
        sealed += len(rows)
        if len(rows) < BATCH:
            return sealed


def unsealed(after: int = 0) -> QuerySet[LedgerRow]:
    """Rows that no seal holds, of those with a higher id."""
    is_sealed = Exists(SealedRow.objects.filter(row_id=OuterRef("pk")))
    return LedgerRow.objects.filter(~is_sealed, pk__gt=after)


def removal(month: str, now: dt.datetime) -> Seal:
    """Add the seal that says that a month's sealed rows are gone."""
    return _make(Seal.objects.order_by("number").last(), month, [], now, removes=True)


def month_of(row: LedgerRow) -> str:
    """The month that a row belongs to, by the hall's own clock."""
    return str(Month.of(timezone.localtime(row.at, timezone.get_default_timezone()).date()))


def digest(row: LedgerRow) -> str:
    """The hash of a row: all of its columns in their order, as JSON without spaces."""
    return _hash([FORM, *(_plain(getattr(row, name)) for name in FIELDS)])


def hash_of_rows(digests: Iterable[tuple[int, str]]) -> str:
    """The hash of a seal's rows: ids and digests, by id. An id that is in no row is no gap."""
    return _hash([FORM, *itertools.chain.from_iterable(digests)])


def hash_of(seal: Seal) -> str:
    """The hash of a seal: its columns in their order, the hash of the seal before among them."""
    return _hash([FORM, *(_plain(getattr(seal, name)) for name in HEADER)])


def _make(
    last: Seal | None, month: str, rows: list[LedgerRow], now: dt.datetime, removes: bool = False
) -> Seal:
    digests = [(row.pk, digest(row)) for row in rows]
    ids = [row.pk for row in rows]
    made = Seal(
        number=last.number + 1 if last else 1,
        month=month,
        count=len(rows),
        first_id=min(ids, default=None),
        last_id=max(ids, default=None),
        reached=max([last.reached if last else 0, *ids]),
        rows_hash=hash_of_rows(digests),
        removes=removes,
        made_at=now,
        previous=last.hash if last else BEGINNING,
    )
    made.hash = hash_of(made)
    with transaction.atomic():
        # Never an update: of two sealers with one number the second must fail.
        made.save(force_insert=True)
        SealedRow.objects.bulk_create(
            SealedRow(row_id=row_id, seal=made.number, digest=text) for row_id, text in digests
        )
    # Logs are kept elsewhere: this line proves later what stood in the chain now.
    log.info("ledger_sealed", seal=made.number, rows=made.count, hash=made.hash)
    return made


def _settled(now: dt.datetime) -> int:
    """The id up to which everything is sealed that ever will be."""
    before = Seal.objects.filter(made_at__lt=now - LATE).order_by("number").last()
    return before.reached if before else 0


def _plain(value: Any) -> Any:
    return value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else value


def _hash(values: list[Any]) -> str:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
