"""Simulated people in a running demo hall: a replayed half hour, and the visitors of the trial.

The replay must agree with Hall's figures; what it compares must also be able to disagree.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import random
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as hall_settings
from django.core.management import call_command
from django.db import connection
from pytest_django.fixtures import Settings

from queueing.figures.spread import Spread
from queueing.management.commands.day_figures import in_microseconds
from queueing.models import State, Ticket
from tests.acceptance import audit, replay
from tests.acceptance.history import Row, Staffing, read_day, services_in
from tests.acceptance.own_log import Figures, Moment, OwnLog, Visitor, agrees, spread
from tests.acceptance.play import Clock, Play, play_day
from tests.acceptance.verdict import Office, compare_audit, verdict
from tests.browser.live import LiveHall, url_of
from tests.processes import soon
from tests.servers import free_port

pytestmark = pytest.mark.servers  # what it drives is a server, wherever its rows are

DATA = Path(__file__).parent / "data" / "bank-half-hour.csv"
DAY = dt.date(1999, 2, 2)
PASSWORD = "the-demo's-password"
BASE = Path(__file__).parent.parent


class SameProcess(Office):
    """Management commands without the time that a process of their own takes to start."""

    def manage(self, *words: str) -> str:
        out = io.StringIO()
        call_command(*words, stdout=out)
        return out.getvalue()

    def audit(self, day: dt.date) -> dict[str, Any]:
        return audit.audit("nanshan", str(day))


@pytest.fixture
def demo_hall(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[LiveHall]:
    """The demo hall, running."""
    settings.HALL_DEMO_PASSWORD, settings.MEDIA_ROOT = PASSWORD, tmp_path
    call_command("demo", stdout=io.StringIO())
    database = url_of(
        hall_settings.DATABASES["default"]["ENGINE"], connection.settings_dict["NAME"]
    )
    hall = LiveHall(free_port(), database, tmp_path / "live-hall.log")
    hall.start()
    yield hall
    hall.stop()


def play_of(rows: list[Row], url: str = "", speed: float = 300) -> Play:
    log = OwnLog([Visitor(row) for row in rows])
    return Play(url, PASSWORD, Clock(rows[0].arrives, speed), Staffing.like(rows), log)


def test_a_replayed_half_hour_agrees_with_the_figures(
    demo_hall: LiveHall, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = read_day(DATA, DAY)
    play = play_of(rows, demo_hall.url)
    play_day(play)
    faults = verdict(play, SameProcess({}))
    told = capsys.readouterr().out
    assert faults == play.faults == [], told
    assert Ticket.objects.count() == len(rows) == 30
    assert Ticket.objects.filter(lane="assisted").count() == sum(row.is_assisted for row in rows)
    assert Ticket.objects.filter(state=State.DONE).count() >= 10, told
    assert re.search(r"tickets issued +30 +30", told) and "DIFFERENT" not in told
    play.log.write(tmp_path / "log.csv")
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 31
    it_can_disagree(play)


def it_can_disagree(play: Play) -> None:
    """The same comparison finds what is put wrong in the log afterwards."""
    served = [visitor for visitor in play.log.visitors if visitor.finished]
    for visitor in served:
        assert visitor.finished is not None
        late = visitor.finished.told + dt.timedelta(microseconds=2)
        visitor.finished = Moment(late, visitor.finished.sent, visitor.finished.received)
    served[0].outcome = "cancelled"
    faults = verdict(play, SameProcess({}))
    assert {"done differ", "cancelled differ", "services, median_us differ"} <= set(faults)
    assert "1 tickets with another outcome" in faults
    assert any("the phone says done" in fault for fault in faults)
    assert "waits, median_us differ" not in faults


def test_the_visitors_fill_the_hall_and_end_when_told(demo_hall: LiveHall) -> None:
    env = os.environ | {"HALL_URL": demo_hall.url, "HALL_DEMO_PASSWORD": PASSWORD}
    command = [sys.executable, "-m", "demo.visitors"]
    with subprocess.Popen(command, env=env, cwd=BASE, stdout=subprocess.PIPE) as crowd:
        try:
            came = soon(lambda: is_lively(f"{demo_hall.url}/board/nanshan/"), 40)
        finally:
            crowd.terminate()
        said, _errors = crowd.communicate(timeout=10)
    assert came, said.decode()
    assert (crowd.returncode, said.decode()) == (0, "")
    at_counters = Ticket.objects.filter(branch__slug="nanshan", counter__isnull=False)
    counters = at_counters.values_list("counter__number", flat=True)
    assert not {1, 14, 25, 33} & set(counters)
    assert not Ticket.objects.filter(member__staff_number="N1001").exists()


def is_lively(board: str) -> bool:
    """Whether the board shows calls and people waiting."""
    with urllib.request.urlopen(board) as answer:
        page = answer.read().decode()
    waiting = sum(map(int, re.findall(r'class="waiting num">(\d+)<', page)))
    return page.count("data-call-id=") >= 4 and waiting >= 4


def test_visitors_who_do_not_know_where_to_go_say_so() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("HALL_")}
    command = [sys.executable, "-m", "demo.visitors"]
    done = subprocess.run(command, env=env, cwd=BASE, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


# --- what the comparison rests on ---


def test_the_log_and_hall_define_their_figures_alike() -> None:
    chance = random.Random(1999)
    for count in (0, 1, 2, 3, 9, 10, 11, 40):
        values = [chance.randrange(10**9) for _value in range(count)]
        lengths = (dt.timedelta(microseconds=value) for value in values)
        assert spread(values) == in_microseconds(Spread.of(lengths))


def test_a_difference_in_any_figure_is_named() -> None:
    told = {"count": 1, "median_us": 5, "p90_us": 5}
    mine = Figures(2, {"done": 1, "no_show": 1}, told, told)
    assert mine.differences(mine) == []
    other = Figures(2, {"done": 2}, told, told | {"p90_us": 6})
    assert mine.differences(other) == ["done", "no_show", "services, p90_us"]


@pytest.mark.parametrize(
    ("told", "fits"), [(1.0, True), (1.09, True), (0.91, True), (1.12, False), (0.88, False)]
)
def test_a_length_fits_the_own_clock_or_not(told: float, fits: bool) -> None:
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    start = Moment(begin, 0.0, 0.1)
    end = Moment(begin + dt.timedelta(seconds=told), 1.0, 1.1)
    assert agrees(start, end) is fits


def step(code: str, before: str, after: str, second: int, counter: int | None = None) -> audit.Row:
    return audit.Row(1, code, before, after, dt.datetime(2026, 1, 1, 0, 0, second), counter)


USUAL = [
    step("A001", "", "waiting", 0),
    step("A001", "waiting", "called", 1, 3),
    step("A001", "called", "serving", 2, 3),
    step("A001", "serving", "done", 9, 3),
]


def test_a_usual_time_line_has_no_fault() -> None:
    assert list(audit.faults_of_line(USUAL)) == []
    assert list(audit.faults_of_counters([USUAL])) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (
            [*USUAL[:2], step("A001", "waiting", "called", 2, 4), *USUAL[2:]],
            "as if it were waiting",
        ),
        (USUAL[:3], "0 outcomes"),
        ([*USUAL, step("A001", "done", "cancelled", 10)], "2 outcomes"),
        (USUAL[1:], "does not begin"),
        ([*USUAL[:3], step("A001", "serving", "done", 0, 3)], "back in time"),
    ],
)
def test_a_broken_time_line_is_found(line: list[audit.Row], fault: str) -> None:
    assert any(fault in each for each in audit.faults_of_line(line))


def test_two_visitors_at_one_counter_are_found() -> None:
    other = [step("A002", "waiting", "called", 5, 3), step("A002", "called", "no_show", 12, 3)]
    assert list(audit.faults_of_counters([USUAL, other])) == [
        "A001 and A002 were both at counter 3"
    ]


def test_doubled_and_missing_numbers_are_found() -> None:
    numbers = [audit.Number(f"t{n}", "A", n, "done") for n in (1, 2, 2, 4)]
    assert list(audit.faults_of_numbers(numbers)) == ["A002 was given 2 times", "A003 is missing"]


def test_lost_and_unknown_tickets_are_found() -> None:
    play = play_of(read_day(DATA, DAY))
    play.log.by_token = {"a": Visitor(play.log.visitors[0].row, outcome="done")}
    answer = {"tickets": {"b": "done"}, "faults": []}
    assert compare_audit(play, answer) == ["1 tickets lost", "1 tickets unknown"]


# --- the data ---


def test_the_data_is_read_as_its_columns_say() -> None:
    rows = read_day(DATA, DAY)
    assert services_in(rows).total() == 30
    first, third = rows[0], rows[2]
    assert (first.arrives, first.service, first.patience) == (41_642, "NW", 3)
    assert (third.is_assisted, third.patience, third.length) == (True, None, 3)
    assert first.length == 54  # the median of those who came for the same


def test_as_many_counters_are_open_as_servers_were_at_work() -> None:
    staffing = Staffing.like(read_day(DATA, DAY))
    assert {hour: len(seats) for hour, seats in staffing.seats.items()} == {11: 7}
    assert {3, 6} & set(staffing.all_seats) == {3}  # one in five came for what is given apart
    assert staffing.is_open(10, 11 * 3600) and not staffing.is_open(40, 11 * 3600)
    assert staffing.is_open(10, 23 * 3600), "after the last hour the last stay"


def test_a_replay_that_cannot_run_says_why_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert replay.main(["--data", "nowhere.csv"]) == 2
    assert replay.main(["--data", str(DATA), "--day", "1999-03-01"]) == 2
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 2)
