"""Text that is encrypted where it is stored: how to reach somebody, and who they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Exact, IsNull

from hall.keys import WrongKey, decrypt, encrypt

BATCH: Final = 500


class OnlyEmpty(Exact):
    """``field=""``: of what is encrypted it can only be asked whether there is anything."""

    def get_prep_lookup(self) -> str:
        """Raise FieldError for anything but nothing."""
        if self.rhs != "":
            raise FieldError("What is encrypted cannot be looked for.")
        return ""


LOOKUPS: Final[dict[str, Any]] = {"exact": OnlyEmpty, "isnull": IsNull}


class EncryptedTextField(models.Field[str, str]):
    """Text that the database keeps as a token which only Hall can read.

    It cannot be looked for, compared or sorted by; limits of its length stand in forms.
    """

    def get_internal_type(self) -> str:
        """For the database a text like any other."""
        return "TextField"

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        ready = super().get_db_prep_save(value, connection)
        return encrypt(ready) if isinstance(ready, str) else ready

    def from_db_value(self, value: str | None, *_where: object) -> str | None:
        return decrypt(value) if value is not None else None

    def get_lookup(self, lookup_name: str) -> Any:
        """Only whether there is anything: another lookup is a FieldError."""
        return LOOKUPS.get(lookup_name)

    def get_transform(self, lookup_name: str) -> None:
        """None: the database sees nothing that could be transformed."""


@dataclass
class Rewritten:
    """How many values of a column were changed, how many stayed, and the rows that no key opens."""

    changed: int = 0
    kept: int = 0
    closed: list[int] = field(default_factory=list)


def rewrite(
    connection: BaseDatabaseWrapper, table: str, column: str, change: Callable[[str], str]
) -> Rewritten:
    """Pass every value that is stored in a column through ``change``, row by row.

    Whatever stops it: each row is as it was, or as it shall be. A row whose value somebody else
    changes meanwhile is left to them; one that raises WrongKey stays as it is.
    """
    done = Rewritten()
    for row, stored in _stored(connection, table, column):
        try:
            new = change(stored)
        except WrongKey:
            done.closed.append(row)
            continue
        if new == stored:
            done.kept += 1
        else:
            done.changed += _replace(connection, table, column, row, stored, new)
    return done


def _stored(connection: BaseDatabaseWrapper, table: str, column: str) -> Iterator[tuple[int, str]]:
    """Every value that is not empty, with its row's id; a batch is in memory at a time."""
    name = connection.ops.quote_name
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, {name(column)} FROM {name(table)}"
                f" WHERE id > %s AND {name(column)} <> '' ORDER BY id LIMIT {BATCH}",
                [last],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        yield from rows
        last = rows[-1][0]


def _replace(
    connection: BaseDatabaseWrapper, table: str, column: str, row: int, stored: str, new: str
) -> int:
    name = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            # It names the old token, so that it never writes over what somebody has changed since.
            f"UPDATE {name(table)} SET {name(column)} = %s WHERE id = %s AND {name(column)} = %s",
            [new, row, stored],
        )
        return int(cursor.rowcount)
