"""A hall of commit 0da8046, brought up to date: everything that it said before it still says.

``data/0da8046`` has its database and the facts that its own code told (``make.py`` made both).
Here the database is migrated, on SQLite as it was, on PostgreSQL after it was copied there, and
``tests/facts.py`` asks the same of the code as it is now. The expected facts are never edited: what
moved or has a new name is adapted in ``facts.py``; what is meant to differ is left out of the
comparison here, by name, with the reason beside it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import lzma
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from psycopg import sql

ROOT: Final = Path(__file__).resolve().parent.parent
THEN: Final = ROOT / "tests" / "data" / "0da8046"
EXPECTED: Final[dict[str, Any]] = json.loads((THEN / "facts.json").read_text())
TELL: Final = (
    "import sys, django; django.setup(); from tests import facts; facts.tell(*sys.argv[1:])"
)
RAW: Final = """
import json, django; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT id, name, contact FROM complaints_matter ORDER BY id")
    print(json.dumps(cursor.fetchall()))
"""
# Without Django's command, which sends signals: what listens to them is today's code.
MIGRATE_AS_THEN: Final = """
import json, sys, django; django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
for leaf in json.load(sys.stdin):
    MigrationExecutor(connection).migrate([tuple(leaf)])
"""


@dataclass(frozen=True)
class House:
    """A hall in a database of its own, worked on by processes of their own."""

    url: str
    folder: Path

    def migrate(self) -> None:
        """Bring the database to the newest state."""
        self.run("manage.py", "migrate", "--verbosity=0")

    def facts(self, *names: str) -> dict[str, Any]:
        """What today's code says of it: all, or the facts of these names."""
        told: dict[str, Any] = json.loads(self.run("-c", TELL, *names))
        return told

    def run(self, *words: str, said: str | None = None) -> str:
        """What a Python program prints that has this hall's database."""
        own = {"DATABASE_URL": self.url, "HALL_DATA": str(self.folder), "REDIS_URL": ""}
        own["DJANGO_SETTINGS_MODULE"] = "hall.settings"
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=os.environ | own,
            input=said,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The hall of 0da8046 in this run's kind of database, migrated to the newest state."""
    folder = tmp_path_factory.mktemp("hall")
    then = restored(folder / "hall.sqlite3")
    if connection.vendor == "sqlite":
        found = House(f"sqlite:///{then}", folder)
        found.migrate()
        yield found
        return
    with empty_database() as url:
        found = House(url, folder)
        copy(then, found)
        found.migrate()
        yield found


@pytest.fixture(scope="module")
def now(house: House) -> dict[str, Any]:
    """What is said of it now."""
    return house.facts()


def restored(path: Path) -> Path:
    """The database of 0da8046, as it was."""
    text = lzma.decompress((THEN / "database.sql.xz").read_bytes()).decode()
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA synchronous = OFF")
        file.executescript(text)
    return path


# --- the same rows on PostgreSQL ---


@contextlib.contextmanager
def empty_database() -> Iterator[str]:
    """The URL of a new database on the server of this run."""
    server = os.environ["DATABASE_URL"]
    name = f"test_0da8046_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def copy(then: Path, house: House) -> None:
    """Make the tables of 0da8046 in an empty database, and fill them with its rows."""
    with contextlib.closing(sqlite3.connect(then)) as source:
        done = source.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        leaves = [list(names)[-1] for _app, names in itertools.groupby(done, lambda row: row[0])]
        house.run("-c", MIGRATE_AS_THEN, said=json.dumps(leaves))
        tables = source.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        names = [name for (name,) in tables if name != "django_migrations"]
        with psycopg.connect(house.url, options="-c timezone=UTC") as target:
            for name in names:
                fill(name, source, target)


def fill(table: str, source: sqlite3.Connection, target: psycopg.Connection) -> None:
    """Copy a table's rows as text, and have its ids go on after the last one."""
    ask = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
    types: dict[str, str] = dict(target.execute(ask, [table]).fetchall())
    rows = source.execute(f'SELECT * FROM "{table}"')
    columns = [column for column, *_rest in rows.description]
    # SQLite keeps a length as a number of microseconds.
    units = [" microseconds" if types[column] == "interval" else "" for column in columns]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with target.cursor().copy(statement) as stream:
        for row in rows:
            pairs = zip(row, units, strict=True)
            stream.write_row([None if value is None else f"{value}{unit}" for value, unit in pairs])
    if types.get("id", "") in ("bigint", "integer"):
        go_on = (
            "SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {} HAVING max(id) > 0"
        )
        target.execute(sql.SQL(go_on).format(sql.Literal(table), sql.Identifier(table)))


# --- what must hold ---


@pytest.mark.parametrize("name", EXPECTED)
def test_it_says_the_same_as_before(name: str, now: dict[str, Any]) -> None:
    expected = who_may_now() if name == "who_may" else EXPECTED[name]
    assert as_meant(name, now[name]) == as_meant(name, expected)


def as_meant(name: str, facts: Any) -> Any:
    """The facts of a name without what is meant to differ."""
    return MEANT[name](facts) if name in MEANT else facts


def desks_as_meant(facts: Any) -> Any:
    """Clocks are told to the nearest second now; before, they were cut off. At a visit they count
    what was served; before, they counted pauses as well."""
    return {
        seat: said | {"visitor": [*said["visitor"][:2], *said["visitor"][3:]]}
        for seat, said in facts.items()
    }


def day_figures_as_meant(facts: Any) -> Any:
    """A visit counts with the time in which it was served whatever became of it; before, only if
    somebody finished it."""
    return {slug: {day: told[:3] for day, told in days.items()} for slug, days in facts.items()}


def own_days_as_meant(facts: Any) -> Any:
    """A clerk's median is of the time in which visitors were served; before, pauses and other
    lines between the start and the finish were counted in."""
    return {who: {day: told[:2] for day, told in days.items()} for who, days in facts.items()}


def lines_as_meant(facts: Any) -> Any:
    """Estimates rest on the served time of visits, as the clerk's median does; and who came back
    or was passed on has waited as long as they stood in line, not since they took the ticket.
    People ahead: see ``test_who_serves_several_services_has_one_line_for_them``."""
    return {
        slug: told
        | {
            "lines": {service: [line[0], line[2]] for service, line in told["lines"].items()},
            "places": [code for code, *_place in told["places"]],
        }
        for slug, told in facts.items()
    }


def floors_as_meant(facts: Any) -> Any:
    """The longest wait, and alarms of it, are of the time in line. Loud alarms: see
    ``test_a_visit_held_and_forgotten_is_an_alarm_more``."""
    return {slug: told | {"longest": None, "alarms": None} for slug, told in facts.items()}


def running_month_as_meant(facts: Any) -> Any:
    """Of each row the number of lengths of service, their median and percentile: as in
    ``day_figures_as_meant``. And no row of a department without a figure: which departments there
    are was asked of the day on which the summary was made. Months that were summed up before stay
    as they are."""

    def others(row: str) -> str:
        values = row.split("|")
        return "|".join([*values[:18], *values[21:]])

    def says_nothing(at: str, row: str) -> bool:
        return at.startswith("department") and set(row.split("|")[9:]) <= {"", "0"}

    # The row's number in its name counts those that are left out.
    return {
        slug: [others(row) for at, row in rows.items() if not says_nothing(at, row)]
        for slug, rows in facts.items()
    }


def next_steps_as_meant(facts: Any) -> Any:
    """Who goes first of a seat's lines: see there."""
    return {branch: without_ranks_behind(said) for branch, said in facts.items()}


MEANT: Final[dict[str, Callable[[Any], Any]]] = {
    "desks": desks_as_meant,
    "day_figures": day_figures_as_meant,
    "own_days": own_days_as_meant,
    "lines": lines_as_meant,
    "floors": floors_as_meant,
    "running_month": running_month_as_meant,
    "next_steps": next_steps_as_meant,
}


def without_ranks_behind(said: Any) -> Any:
    """Who goes back into line stands behind the next of those whom the seat calls, not of those
    for the same service; and the next seat then calls somebody else."""
    calls = [[counter] for counter, _code, _rank in said["calls"]]
    missed = {code: rank is None for code, rank in said["missed"].items()}
    return said | {
        "calls": [*(first[:2] for first in said["calls"][:1]), *calls[1:]],
        "missed": missed,
    }


def test_a_visit_held_and_forgotten_is_an_alarm_more(now: dict[str, Any]) -> None:
    """Whose wait is told otherwise, too, as in ``floors_as_meant``: so the loud ones alone."""
    before = {slug: told["alarms"].get("bad", 0) for slug, told in EXPECTED["floors"].items()}
    # One visit was on hold for an hour, and nobody was told.
    before["nanshan"] += 1
    assert {slug: told["alarms"].get("bad", 0) for slug, told in now["floors"].items()} == before


def test_who_serves_several_services_has_one_line_for_them(now: dict[str, Any]) -> None:
    """People ahead were counted by service; the same seats call others first as well."""
    for branch, said in now["lines"].items():
        before = {code: ahead for code, ahead, *_wait in EXPECTED["lines"][branch]["places"]}
        after = {code: ahead for code, ahead, *_wait in said["places"]}
        place = {code: index for index, code in enumerate(said["order"])}
        assert all(before[code] <= ahead <= place[code] for code, ahead in after.items())


def who_may_now() -> dict[str, Any]:
    """Who might be put on the roster was asked of roles alone, who may handle matters of a right
    of one's own, too. The right decides both now: these few may lead or guide besides."""
    found = deepcopy(EXPECTED["who_may"])
    for branch in found.values():
        branch["lead"].append("R0001")  # who was a superuser
        branch["guide"].append("R0001")
    found["nanshan"]["lead"].append("N1010")
    found["nanshan"]["guide"].append("N1042")
    return {
        slug: {what: sorted(people) for what, people in branch.items()}
        for slug, branch in found.items()
    }


def test_no_fact_is_left_out(now: dict[str, Any]) -> None:
    assert list(now) == list(EXPECTED)


def test_a_right_that_was_taken_away_stays_away(house: House, now: dict[str, Any]) -> None:
    house.migrate()  # once more
    again = house.facts("rights", "who_may")
    assert again["rights"] == now["rights"] == EXPECTED["rights"]
    assert again["who_may"] == who_may_now()
    # What the administrator of that hall took from roles that are still held.
    assert "hall.pair_device" not in again["rights"]["N1043"]  # a supervisor
    assert "hall.delete_counter" not in again["rights"]["N1048"]  # an administrator
    assert again["rights"]["N1041"] == []  # a guide, whose role lost its only one
    assert again["rights"]["N1045"] == []  # an inspector, whose role is gone


def test_how_to_reach_people_is_encrypted_and_can_be_had_back(house: House) -> None:
    house.migrate()
    tokens = json.loads(house.run("-c", RAW))
    text = json.dumps(tokens, ensure_ascii=False)
    assert "张先生" not in text and "visitor@example.org" not in text
    house.run("manage.py", "migrate", "--verbosity=0", "complaints", "0001")
    plain = {row: (name, contact) for row, name, contact in json.loads(house.run("-c", RAW))}
    assert ("张先生", "0755-0000 9999") in plain.values()
    assert [bool(name) for _row, name, _contact in tokens] == [bool(n) for n, _c in plain.values()]
    house.migrate()
    code = "import django; django.setup(); from complaints.models import Matter; import json;"
    code += "print(json.dumps(list(Matter.objects.values_list('pk', 'name', 'contact'))))"
    assert {pk: (name, contact) for pk, name, contact in json.loads(house.run("-c", code))} == plain


def test_a_hall_without_keys_is_not_migrated(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALL_FIELD_KEYS", "")
    with pytest.raises(AssertionError, match="HALL_FIELD_KEYS is not set"):
        house.migrate()
