"""What ``manage.py check`` says of a hall's own: with ``--database default``, with ``--deploy``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from hall import keys, rules
from hall.database import alterable


def stored_rules(databases: Sequence[str] | None = None, **_about: Any) -> list[CheckMessage]:
    """Rules that nobody declares, and values that cannot be read: each counts as not set.

    A warning, not an error: an upgrade must not stop on a row that does no harm.
    """
    rows = apps.get_model("hall", "RuleRow")
    return [found for alias in databases or () for found in _of(rows, alias)]


def ledger(**_about: Any) -> list[CheckMessage]:
    """On PostgreSQL the role that the hall runs as cannot alter the ledger."""
    try:
        tables = alterable()
    except DatabaseError:  # no database yet: not what is asked here
        return []
    said = f"The application's database role can alter the ledger ({', '.join(tables)})."
    hint = "Let another role own the tables: deploy/roles.sql, HALL_OWNER_DATABASE_URL."
    return [Warning(said, hint=hint, id="hall.W003")] if tables else []


def _of(rows: Any, alias: str) -> Iterator[CheckMessage]:
    if rows._meta.db_table not in connections[alias].introspection.table_names():
        return  # before the first migration
    known = rules.declared()
    for row in rows._default_manager.using(alias).select_related("branch"):
        fault = rules.fault(row.name, row.value, row.service_id is not None)
        if fault:
            code = "hall.W002" if row.name in known else "hall.W001"
            yield Warning(f"{row.branch.slug}: {row} ({fault})", obj=row.pk, id=code)


def field_keys(databases: Sequence[str] | None = None, **_about: Any) -> list[CheckMessage]:
    """A hall without keys is not migrated: what is encrypted then could never be read.

    Nothing is found where no database is concerned, as by ``makemigrations``.
    """
    try:
        if databases:
            keys.need_keys()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="hall.E001")]
    return []
