"""How the database is emptied after a test that commits."""

from __future__ import annotations

from django.core.management.color import no_style
from django.db import connection
from django.test import TransactionTestCase

from hall.ledger import guards

# What `migrate` fills: roles, and what they may do. Django would empty these too, and fill them
# again with some 300 queries after each test.
KEPT = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "staff_role",
    "staff_roleright",
}


def end_other_sessions() -> None:
    """End what threads of the tests left open: PostgreSQL drops no database that is in use."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def empty(case: TransactionTestCase) -> None:
    """Empty every table that tests write to; stands in for `_fixture_teardown`."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    written = [table for table in tables if table not in KEPT]
    statements = connection.ops.sql_flush(no_style(), written)
    guards.take_down(connection)
    connection.ops.execute_sql_flush(statements)
    guards.put_up(connection)
