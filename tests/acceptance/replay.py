"""Plays a real day in a running hall, over HTTP, and compares its own log with Hall's figures.

    make replay ARGS="[--day 1999-02-01] [--speed 60] [--postgres] [--kill] [--url …]"

Every row of the data is a visitor; the clock runs ``--speed`` times as fast. Without ``--url`` a
hall of its own is started. With it, HALL_DEMO_PASSWORD and the server's own settings must be in
the environment, since the day is closed and its figures are read by ``manage.py``. The exit code
is 1 if anything differs, see docs/replay.md.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.visitors.person import Away, TurnedAway
from demo.visitors.place import service_names
from tests.acceptance.history import SERVICES, Row, Staffing, read_day, second_of_clock, services_in
from tests.acceptance.killer import Killer
from tests.acceptance.own_log import OwnLog, Visitor
from tests.acceptance.play import STAYS_OPEN, Clock, Play, play_day
from tests.acceptance.private import BASE, Broken, Private, private_hall
from tests.acceptance.verdict import ZONE, Office, verdict

DATA = BASE.parent / "shared" / "data" / "bank-1999-02-first-half.csv"


class Unusable(Exception):
    """The replay cannot run like this; the message is the line that says why."""


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="tests.acceptance.replay", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date(1999, 2, 1))
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument(
        "--begin", type=second_of_clock, default=0.0, help="leave out who came before HH:MM"
    )
    parser.add_argument("--end", type=second_of_clock, default=86_400.0, help="and from HH:MM on")
    parser.add_argument("--url", help="a hall that is running already, with the demo, empty today")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL and Redis, not SQLite")
    parser.add_argument("--kill", action="store_true", help="kill -9 server and worker on the way")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--log", type=Path, help="where the log of all visitors is kept")
    return parser.parse_args(words)


def rows_of(asked: argparse.Namespace) -> list[Row]:
    """The visitors of the part of the day that is asked for."""
    if not asked.data.is_file():
        raise Unusable(f"There is no {asked.data}: say with --data where the data is.")
    day = read_day(asked.data, asked.day)
    rows = [row for row in day if asked.begin <= row.arrives < asked.end]
    if not rows:
        raise Unusable(f"The data has no visitors on {asked.day} at these hours.")
    length = (rows[-1].arrives - rows[0].arrives + STAYS_OPEN) / asked.speed
    now = dt.datetime.now(ZONE)
    if (now + dt.timedelta(seconds=length + 30)).date() != now.date():
        raise Unusable("It would go on past midnight in Shenzhen, and there a day ends: try later.")
    return rows


def describe(rows: Sequence[Row], staffing: Staffing, asked: argparse.Namespace) -> None:
    """Say what is going to be played."""
    leavers = sum(row.patience is not None for row in rows)
    assisted = sum(row.is_assisted for row in rows)
    print(
        f"{asked.day}: {len(rows)} visitors, {assisted} of them preferred (assisted lane), "
        f"{leavers} who left on the day; {asked.speed:g} times as fast, "
        f"about {(rows[-1].arrives - rows[0].arrives + STAYS_OPEN) / asked.speed / 60:.1f} minutes"
    )
    names = service_names()
    for code, count in services_in(rows).most_common():
        print(f"  {code} → {names[SERVICES[code]]} ({SERVICES[code]}): {count}")
    hours = "  ".join(f"{hour:02}h {len(seats)}" for hour, seats in staffing.seats.items())
    servers = len({row.server for row in rows if row.server})
    print(
        f"counters open: {hours}\n({servers} servers were at work on the day, not all at once)",
        flush=True,
    )


@dataclass(frozen=True)
class Stage:
    """The hall in which the day is played; ``private`` if it is one of our own."""

    url: str
    password: str
    env: Mapping[str, str]
    private: Private | None = None


@contextlib.contextmanager
def stage_of(asked: argparse.Namespace) -> Iterator[Stage]:
    """The hall that is asked for, running."""
    if asked.url:
        yield Stage(asked.url.rstrip("/"), os.environ.get("HALL_DEMO_PASSWORD", ""), os.environ)
        return
    with private_hall(on_postgres=asked.postgres) as private:
        hall = private.hall
        yield Stage(hall.url, hall.password, hall.env, private)


def replay(asked: argparse.Namespace) -> list[str]:
    """Play the day and judge it; a line for every fault."""
    rows = rows_of(asked)
    staffing = Staffing.like(rows)
    describe(rows, staffing, asked)
    with stage_of(asked) as stage:
        office = Office(stage.env)
        if office.figures(dt.datetime.now(ZONE).date()).issued:
            raise Unusable("This hall has tickets of today; the figures would be theirs, too.")
        clock, log = Clock(rows[0].arrives, asked.speed), OwnLog([Visitor(row) for row in rows])
        play = Play(stage.url, stage.password, clock, staffing, log)
        return played(play, office, killer_of(play, stage, asked), asked.log)


def played(play: Play, office: Office, killer: Killer | None, log: Path | None) -> list[str]:
    """The day itself, its verdict, and the log, which is kept whatever happens."""
    try:
        play_day(play, [killer.work] if killer else [])
        faults = verdict(play, office)
        return faults + (killer.faults if killer else server_faults(play))
    finally:
        path = log or Path(tempfile.mkstemp(prefix="hall-replay-", suffix=".csv")[1])
        play.log.write(path)
        print(f"log             {path}")


def server_faults(play: Play) -> list[str]:
    """Answers that a server should never give, unless it is being killed."""
    return [f"the server answered {each}" for each in play.faults]


def killer_of(play: Play, stage: Stage, asked: argparse.Namespace) -> Killer | None:
    """Who ends the server on the way, if that is asked for."""
    if not asked.kill:
        return None
    if stage.private is None:
        raise Unusable("--kill ends a hall of its own only: leave --url out.")
    last = max(visitor.row.arrives for visitor in play.log.visitors)
    return Killer(play, stage.private, asked.kills, (last - play.clock.begin) / asked.speed)


def main(words: Sequence[str] | None = None) -> int:
    """Run it; answer with the exit code."""
    try:
        faults = replay(arguments(words))
    except (Unusable, Broken, Away, TurnedAway) as reason:
        print(reason, file=sys.stderr)
        return 2
    for fault in faults[:50]:
        print(f"FAULT  {fault}")
    print(f"{len(faults)} faults" if faults else "Log and Hall agree.")
    return 1 if faults else 0
