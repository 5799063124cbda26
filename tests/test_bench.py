"""The bench measures what it says: its past, its clerks, its copies of requests, its arithmetic."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import pickle
import re
from collections.abc import Iterator
from itertools import pairwise
from multiprocessing import Pipe
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from bench import bare, ledger, load, month, pages, past, report, screens, seats, visits
from bench.boards import Boards, Cost, Spread
from bench.pages import Tally
from bench.statements import Slot, Statement, recorded, say, with_slots
from complaints.models import Matter
from hall import calendar
from hall.calendar import Month
from hall.models import LedgerRow
from queueing import actions, dispatch
from queueing.models import Sitting, State, Ticket
from ratings.models import Rating
from tests.cast import Cast, gather

NEEDS_POSTGRES = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="written for PostgreSQL"
)
DAYS = (dt.date(2024, 5, 6), dt.date(2024, 5, 8))


def link() -> psycopg.Connection[tuple[object, ...]]:
    """The test's own connection, as psycopg has it."""
    connection.ensure_connection()
    return connection.connection  # type: ignore[no-any-return]


# --- the past ---


@pytest.mark.servers
@NEEDS_POSTGRES
def test_past_visits_are_whole(cast: Cast) -> None:
    past.add_days(link(), DAYS, 30, seats.FIRST_COUNTER)
    tickets = Ticket.objects.annotate(count=Count("steps"))
    assert tickets.count() == 90
    assert set(tickets.values_list("count", "state")) == {(4, State.DONE)}
    assert set(tickets.values_list("day", flat=True)) == {
        DAYS[0] + dt.timedelta(n) for n in range(3)
    }
    assert {ticket.branch_id for ticket in tickets} == {cast.branch.pk, cast.other.pk}


@pytest.mark.servers
@NEEDS_POSTGRES
def test_past_time_lines_agree_with_their_tickets(cast: Cast) -> None:
    past.add_days(link(), DAYS, 3, seats.FIRST_COUNTER)
    for ticket in Ticket.objects.all():
        steps = list(ticket.steps.all())
        assert [step.move for step in steps] == ["issue", "call", "start", "finish"]
        assert (steps[0].at, steps[-1].at) == (ticket.issued_at, ticket.state_since)
        assert steps[1].at == ticket.first_called_at
        assert all(a.to_state == b.from_state for a, b in pairwise(steps))


@pytest.mark.servers
@NEEDS_POSTGRES
def test_past_numbers_are_not_given_again(cast: Cast) -> None:
    today = calendar.local_day(cast.branch, timezone.now())
    past.add_days(link(), (today - dt.timedelta(days=1), today), 20, seats.FIRST_COUNTER)
    before = set(
        Ticket.objects.filter(day=today, branch=cast.branch).values_list("prefix", "number")
    )
    fresh = cast.ticket()
    assert (fresh.prefix, fresh.number) not in before


# --- the clerks ---


@pytest.fixture
def hall(cast: Cast) -> Cast:
    """The cast's hall with the bench's clerks, and a short line."""
    seats.take_seats()
    for _visitor in range(3):
        cast.ticket()
    return cast


def press_next(seat: int) -> int:
    """The status of a clerk's press, by the very bytes that are sent."""
    client = Client(headers={"HX-Request": "true"})
    client.cookies["sessionid"] = seats.session_key(seat)
    return client.post("/counter/next/").status_code


def test_clerks_are_signed_in_and_call_at_their_own_counters(hall: Cast) -> None:
    assert [press_next(seat) for seat in (0, 1)] == [200, 200]
    called = Ticket.objects.filter(state=State.CALLED).order_by("counter")
    assert [each.counter_id for each in called] == [seats.FIRST_COUNTER, seats.FIRST_COUNTER + 1]


@pytest.mark.servers
@NEEDS_POSTGRES
def test_calling_back_restores_the_line(hall: Cast) -> None:
    before = list(dispatch.line(hall.branch, Ticket.objects.latest("pk").day))
    press_next(0)
    assert seats.call_back(link()) == 1
    assert list(dispatch.line(hall.branch, before[0].day)) == before
    assert [each.steps.count() for each in before] == [1, 1, 1]


# --- the copies of requests ---


def test_a_known_value_becomes_a_slot_and_the_rest_stays() -> None:
    now = dt.datetime(2024, 5, 6, 9, tzinfo=dt.UTC)
    said = [Statement("…", (8_000_000, 5, State.DONE, now - dt.timedelta(minutes=2)))]
    (found,) = with_slots(said, {8_000_000: "member"}, now)
    later = now + dt.timedelta(hours=1)
    assert found.params is not None
    assert found.params[0] == Slot("member", kind=int)  # type: ignore[index]
    assert found.filled({"member": 7, "now": later}) == (
        7, 5, "done", later - dt.timedelta(minutes=2),
    )  # fmt: skip


def test_a_transaction_is_recorded_with_its_edges(db: None) -> None:
    with recorded() as recorder:
        Ticket.objects.count()
    sql = [each.sql for each in recorder.statements]
    assert (sql[0], sql[2:]) == ("BEGIN", ["COMMIT"])


def test_a_batch_is_not_recorded_silently(db: None) -> None:
    with recorded(), pytest.raises(NotImplementedError), connection.cursor() as cursor:
        cursor.executemany("SELECT %s", [(1,), (2,)])


def test_a_new_rows_id_is_told_to_the_statements_after_it() -> None:
    said: list[object] = []

    class Cursor:
        description = True

        def execute(self, sql: str, params: object) -> None:
            said.append(params)

        def fetchall(self) -> list[tuple[int]]:
            return [(42,)]

    first = Statement('INSERT INTO "complaints_matter" (…) RETURNING id', ())
    say(Cursor(), [first, Statement("…", (Slot("matter", kind=int),))], {})
    assert said == [(), (42,)]


@pytest.mark.servers
@NEEDS_POSTGRES
@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("bench.urls")
@pytest.mark.parametrize(
    ("name", "state", "counter"),
    [(pages.ISSUE, State.WAITING, None), (pages.NEXT, State.CALLED, seats.FIRST_COUNTER + 5)],
)
def test_the_bare_view_does_what_the_button_does(
    name: str, state: str, counter: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = gather()
    seats.take_seats()
    for _visitor in range(4):
        ready.ticket()
    file = tmp_path / "statements"
    file.write_bytes(pickle.dumps(pages.record()))
    monkeypatch.setenv(bare.STATEMENTS, str(file))
    bare.statements.cache_clear()
    before = set(Ticket.objects.values_list("pk", "state"))
    assert Client().post(f"/bench/same/{name}/5/").status_code == 200
    ((changed, now),) = set(Ticket.objects.values_list("pk", "state")) - before
    ticket = Ticket.objects.get(pk=changed)
    assert (now, ticket.counter_id) == (state, counter)
    assert ticket.steps.count() == (1 if name == pages.ISSUE else 2)


@pytest.fixture
def visited(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cast]:
    """The cast's hall with a few visits of today, and the requests that may follow, recorded."""
    ready = gather()
    for statement in visits.FROM_HERE:
        link().execute(statement)
    past.add_days(link(), (visits.today(), visits.today()), 12, visits.EVERY_COUNTER)
    visits.sign_in(ready.supervisor)
    monkeypatch.setattr(visits, "WARM", 10)
    monkeypatch.setattr(visits, "RECORDED", 11)
    file = tmp_path / "statements"
    file.write_bytes(pickle.dumps(visits.record()))
    monkeypatch.setenv(bare.STATEMENTS, str(file))
    monkeypatch.setenv(bare.VALUES, "bench.visits.values_of")
    caches = (bare.statements, bare.values, visits.day_of_measurement)
    for cached in caches:
        cached.cache_clear()
    yield ready
    for cached in caches:
        cached.cache_clear()
    for statement in visits.FROM_HERE:  # the tables are emptied next
        link().execute(re.sub(r"RESTART \d+", "RESTART 1", statement))


@pytest.mark.servers
@NEEDS_POSTGRES
@pytest.mark.urls("bench.urls")
def test_what_follows_a_visit_is_said_again_truly_and_taken_back(visited: Cast) -> None:
    assert visits.take_back(link()) == 4
    client = Client()
    for name in visits.REQUESTS:
        assert client.post(f"/bench/same/{name}/3/").status_code == 200
    rating, matter = Rating.objects.get(), Matter.objects.get()
    assert rating.ticket_id == visits.FIRST_VISIT + 3
    assert [entry.move for entry in matter.entries.all()] == ["receive"]
    assert visits.take_back(link()) == 2
    assert not Rating.objects.exists() and not Matter.objects.exists()


@pytest.mark.servers
@NEEDS_POSTGRES
def test_what_follows_a_visit_is_asked_for_by_the_bytes_that_are_sent(visited: Cast) -> None:
    for name, request in visits.REQUESTS.items():
        (sent,) = request.bytes_of(1)
        head, body = sent.decode().split("\r\n\r\n")
        method, path, _version = head.splitlines()[0].split()
        client = Client(SERVER_NAME="localhost")
        client.cookies["sessionid"] = visits.SESSION if name == visits.SUPERVISOR else ""
        kind = "application/x-www-form-urlencoded"
        assert client.generic(method, path, body, kind).status_code == request.status


@pytest.mark.servers
@NEEDS_POSTGRES
def test_the_months_scan_counts_what_the_summaries_count(cast: Cast) -> None:
    past.add_days(link(), DAYS, 40, visits.EVERY_COUNTER)
    for statement in (month.RATINGS, month.MATTERS):
        link().execute(statement)
    assert month.close(link(), Month(2024, 5)) > 0
    assert month.scanned(link(), Month(2024, 5)) > 0
    month.forget()
    with pytest.raises(RuntimeError):
        month.scanned(link(), Month(2024, 5))


def test_a_month_is_told_as_a_ratio() -> None:
    summary, scan = month.Rounds("summaries"), month.Rounds("scan")
    for seconds in (9.0, 3.0, 4.0, 5.0):
        summary.note(seconds, counts=seconds != 9.0)
        scan.note(2.0, counts=True)
    assert month.told(100, summary, scan).splitlines()[-1].split()[-1] == "2.0"


# --- the generator of load, and the screens ---


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that answers in two pieces, which is the harder case."""
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
        await writer.drain()
        writer.write(b"ll")


def test_every_request_is_answered_once() -> None:
    async def scene() -> load.Shot:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        shot = await load.shoot(port, [load.request("/")] * 25, 4)
        server.close()
        return shot

    shot = asyncio.run(scene())
    assert (shot.count, dict(shot.statuses), len(shot.latencies)) == (25, {200: 25}, 25)


def test_a_form_is_sent_as_a_browser_would() -> None:
    text = load.request("/x/", {"a": "ü"}, {"csrftoken": "t"}, {"HX-Request": "true"}).decode()
    head, body = text.split("\r\n\r\n")
    assert head.startswith("POST /x/ HTTP/1.1\r\n")
    assert body == "a=%C3%BC"
    assert f"Content-Length: {len(body)}" in head
    assert "Cookie: csrftoken=t" in head


def test_a_state_counts_when_the_last_screen_has_all_of_it() -> None:
    ear, mouth = Pipe(duplex=False)
    crowd = screens.Crowd(2, mouth)
    one, two = screens.Screen(b"", crowd), screens.Screen(b"", crowd)
    state = b"1f\r\nid: abc\nevent: state\ndata: x\n\n\r\n"
    one.data_received(b"HTTP/1.1 200 OK\r\n\r\n" + state)
    two.data_received(state[:20])
    assert not ear.poll()
    two.data_received(state[20:])
    assert ear.poll(1)
    _at, whole = ear.recv()
    assert whole == state


# --- the arithmetic ---


def test_median_and_percentile() -> None:
    spread = Spread(10, [float(each) for each in range(1, 101)])
    assert (spread.median, spread.p99) == (51.0, 99.0)
    assert Spread(10, [3.0]).p99 == 3.0


def test_shares_and_slowdown_are_the_right_way_round() -> None:
    names = ["hall", *report.SHARES, "hall, no past", "plain SQL, no past"]
    tallies = {name: Tally(100, [1.0]) for name in names}
    tallies["hall"] = Tally(300, [2.0, 2.0, 60.0], 3.0)
    assert tallies["hall"].rate == 50  # one bad round does not matter
    assert tallies["hall"].cpu_each == 10
    assert "hall : same SQL  " in report.rates("issue", {8: tallies})
    assert report.share(tallies, "same SQL") == "50%"
    assert report.slowdown({8: tallies}).splitlines()[1].split()[-1] == "2.00"


def test_boards_are_told_beside_the_relay() -> None:
    hall = Boards([Cost(0, 90.0, 7)], [Spread(100, [20.0])])
    relay = Boards([Cost(0, 40.0, 5)], [Spread(100, [10.0])])
    assert "2.00" in report.boards(hall, relay)


# --- the ledger ---


@pytest.mark.servers
@NEEDS_POSTGRES
def test_without_the_ledger_everything_else_is_done(cast: Cast) -> None:
    for count, arm in ((4, contextlib.nullcontext()), (0, ledger.without())):
        seat = Sitting.objects.unended().first() or cast.sit()
        before = LedgerRow.objects.count()
        with arm:
            cast.ticket()
            ticket = actions.call_next(sitting=seat, by=cast.clerk)
            assert ticket is not None
            actions.start(ticket=ticket, by=cast.clerk)
            actions.finish(ticket=ticket, by=cast.clerk)
        assert LedgerRow.objects.count() - before == count
        assert ticket.steps.count() == 4
