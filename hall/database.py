"""The two roles of a hall on PostgreSQL: the owner makes the tables, the application uses them.

The application's role cannot change or remove what stands in the ledger; the owner's address
(HALL_OWNER_DATABASE_URL) is known to whoever migrates, and to no server or worker. Without it one
role does both, and the ledger's triggers alone keep it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db import connections
from psycopg import sql

WRITTEN_ONCE: Final = ("hall_ledgerrow", "hall_seal", "hall_sealedrow")
# Every time anew, and no default privileges: a table of which nobody thought is closed, not open.
_GRANTS: Final = """
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT SELECT, USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
REVOKE UPDATE, DELETE, TRUNCATE ON {written_once} FROM {role};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role};
"""


@contextlib.contextmanager
def as_owner() -> Iterator[bool]:
    """For this block the default connection is the owner's; False if there is no other role.

    Swapped in place, not a second alias: migrations, signals and querysets ask for the default.
    """
    owner = settings.HALL_OWNER_DATABASE
    connection = connections["default"]
    if owner is None:
        yield False
        return
    # Closed, here and below: what is open belongs to the other role.
    before = connection.settings_dict
    connection.close()
    connection.settings_dict = {**before, **owner}
    try:
        yield True
    finally:
        connection.close()
        connection.settings_dict = before


def grant_application() -> str:
    """Give the application's role what it may do, as the owner; returns its name."""
    role: str = settings.DATABASES["default"]["USER"]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        names = {
            "role": sql.Identifier(role),
            "schema": sql.Identifier(cursor.fetchone()[0]),
            "written_once": sql.SQL(", ").join(map(sql.Identifier, WRITTEN_ONCE)),
        }
        cursor.execute(sql.SQL(_GRANTS).format(**names))
    return role


def alterable() -> list[str]:
    """Tables of the ledger that this connection's role may alter (PostgreSQL alone has roles)."""
    connection = connections["default"]
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND relnamespace ="
            " current_schema()::regnamespace AND"
            " has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')",
            [list(WRITTEN_ONCE)],
        )
        return [name for (name,) in cursor.fetchall()]
