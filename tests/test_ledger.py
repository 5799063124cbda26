"""What the ledger keeps, that nobody changes it, and that whoever does is found out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from hall import ledger
from hall.calendar import Month
from hall.ledger import guards, seals
from hall.ledger.proof import prove
from hall.ledger.removal import NotRemoved, remove
from hall.models import LedgerRow, Seal, SealedRow
from tests.cast import Cast
from tests.crowd import all_at_once

TABLES = list(guards.KEYS)


@pytest.fixture
def tamper() -> Callable[[str], None]:
    """Somebody with a way round the triggers says a statement."""

    def say(statement: str) -> None:
        guards.take_down(connection)
        with connection.cursor() as cursor:
            cursor.execute(statement)
        guards.put_up(connection)

    return say


def note(cast: Cast, count: int = 1, **options: object) -> list[LedgerRow]:
    """The clerk does something, so many times."""
    for number in range(count):
        ledger.record("tests.note", of=cast.branch, by=cast.clerk, number=number, **options)  # type: ignore[arg-type]
    return list(LedgerRow.objects.order_by("-pk")[:count])[::-1]


def verified(*words: str) -> str:
    """What the command says; raises CommandError if it found a fault."""
    out = StringIO()
    call_command("verify_ledger", *words, stdout=out)
    return out.getvalue()


def faults(*words: str) -> str:
    """What the command says of a ledger with faults."""
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_ledger", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def sealed(cast: Cast) -> list[LedgerRow]:
    """Nine rows under three seals."""
    rows = []
    for _ in range(3):
        rows += note(cast, 3)
        seals.seal()
    return rows


# --- what a row holds ---


def test_a_row_names_who_did_what_as_they_are_now(cast: Cast) -> None:
    ledger.record("tests.note", of=cast.counters[3], by=cast.clerk, service=4, days=[1, None])
    row = LedgerRow.objects.latest("pk")
    assert (row.what, row.kind, row.object_id) == (
        "tests.note",
        "hall.counter",
        cast.counters[3].pk,
    )
    assert (row.actor, row.actor_id, row.actor_number) == ("member", cast.clerk.pk, "N1003")
    assert (row.actor_name, row.branch_id) == ("李晓梅", cast.branch.pk)
    assert row.facts == {"service": 4, "days": [1, None]}
    assert (row.for_id, row.for_name, row.device_id, row.device_kind) == (None, "", None, "")


def test_a_visitors_own_step_has_the_hour_only(cast: Cast) -> None:
    at = dt.datetime(2026, 11, 2, 9, 41, 7, 8, tzinfo=dt.UTC)
    ledger.record("tests.note", of=cast.branch, by=None, at=at)
    ledger.record("tests.note", of=cast.branch, by=ledger.HALL, at=at)
    visitors, halls = LedgerRow.objects.order_by("-pk")[:2][::-1]
    assert visitors.at == at.replace(minute=0, second=0, microsecond=0)
    assert (visitors.actor, visitors.actor_id, visitors.actor_name) == ("visitor", None, "")
    assert (halls.actor, halls.at) == ("hall", at)


@pytest.mark.once
@pytest.mark.parametrize(
    "words",
    ["two words", "等了很久", "13800138000", "x" * 41, "P7vQm2rTz0kLwXn4cB8yAg", "N1003"],
)
def test_words_names_and_numbers_are_refused(cast: Cast, words: str) -> None:
    with pytest.raises(ValueError, match="no words: text"):
        ledger.record("tests.note", of=cast.branch, by=None, text=words)
    with pytest.raises(ValueError, match="no words: text"):
        ledger.record("tests.note", of=cast.branch, by=None, text=[None, [words]])


def test_what_is_rolled_back_leaves_no_row_and_a_gap_is_no_fault(cast: Cast) -> None:
    note(cast)
    with transaction.atomic():
        note(cast)
        transaction.set_rollback(True)
    note(cast)
    assert LedgerRow.objects.filter(what="tests.note").count() == 2
    seals.seal()
    assert "OK" in verified()


# --- written once ---


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET {key} = {key}",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE {key} < 0 OR {key} > 0",
        "TRUNCATE {table}",
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    ],
)
@pytest.mark.usefixtures("sealed")
def test_nothing_is_changed_or_removed(table: str, statement: str) -> None:
    if statement.startswith({"sqlite": "TRUNCATE", "postgresql": "INSERT"}[connection.vendor]):
        pytest.skip("the other database's")
    with (
        pytest.raises(DatabaseError, match="written once"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table=table, key=guards.KEYS[table]))


def test_a_trigger_that_is_gone_is_a_fault(sealed: list[LedgerRow]) -> None:
    trigger = {"sqlite": f"{TABLES[0]}_no_replace", "postgresql": f"written_once ON {TABLES[0]}"}
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {trigger[connection.vendor]}")
    assert f"{TABLES[0]} can be altered" in faults()


# --- sealing ---


def test_seals_follow_one_another(sealed: list[LedgerRow]) -> None:
    first, second, third = Seal.objects.order_by("number")
    assert (first.previous, second.previous, third.previous) == (
        seals.BEGINNING,
        first.hash,
        second.hash,
    )
    assert [each.count for each in (second, third)] == [3, 3]
    assert third.last_id == third.reached == sealed[-1].pk
    assert seals.seal() == 0


def test_a_row_that_comes_late_goes_into_a_later_seal(cast: Cast) -> None:
    early, late, last = note(cast, 3)
    now = timezone.now()
    seals._make(None, seals.month_of(early), [early, last], now)  # ``late`` was not committed yet
    assert seals.seal(now=now) == LedgerRow.objects.count() - 2
    assert SealedRow.objects.get(row_id=late.pk).seal == 2
    assert "OK: 2 seals" in verified()


def test_what_comes_hours_late_is_found_by_the_thorough_look(cast: Cast) -> None:
    note(cast)
    seals.seal()
    early, late, last = note(cast, 3)
    now = timezone.now()
    before = Seal.objects.latest("number")
    seals._make(before, seals.month_of(early), [early, last], now)
    afterwards = now + seals.LATE + dt.timedelta(minutes=1)
    assert seals.seal(now=afterwards) == 0
    assert seals.seal(now=afterwards, is_thorough=True) == 1
    assert SealedRow.objects.get(row_id=late.pk).seal == before.number + 2


@pytest.mark.django_db(transaction=True)
def test_many_sealers_at_once_make_one_chain(cast: Cast) -> None:
    note(cast, 1200)
    answers = all_at_once(range(8), lambda _: seals.seal())
    assert not [each for each in answers if isinstance(each, Exception)]
    seals.seal()
    assert SealedRow.objects.count() == LedgerRow.objects.count()
    assert "OK" in verified()


# --- found out ---


def test_an_untouched_ledger_is_whole(sealed: list[LedgerRow]) -> None:
    said = verified()
    assert said.startswith("OK: 3 seals, ")
    assert f"Last seal: 3 {Seal.objects.get(number=3).hash}" in said
    assert "not sealed yet" not in said


def test_rows_without_a_seal_are_said_to_prove_nothing(cast: Cast, sealed: list[LedgerRow]) -> None:
    note(cast, 2)
    assert "2 rows are not sealed yet" in verified()


@pytest.mark.parametrize("column", [name for name in seals.FIELDS if name != "id"])
def test_a_row_that_was_altered_is_found(
    column: str, sealed: list[LedgerRow], tamper: Callable[[str], None]
) -> None:
    other = {"at": "'2026-01-01 00:00:00+00:00'", "facts": "'{}'"}
    is_text = isinstance(getattr(sealed[4], column), str)
    value = other.get(column, "'x'" if is_text else "77777")
    tamper(f"UPDATE hall_ledgerrow SET {column} = {value} WHERE id = {sealed[4].pk}")
    said = faults()
    assert f"FAULT: seal 2 ({seals.month_of(sealed[4])}): row {sealed[4].pk} was altered" in said
    assert said.count("FAULT") == 1


def test_a_row_that_was_removed_in_the_middle_is_found(
    sealed: list[LedgerRow], tamper: Callable[[str], None]
) -> None:
    gone = sealed[4].pk
    tamper(f"DELETE FROM hall_ledgerrow WHERE id = {gone}")
    assert f"row {gone} is missing" in faults()
    tamper(f"DELETE FROM hall_sealedrow WHERE row_id = {gone}")
    said = faults()
    assert "seal 2" in said
    assert "1 of its 3 rows are missing, list and all" in said


def test_a_tail_that_was_removed_is_found(
    sealed: list[LedgerRow], tamper: Callable[[str], None]
) -> None:
    kept = Seal.objects.get(number=3).hash
    tail = sealed[3].pk
    tamper(f"DELETE FROM hall_ledgerrow WHERE id >= {tail}")
    assert faults().count(" is missing") == 6
    tamper(f"DELETE FROM hall_sealedrow WHERE row_id >= {tail}")
    assert faults().count("3 of its 3 rows are missing, list and all") == 2
    tamper("DELETE FROM hall_seal WHERE number >= 2")
    # Seals and all: the chain is whole, and a clue is left; a hash that was kept is proof.
    assert "rolled back, or a tail was removed" in verified()
    assert "the chain was cut" in faults("--since-seal", kept)


def test_seals_removed_alone_are_found(
    sealed: list[LedgerRow], tamper: Callable[[str], None]
) -> None:
    tamper("DELETE FROM hall_seal WHERE number = 3")
    assert "seal 3 is missing: rows say that they are in it" in faults()


def test_a_seal_that_was_altered_or_removed_is_found(
    sealed: list[LedgerRow], tamper: Callable[[str], None]
) -> None:
    tamper("UPDATE hall_seal SET made_at = '2026-01-01 00:00:00+00:00' WHERE number = 2")
    assert "seal 2 was altered" in faults()
    tamper("DELETE FROM hall_seal WHERE number = 2")
    assert "seals 2 to 2 are missing" in faults()


def test_a_seal_that_was_altered_with_its_hash_is_found_by_the_next(
    sealed: list[LedgerRow], tamper: Callable[[str], None]
) -> None:
    seal = Seal.objects.get(number=2)
    seal.month = "2020-01"
    tamper(
        f"UPDATE hall_seal SET month = '{seal.month}', hash = '{seals.hash_of(seal)}'"
        " WHERE number = 2"
    )
    said = faults()
    assert "seal 3 does not follow seal 2" in said
    assert said.count("FAULT") == 1


def test_a_chain_that_was_written_anew_is_found_by_a_hash_that_was_kept(
    sealed: list[LedgerRow], tamper: Callable[[str], None]
) -> None:
    kept = Seal.objects.get(number=2).hash
    assert "OK: 1 seals, 3 rows" in verified("--since-seal", kept)
    tamper(f"UPDATE hall_ledgerrow SET actor_name = '王' WHERE id = {sealed[0].pk}")
    tamper("DELETE FROM hall_seal")
    tamper("DELETE FROM hall_sealedrow")
    seals.seal()
    assert "OK" in verified()
    assert "written anew" in faults("--since-seal", kept)


def test_digests_that_were_altered_with_their_rows_are_found(
    sealed: list[LedgerRow], tamper: Callable[[str], None]
) -> None:
    row = sealed[4]
    tamper(f"UPDATE hall_ledgerrow SET object_id = 9 WHERE id = {row.pk}")
    row.refresh_from_db()
    tamper(f"UPDATE hall_sealedrow SET digest = '{seals.digest(row)}' WHERE row_id = {row.pk}")
    assert "its list of rows was altered" in faults()


# --- a month goes ---


@pytest.fixture
def two_months(cast: Cast) -> tuple[Month, Month]:
    """Rows of last year's March and April, sealed."""
    year = timezone.now().year - 1
    months = Month(year, 3), Month(year, 4)
    for month in months:
        day = dt.datetime.combine(month.first, dt.time(12), dt.UTC)
        note(cast, 3, at=day)
    seals.seal()
    return months


def test_a_sealed_month_is_removed_and_its_seal_stays(two_months: tuple[Month, Month]) -> None:
    march, april = two_months
    before = Seal.objects.get(month=str(march))
    out = StringIO()
    call_command("prune_ledger", str(march), stdout=out)
    assert "3 rows were removed" in out.getvalue()
    assert {seals.month_of(row) for row in LedgerRow.objects.all()} >= {str(april)}
    assert str(march) not in {seals.month_of(row) for row in LedgerRow.objects.all()}
    assert Seal.objects.get(number=before.number).hash == before.hash
    assert "3 rows are gone with their month, as a seal says" in verified()
    assert LedgerRow.objects.filter(what="ledger.remove").count() == 1
    assert guards.missing(connection) == []
    assert remove(march) == 0


def test_a_month_that_nobody_said_is_gone_is_a_fault(
    two_months: tuple[Month, Month], tamper: Callable[[str], None]
) -> None:
    number = Seal.objects.get(month=str(two_months[0])).number
    tamper(
        "DELETE FROM hall_ledgerrow WHERE id IN"
        f" (SELECT row_id FROM hall_sealedrow WHERE seal = {number})"
    )
    tamper(f"DELETE FROM hall_sealedrow WHERE seal = {number}")
    assert "3 of its 3 rows are missing" in faults()


def test_a_month_stays_that_is_not_over_or_not_sealed(
    cast: Cast, two_months: tuple[Month, Month]
) -> None:
    with pytest.raises(NotRemoved, match="is not over"):
        remove(Month.of(timezone.localdate()))
    note(cast, at=dt.datetime.combine(two_months[0].first, dt.time(12), dt.UTC))
    with pytest.raises(NotRemoved, match="is not sealed yet"):
        remove(two_months[0])
    with pytest.raises(CommandError, match="Not a month"):
        call_command("prune_ledger", "2026")


def test_what_proves_a_fault_does_not_go(
    two_months: tuple[Month, Month], tamper: Callable[[str], None]
) -> None:
    tamper("UPDATE hall_ledgerrow SET actor_id = 0 WHERE what = 'tests.note'")
    with pytest.raises(NotRemoved, match="has 6 faults"):
        remove(two_months[0])
    assert prove().faults
