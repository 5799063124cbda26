"""The triggers that keep the ledger append-only, on both databases.

Shared by the migration that makes the tables, by ``prune_ledger`` and by ``verify_ledger``. A
later migration that makes one of these tables anew on SQLite loses its triggers there, and calls
``put_up`` again; ``verify_ledger`` says if one is missing.
"""

from __future__ import annotations

from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

KEYS: Final = {"hall_ledgerrow": "id", "hall_seal": "number", "hall_sealedrow": "row_id"}
REFUSAL: Final = "The ledger is written once: nothing in it is changed or removed."

# Once a statement, so that one that meets no row is refused, too. The owner alone may remove, for
# a moment and in a session that says so: a trigger that is switched off locks out every writer.
_FUNCTION: Final = f"""
CREATE OR REPLACE FUNCTION hall_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('hall.removes_a_month', true) = 'on'
        AND (SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = TG_RELID)
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
END $$
"""
_POSTGRES: Final = (
    "CREATE OR REPLACE TRIGGER written_once BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION hall_written_once()",
    # ALWAYS: also in a session that calls itself a replica.
    "ALTER TABLE {table} ENABLE ALWAYS TRIGGER written_once",
)
# INSERT OR REPLACE removes a row without asking the trigger of DELETE.
_SQLITE: Final = {
    "{table}_no_update": "BEFORE UPDATE ON {table} BEGIN {refuse} END",
    "{table}_no_delete": "BEFORE DELETE ON {table} BEGIN {refuse} END",
    "{table}_no_replace": "BEFORE INSERT ON {table}"
    " WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) BEGIN {refuse} END",
}
_REFUSE: Final = f"SELECT RAISE(ABORT, '{REFUSAL}');"
LIFT: Final = "SET LOCAL hall.removes_a_month = 'on'"


def put_up(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers, or make them anew."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
            for table in KEYS:
                for statement in _POSTGRES:
                    cursor.execute(statement.format(table=table))
            return
        for name, statement in _sqlite_triggers().items():
            cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {statement}")


def take_down(connection: BaseDatabaseWrapper) -> None:
    """Remove them; for a migration backwards, and for the tests that empty their tables."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in KEYS:
                cursor.execute(f"DROP TRIGGER IF EXISTS written_once ON {table}")
            return
        for name in _sqlite_triggers():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def lift(connection: BaseDatabaseWrapper) -> None:
    """Until the end of this transaction the owner may remove rows; then ``put_up``."""
    if connection.vendor != "postgresql":
        take_down(connection)  # SQLite has one writer: nobody else writes meanwhile
        return
    with connection.cursor() as cursor:
        cursor.execute(LIFT)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Tables that have not all of their triggers, or have one that is switched off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgrelid::regclass::text FROM pg_trigger"
                " WHERE tgname = 'written_once' AND tgenabled = 'A'"
            )
            guarded = {name for (name,) in cursor.fetchall()}
            return [table for table in KEYS if table not in guarded]
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        found = {name for (name,) in cursor.fetchall()}
    gone = [name for name in _sqlite_triggers() if name not in found]
    return [table for table in KEYS if any(name.startswith(f"{table}_no_") for name in gone)]


def _sqlite_triggers() -> dict[str, str]:
    return {
        name.format(table=table): text.format(table=table, key=key, refuse=_REFUSE)
        for table, key in KEYS.items()
        for name, text in _SQLITE.items()
    }
