"""All measurements, on the servers that the environment names. Started by `python -m bench`."""

from __future__ import annotations

import os
import pickle
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from bench import bare, boards, pages, past, plain, report, seats, server
from bench.pages import Tally
from hall import calendar
from hall.demo import place
from hall.models import Branch

CLIENTS = [1, 8, 40]
OF_TODAY = 800  # visits that are over when the measurements begin
WITHOUT_PAST = "without_past"


@dataclass(frozen=True)
class Plan:
    """How much is measured, and where."""

    folder: Path
    url: str
    redis_url: str
    tickets: int
    rounds: int
    presses: int
    boards: int
    changes: int

    @property
    def url_without_past(self) -> str:
        """The database of the same hall on its first day."""
        return database(self.url, WITHOUT_PAST)


def database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def main() -> None:
    """Build the hall, measure, print."""
    urls = os.environ["DATABASE_URL"], os.environ["REDIS_URL"]
    plan = Plan(Path(os.environ["HALL_DATA"]), *urls, *map(int, sys.argv[1:]))
    began = time.monotonic()
    say(report.machine(*urls))
    (plan.folder / "static").mkdir()  # WhiteNoise warns if there is none
    build(plan)
    say(f"{plan.tickets:,} past tickets, made in {time.monotonic() - began:.0f} s")
    measure_pages(plan)
    measure_boards(plan)
    say(f"in all {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f} at the end")


def say(text: str) -> None:
    """Print a paragraph at once."""
    print(f"{text}\n", flush=True)


def build(plan: Plan) -> None:
    """The demo's branches, clerks, today's visits and a line; a copy of that; then the past."""
    call_command("migrate", verbosity=0)
    place.load()
    seats.take_seats()
    today = calendar.local_day(Branch.objects.get(slug=seats.BRANCH), timezone.now())
    with psycopg.connect(plan.url, autocommit=True) as connection:
        past.add_days(connection, (today, today), OF_TODAY, seats.FIRST_COUNTER)
    seats.stand_in_line()
    copy(plan)
    past.fill(plan.url, plan.tickets, today, seats.FIRST_COUNTER)
    for url in (plan.url, plan.url_without_past):
        seats.number_from_here(url)


def copy(plan: Plan) -> None:
    """The database as it is now, once more."""
    connections.close_all()
    with psycopg.connect(database(plan.url, "postgres"), autocommit=True) as connection:
        name = urlsplit(plan.url).path[1:]
        connection.execute(f"CREATE DATABASE {WITHOUT_PAST} TEMPLATE {name}")
    with psycopg.connect(plan.url_without_past, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def measure_pages(plan: Plan) -> None:
    """Both buttons, by few and by many clients."""
    statements = pages.record()
    file = plan.folder / "statements"
    file.write_bytes(pickle.dumps(statements))
    pages.undo(plan.url)
    for name, each in statements.items():
        say(f"{name}: {len(each)} SQL statements a request")
    spawn = get_context("spawn")
    with ExitStack() as stack:
        known = {bare.STATEMENTS: str(file)}

        def serve(**environment: str) -> server.Process:
            return stack.enter_context(server.hall(plan.folder, **known, **environment))

        bench = pages.Bench(
            plan.url,
            plan.url_without_past,
            hall=serve(),
            first_day=serve(DATABASE_URL=plan.url_without_past),
            bare=serve(HALL_BENCH_BARE="1"),
            statements=statements,
            clients=stack.enter_context(ProcessPoolExecutor(1, spawn)),
            clerks=stack.enter_context(ProcessPoolExecutor(plain.PROCESSES, spawn)),
        )
        say(report.rates("issue", compare(bench, plan, pages.ISSUE)))
        found = compare(bench, plan, pages.NEXT)
        say(report.rates("call next", found))
        say(report.slowdown(found))
        ceiling = 1000 / bench.generator.cpu_each
        say(f"the generator of load could send {ceiling:,.0f} requests/s with a core of its own")


def compare(bench: pages.Bench, plan: Plan, name: str) -> dict[int, dict[str, Tally]]:
    """One button: what was counted by number of clients, then by what is compared."""
    arms = bench.arms(name)
    return {each: pages.compare(arms, each, plan.presses, plan.rounds) for each in CLIENTS}


def measure_boards(plan: Plan) -> None:
    """Open boards of the hall, then as many listeners of the bare relay."""
    sizes = [plan.boards // 10, plan.boards]
    hall = boards.of_hall(plan.folder, plan.url, sizes, plan.changes)
    relay = boards.of_relay(plan.folder, plan.url, sizes, plan.changes, hall.state)
    say(report.boards(hall, relay))
    say(f"a state of the board has {len(hall.state):,} bytes")
