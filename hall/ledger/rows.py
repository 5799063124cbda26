"""Writing a row: one line in an action's transaction, and one statement to the database."""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from hall.models import Branch, Device, LedgerRow

Plain = int | bool | dt.date | str | None
Fact = Plain | Sequence["Fact"]
# A code, never a sentence, a name, a telephone number or a token: nothing that a visitor wrote.
CODE: Final = re.compile(r"(?:[a-z][a-z0-9_.:-]{0,39})?")
_NAMES: Final = [
    str(field.column) for field in LedgerRow._meta.concrete_fields if not field.primary_key
]
# As SQL that writes a row beside others, in one statement, has them.
COLUMNS: Final = ", ".join(_NAMES)
_MARKS: Final = ", ".join(["%s"] * len(_NAMES))
# Written out once: a press composes no query anew.
_INSERT: Final = f"INSERT INTO {LedgerRow._meta.db_table} ({COLUMNS}) VALUES ({_MARKS})"


@dataclass(frozen=True)
class Actor:
    """Who acts, as the ledger keeps it: number and name as they are at that moment."""

    kind: LedgerRow.Actor
    id: int | None = None
    number: str = ""
    name: str = ""


class Signs(Protocol):
    """Somebody who signs what they do; a member of staff, seen from here."""

    @property
    def signature(self) -> Actor:
        """Their number and name as of now."""


By = Signs | Actor | None
VISITOR: Final = Actor(LedgerRow.Actor.VISITOR)
DEVICE: Final = Actor(LedgerRow.Actor.DEVICE)
HALL: Final = Actor(LedgerRow.Actor.HALL)


def record(
    what: str,
    *,
    of: Model | None = None,
    by: By,
    branch: int | None = None,
    at: dt.datetime | None = None,
    for_whom: Signs | None = None,
    device: Device | None = None,
    **facts: Fact,
) -> None:
    """Note what is done to a row, in the transaction that does it.

    ``by`` is None for the visitor, whose steps carry the hour only and no device; the worker and
    commands are ``HALL``. The branch is the row's own if none is named. Facts are field names
    with ids, codes, numbers, yes or no, days, or a pair of before and after; raises ValueError
    for words.
    """
    actor = signed(by)
    is_visitor = actor.kind == LedgerRow.Actor.VISITOR
    device = None if is_visitor else device
    principal = for_whom.signature if for_whom else None
    values = (
        connection.ops.adapt_datetimefield_value(moment(at or timezone.now(), by)),
        what,
        of._meta.label_lower if of is not None else "",
        of.pk if of is not None else None,
        branch if branch is not None else _branch_of(of),
        actor.kind.value,
        actor.id,
        actor.number,
        actor.name,
        principal.id if principal else None,
        principal.name if principal else "",
        device.pk if device else None,
        device.kind if device else "",
        as_json(facts),
        new_nonce(),
    )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)


def signed(by: By) -> Actor:
    """Who acts; nobody's name is a visitor's."""
    if by is None:
        return VISITOR
    return by if isinstance(by, Actor) else by.signature


def moment(at: dt.datetime, by: By) -> dt.datetime:
    """When, as the ledger keeps it: of a visitor's step only the hour."""
    if signed(by).kind == LedgerRow.Actor.VISITOR:
        return at.replace(minute=0, second=0, microsecond=0)
    return at


def as_json(facts: Mapping[str, Fact]) -> str:
    """Facts as they are stored; raises ValueError for words."""
    return json.dumps({name: _told(name, fact) for name, fact in facts.items()})


def new_nonce() -> str:
    """What makes a row's digest unguessable when the row is gone and its seal is not."""
    return secrets.token_hex(16)


def _told(name: str, fact: Fact) -> Any:
    if fact is None or isinstance(fact, int):
        return fact
    if isinstance(fact, str):
        if CODE.fullmatch(fact) is None:
            raise ValueError(f"The ledger takes codes and ids, and no words: {name}")
        return str(fact)
    if isinstance(fact, dt.date):
        return fact.isoformat()
    return [_told(name, each) for each in fact]


def _branch_of(of: Model | None) -> int | None:
    found: int | None = of.pk if isinstance(of, Branch) else getattr(of, "branch_id", None)
    return found
