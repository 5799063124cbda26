"""All measurements, on the servers that the environment names. Started by `python -m bench`."""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from bench import bare, boards, ledger, month, pages, past, plain, report, seats, server, visits
from bench.pages import Tally
from bench.plan import WITHOUT_PAST, Plan, database, say
from demo.place import load as place
from hall import calendar
from hall.models import Branch

CLIENTS = [1, 8, 40]
OF_TODAY = 800  # visits that are over when the measurements begin
SIZES = 6  # numbers that a plan has


def main() -> None:
    """Build a hall, measure what was asked for, print."""
    sizes, names = sys.argv[1 : SIZES + 1], sys.argv[SIZES + 1 :]
    urls = os.environ["DATABASE_URL"], os.environ["REDIS_URL"]
    plan = Plan(Path(os.environ["HALL_DATA"]), *urls, *map(int, sizes))
    began = time.monotonic()
    say(report.machine(*urls))
    (plan.folder / "static").mkdir()  # WhiteNoise warns if there is none
    for measure in of_names(names):
        measure(plan)
    say(f"in all {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f} at the end")


def of_names(names: list[str]) -> list[Callable[[Plan], None]]:
    """What measures these; tickets and boards have their hall in common."""
    known = {
        "tickets": measure_pages,
        "boards": measure_boards,
        "visits": visits.measure,
        "month": month.measure,
        "ledger": ledger.measure,
    }
    found = [known[name] for name in names]
    hall: list[Callable[[Plan], None]] = [build] if {"tickets", "boards"} & set(names) else []
    return [*hall, *found]


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
    say(f"{plan.tickets:,} past tickets")


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

        first_day = serve(DATABASE_URL=plan.url_without_past)
        bench = pages.Bench(
            plan.url,
            hall=serve(),
            bare=serve(HALL_BENCH_BARE="1"),
            statements=statements,
            clients=stack.enter_context(ProcessPoolExecutor(1, spawn)),
            clerks=stack.enter_context(ProcessPoolExecutor(plain.PROCESSES, spawn)),
        )
        say(report.rates("issue", compare(bench, plan, pages.ISSUE, first_day)))
        found = compare(bench, plan, pages.NEXT, first_day)
        say(report.rates("call next", found))
        say(report.slowdown(found))
        ceiling = 1000 / bench.generator.cpu_each
        say(f"the generator of load could send {ceiling:,.0f} requests/s with a core of its own")


def compare(
    bench: pages.Bench, plan: Plan, name: str, first_day: server.Process
) -> dict[int, dict[str, Tally]]:
    """One button: what was counted by number of clients, then by what is compared."""
    request = pages.REQUESTS[name]
    arms = bench.arms(request)
    arms |= bench.arms_without_past(request, first_day, plan.url_without_past)
    return {
        each: pages.compare(arms, each, plan.presses, plan.rounds, pages.undo) for each in CLIENTS
    }


def measure_boards(plan: Plan) -> None:
    """Open boards of the hall, then as many listeners of the bare relay."""
    sizes = [plan.boards // 10, plan.boards]
    hall = boards.of_hall(plan.folder, plan.url, sizes, plan.changes)
    relay = boards.of_relay(plan.folder, plan.url, sizes, plan.changes, hall.state)
    say(report.boards(hall, relay))
    say(f"a state of the board has {len(hall.state):,} bytes")
