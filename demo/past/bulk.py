"""Writes many rows at once, without making an object of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from django.db import connection
from django.db.models import Field, Model

from hall.fields import EncryptedTextField

BATCH: Final = 20_000
AS_THEY_ARE: Final = ("CharField", "TextField", "BooleanField", "ForeignKey")


def insert(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows, in their order, whose values are those of the named fields (ids for rows).

    Other fields get their defaults. Nothing is checked but by the database.
    """
    given = [model._meta.get_field(name) for name in names]
    rest = [
        field
        for field in model._meta.concrete_fields
        if field not in given and not field.primary_key
    ]
    fields = [field for field in [*given, *rest] if isinstance(field, Field)]
    adapt = [(place, _adapter(field)) for place, field in enumerate(fields) if _is_adapted(field)]
    defaults = [field.get_default for field in rest]
    ready = (_ready([*row, *(default() for default in defaults)], adapt) for row in rows)
    _write(connection.ops.quote_name(model._meta.db_table), fields, ready)


def tell_planner(*models: type[Model]) -> None:
    """PostgreSQL has not counted the new rows yet, and would plan queries as if there were none."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in models:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _write(table: str, fields: Sequence[Field[Any, Any]], rows: Iterator[list[Any]]) -> None:
    """PostgreSQL takes a stream of rows; SQLite a statement for each, which is as quick there."""
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    while batch := list(islice(rows, BATCH)):  # the rows may come from a query themselves
        with connection.cursor() as cursor:
            if connection.vendor != "postgresql":
                cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", batch)
                continue
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as stream:
                for row in batch:
                    stream.write_row(row)


def _ready(row: list[Any], adapt: Iterable[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    for place, adapter in adapt:
        row[place] = adapter(row[place])
    return row


def _is_adapted(field: Field[Any, Any]) -> bool:
    """Whether the database wants something else than Python's value."""
    if isinstance(field, EncryptedTextField):
        return True
    kind = field.get_internal_type()
    return kind not in AS_THEY_ARE and "Integer" not in kind


def _adapter(field: Field[Any, Any]) -> Callable[[Any], Any]:
    if field.get_internal_type() == "DateTimeField":
        return connection.ops.adapt_datetimefield_value
    return lambda value: field.get_db_prep_save(value, connection)
