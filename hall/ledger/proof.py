"""Whether the ledger is as it was sealed: every seal, every row, and what cannot be proven."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from django.db import connection
from django.db.models import Max

from hall.ledger import guards
from hall.ledger.seals import BEGINNING, digest, hash_of, hash_of_rows, unsealed
from hall.models import LedgerRow, Seal, SealedRow

CHUNK: Final = 900  # SQLite takes no more values in a statement


@dataclass
class Proof:
    """What was found. ``removed`` rows are gone as their seals say, month by month."""

    faults: list[str] = field(default_factory=list)
    seals: int = 0
    rows: int = 0
    removed: int = 0
    last: Seal | None = None
    unsealed: int = 0
    first_unsealed: LedgerRow | None = None
    ids_given: int = 0
    ids_found: int = 0


def prove(since: str = "") -> Proof:
    """Go through the chain: all of it, or what follows the seal with the hash ``since``.

    A chain whose end was removed, seals and all, is as whole as before: only a hash that was
    kept elsewhere finds it.
    """
    proof = Proof()
    _check_guards(proof)
    chain = Seal.objects.order_by("number")
    anchor = chain.filter(hash=since).first() if since else None
    if since and anchor is None:
        proof.faults.append(f"no seal has the hash {since}: the chain was cut or written anew")
    if anchor is not None:
        chain = chain.filter(number__gt=anchor.number)
        # It is not gone through with those after it, but may be altered like them.
        _check_hash(anchor, proof)
    _check_seals(chain, anchor, proof)
    _check_rows(chain, proof)
    proof.last = Seal.objects.order_by("number").last()
    _check_end(proof)
    return proof


def _check_guards(proof: Proof) -> None:
    proof.faults += [
        f"{table} can be altered: a trigger is gone" for table in guards.missing(connection)
    ]


def _check_seals(chain: Iterable[Seal], before: Seal | None, proof: Proof) -> None:
    """Each seal is as it was made, and follows the one before."""
    number, previous = (before.number, before.hash) if before else (0, BEGINNING)
    for seal in chain:
        proof.seals += 1
        if seal.number != number + 1:
            proof.faults.append(f"seals {number + 1} to {seal.number - 1} are missing")
        elif seal.previous != previous:
            proof.faults.append(f"seal {seal.number} does not follow seal {number}")
        _check_hash(seal, proof)
        number, previous = seal.number, seal.hash


def _check_hash(seal: Seal, proof: Proof) -> None:
    if hash_of(seal) != seal.hash:
        proof.faults.append(f"seal {seal.number} was altered")


def _check_rows(chain: Iterable[Seal], proof: Proof) -> None:
    """The rows of each seal are there, and as they were."""
    removals = dict(Seal.objects.filter(removes=True).values_list("month").annotate(Max("number")))
    lists = _lists_of_rows(min((seal.number for seal in chain), default=0))
    # Seals and lists come in one order: a list is in memory at a time, however long the chain.
    held: tuple[int, list[SealedRow]] | None = next(lists, None)
    for seal in chain:
        while held and held[0] < seal.number:
            held = next(lists, None)
        marks = held[1] if held and held[0] == seal.number else []
        # Only a seal made later, for this month, says that the rows went as they should.
        if not marks and seal.count and removals.get(seal.month, 0) > seal.number:
            proof.removed += seal.count
        else:
            _check_list(seal, marks, proof)


def _lists_of_rows(first: int) -> Iterator[tuple[int, list[SealedRow]]]:
    marks = SealedRow.objects.filter(seal__gte=first).order_by("seal", "row_id")
    for number, group in itertools.groupby(marks.iterator(), key=lambda mark: mark.seal):
        yield number, list(group)


def _check_list(seal: Seal, marks: list[SealedRow], proof: Proof) -> None:
    where = f"seal {seal.number} ({seal.month})"
    if len(marks) < seal.count:
        gone = seal.count - len(marks)
        proof.faults.append(f"{where}: {gone} of its {seal.count} rows are missing, list and all")
    elif hash_of_rows((mark.row_id, mark.digest) for mark in marks) != seal.rows_hash:
        proof.faults.append(f"{where}: its list of rows was altered")
    ids = [mark.row_id for mark in marks]
    rows: dict[int, LedgerRow] = {}
    for start in range(0, len(ids), CHUNK):
        rows |= LedgerRow.objects.in_bulk(ids[start : start + CHUNK])
    for mark in marks:
        row = rows.get(mark.row_id)
        if row is None:
            proof.faults.append(f"{where}: row {mark.row_id} is missing")
        elif digest(row) != mark.digest:
            proof.faults.append(f"{where}: row {mark.row_id} was altered")
        else:
            proof.rows += 1


def _check_end(proof: Proof) -> None:
    """What follows the last seal."""
    last = proof.last.number if proof.last else 0
    for number in SealedRow.objects.filter(seal__gt=last).values_list("seal").distinct():
        proof.faults.append(f"seal {number[0]} is missing: rows say that they are in it")
    waiting = unsealed().order_by("pk")
    proof.unsealed, proof.first_unsealed = waiting.count(), waiting.first()
    newest = LedgerRow.objects.aggregate(Max("pk"))["pk__max"] or 0
    proof.ids_found = max(newest, proof.last.reached if proof.last else 0)
    proof.ids_given = _ids_given()


def _ids_given() -> int:
    """The last id that the database gave to a row, be the row there or not."""
    table = LedgerRow._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT last_value FROM {table}_id_seq WHERE is_called")
        else:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
