"""Two roles on PostgreSQL: the hall runs as one that cannot alter the ledger, and does its work."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from psycopg import errors, sql

from hall.database import WRITTEN_ONCE
from hall.ledger.guards import KEYS

pytestmark = pytest.mark.servers
ROOT: Final = Path(__file__).resolve().parent.parent
# What a hall does in a day, by its own code; then somebody seals, and a month of last year is old.
A_DAY: Final = """
import datetime as dt
import django; django.setup()
from django.utils import timezone
from hall import ledger
from hall.ledger import seals
from hall.models import Counter, Offering
from queueing import actions
from queueing.opening import OUTSIDE_HOURS
from hall.actions.rule import set_rule
from staff.models import Member
clerk = Member.objects.filter(grants__role__slug="clerk").order_by("pk").first()
offering = Offering.objects.filter(branch=clerk.branch).first()
set_rule(branch=clerk.branch, rule=OUTSIDE_HOURS, value=True)
counter = Counter.objects.filter(branch=clerk.branch, services=offering.service).first()
seat = actions.sit_down(counter=counter, by=clerk, take_over=True)
actions.issue(offering=offering)
ticket = actions.call_next(sitting=seat, by=clerk)
actions.start(ticket=ticket, by=clerk)
actions.finish(ticket=ticket, by=clerk)
actions.leave(by=clerk)
old = timezone.now().replace(year=timezone.now().year - 1, month=3, day=5)
ledger.record("tests.note", by=clerk, at=old)
print(seals.seal())
"""


@dataclass(frozen=True)
class House:
    """A hall whose tables belong to an owner."""

    application: str
    owner: str
    folder: Path

    def run(self, *words: str, with_owner: bool = False, code: int = 0) -> str:
        """What a command says, which ends with this code."""
        own = {"DATABASE_URL": self.application, "REDIS_URL": "", "HALL_DATA": str(self.folder)}
        own |= {"HALL_OWNER_DATABASE_URL": self.owner if with_owner else ""}
        own |= {"DJANGO_SETTINGS_MODULE": "hall.settings", "HALL_DEMO_HISTORY": "0"}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=os.environ | own,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stderr + done.stdout

    def manage(self, *words: str, with_owner: bool = False, code: int = 0) -> str:
        return self.run("manage.py", *words, with_owner=with_owner, code=code)


@pytest.fixture(scope="module")
def empty(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A new database that belongs to one role, and another role that has no rights in it."""
    server, mark = os.environ["DATABASE_URL"], secrets.token_hex(4)
    names = {each: sql.Identifier(f"{each}_{mark}") for each in ("owner", "application", "hall")}
    parts = urlsplit(server)
    urls = {
        each: parts._replace(
            netloc=f"{each}_{mark}:secret@{parts.hostname}:{parts.port}", path=f"/hall_{mark}"
        ).geturl()
        for each in ("owner", "application")
    }
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {owner} LOGIN PASSWORD 'secret'").format(**names))
        admin.execute(sql.SQL("CREATE ROLE {application} LOGIN PASSWORD 'secret'").format(**names))
        admin.execute(sql.SQL("CREATE DATABASE {hall} OWNER {owner}").format(**names))
        try:
            yield House(urls["application"], urls["owner"], tmp_path_factory.mktemp("hall"))
        finally:
            admin.execute(sql.SQL("DROP DATABASE {hall} WITH (FORCE)").format(**names))
            admin.execute(sql.SQL("DROP ROLE {application}, {owner}").format(**names))


@pytest.fixture(scope="module")
def house(empty: House) -> House:
    """The hall, migrated by the owner and filled by the application."""
    empty.manage("migrate", "--verbosity=0", with_owner=True)
    empty.manage("demo")
    assert int(empty.run("-c", A_DAY).split()[-1]) > 5
    return empty


def refused(house: House, statement: str) -> None:
    """The application's role may not say this."""
    with (
        psycopg.connect(house.application) as session,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        session.execute(statement.encode())


@pytest.mark.parametrize("table", WRITTEN_ONCE)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET {key} = {key}",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "ALTER TABLE {table} DISABLE TRIGGER written_once",
        "DROP TRIGGER written_once ON {table}",
        "DROP TABLE {table}",
        "CREATE OR REPLACE FUNCTION hall_written_once() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica; DELETE FROM {table}",
        "SET hall.removes_a_month = on; DELETE FROM {table}",
    ],
)
def test_the_applications_role_cannot_alter_the_ledger(
    house: House, table: str, statement: str
) -> None:
    refused(house, statement.format(table=table, key=KEYS[table]))


@pytest.mark.parametrize(
    "statement", ["TRUNCATE queueing_ticket CASCADE", "DELETE FROM django_migrations"]
)
def test_nor_what_is_not_its_business(house: House, statement: str) -> None:
    refused(house, statement)


@pytest.mark.parametrize("table", WRITTEN_ONCE)
@pytest.mark.parametrize("statement", ["UPDATE {table} SET {key} = {key}", "TRUNCATE {table}"])
def test_the_owner_meets_the_triggers(house: House, table: str, statement: str) -> None:
    with (
        psycopg.connect(house.owner) as session,
        pytest.raises(errors.RestrictViolation, match="written once"),
    ):
        session.execute(statement.format(table=table, key=KEYS[table]).encode())
    with (
        psycopg.connect(house.owner) as session,
        pytest.raises(errors.RestrictViolation, match="written once"),
    ):
        session.execute(f"DELETE FROM {table}".encode())


def test_who_may_delete_and_is_not_the_owner_removes_no_month(house: House) -> None:
    role = sql.Identifier(urlsplit(house.application).username or "")
    with psycopg.connect(house.owner) as session:
        session.execute(sql.SQL("GRANT DELETE ON hall_seal TO {}").format(role))
    try:
        with psycopg.connect(house.application) as session:
            session.execute("SET hall.removes_a_month = on")
            with pytest.raises(errors.RestrictViolation, match="written once"):
                session.execute("DELETE FROM hall_seal")
    finally:
        with psycopg.connect(house.owner) as session:
            session.execute(sql.SQL("REVOKE DELETE ON hall_seal FROM {}").format(role))


def test_the_application_verifies_and_the_owner_removes(house: House) -> None:
    assert "OK" in house.manage("verify_ledger")
    with psycopg.connect(house.owner) as session:
        (month,) = session.execute("SELECT min(month) FROM hall_seal").fetchone() or ("",)
    house.manage("prune_ledger", month, code=1)
    assert "1 rows were removed" in house.manage("prune_ledger", month, with_owner=True)
    assert "1 rows are gone with their month" in house.manage("verify_ledger")


def test_only_the_owner_migrates(house: House) -> None:
    house.manage("migrate", "queueing", "zero", "--verbosity=0", code=1)
    house.manage("migrate", "--verbosity=0", with_owner=True)


def test_check_says_whose_the_ledger_is(house: House) -> None:
    assert "hall.W003" not in house.manage("check", "--deploy")
    alone = replace(house, application=house.owner)
    assert "hall.W003" in alone.manage("check", "--deploy")


def test_rights_that_a_restored_dump_lost_are_given_again(house: House) -> None:
    role = urlsplit(house.application).username or ""
    with psycopg.connect(house.owner) as session:
        session.execute(
            sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(
                sql.Identifier(role)
            )
        )
        session.execute(sql.SQL("GRANT DELETE ON hall_seal TO {}").format(sql.Identifier(role)))
    house.manage("verify_ledger", code=1)
    assert "reads and adds to" in house.manage("database_roles", with_owner=True)
    assert "OK" in house.manage("verify_ledger")
    refused(house, "DELETE FROM hall_seal")
    house.manage("database_roles", code=1)


def test_every_table_of_the_ledger_is_guarded_and_out_of_reach() -> None:
    assert set(WRITTEN_ONCE) == set(KEYS)
    assert connection.vendor == "postgresql"
