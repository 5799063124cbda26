"""The figures as text."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import psycopg
from redis import Redis

from bench.boards import Boards
from bench.pages import Tally

SHARES = ["empty page", "same SQL", "same SQL, no middleware", "plain SQL"]
MADE_OF = ["Django", "psycopg", "a2wsgi", "uvicorn", "uvloop", "redis"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in columns, figures to the right."""
    all_rows = [head, *rows]
    widths = [max(len(row[column]) for row in all_rows) for column in range(len(head))]
    first, *rest = widths
    return "\n".join(
        "  ".join([row[0].ljust(first), *map(str.rjust, row[1:], rest)]) for row in all_rows
    )


def machine(url: str, redis_url: str) -> str:
    """What all this ran on."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*:\s*(.+)", info.read_text()) if info.is_file() else None
    with psycopg.connect(url) as connection:
        postgres = connection.info.server_version // 10000
    with Redis.from_url(redis_url) as client:
        redis = client.info("server")["redis_version"]
    packages = ", ".join(f"{name} {version(name)}" for name in MADE_OF)
    return (
        f"{os.cpu_count()} × {model[1] if model else platform.processor()}, "
        f"{platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f} at the start\n"
        f"Python {platform.python_version()}, PostgreSQL {postgres}, Redis {redis}, {packages}"
    )


def rates(title: str, found: Mapping[int, Mapping[str, Tally]]) -> str:
    """Requests a second of everything that was compared, and the hall's share of each."""
    names = list(next(iter(found.values())))
    head = [f"{title}, requests/s", *map(clients_of, found)]
    speeds = [[name, *(f"{each[name].rate:,.0f}" for each in found.values())] for name in names]
    shares = [
        [f"hall : {name}", *(share(each, name) for each in found.values())] for name in SHARES
    ]
    cpu_head = ["processor time of the server, ms a request", *head[1:]]
    cpu = [
        [name, *(f"{each[name].cpu_each:.2f}" for each in found.values())]
        for name in names
        if all(each[name].cpu for each in found.values())
    ]
    cpu_share = ["same SQL : hall", *map(share_of_cpu, found.values())]
    return table(head, [*speeds, *shares]) + "\n\n" + table(cpu_head, [*cpu, cpu_share])


def clients_of(count: int) -> str:
    """A column's head."""
    return "1 client" if count == 1 else f"{count} clients"


def share(tallies: Mapping[str, Tally], name: str) -> str:
    """The hall's rate as a part of another's."""
    return f"{tallies['hall'].rate / tallies[name].rate:.0%}"


def share_of_cpu(tallies: Mapping[str, Tally]) -> str:
    """What the hall's rate would be as a part of the other's, were there nothing but processors."""
    return f"{tallies['same SQL'].cpu_each / tallies['hall'].cpu_each:.0%}"


def slowdown(found: Mapping[int, Mapping[str, Tally]]) -> str:
    """Time of a call with the past, in times of a call without."""
    pairs = {"over HTTP": ("hall", "hall, no past"), "in SQL": ("plain SQL", "plain SQL, no past")}
    head = ["call next, time with : without past", *map(clients_of, found)]
    rows = [
        [name, *(f"{each[without].rate / each[full].rate:.2f}" for each in found.values())]
        for name, (full, without) in pairs.items()
    ]
    return table(head, rows)


def boards(hall: Boards, relay: Boards) -> str:
    """Change to last board, and what the server holds."""
    head = ["change to last board, ms", "hall median", "p99", "relay median", "p99", "hall : relay"]
    rows = [
        [
            f"{ours.boards:,} boards",
            *(f"{value:.1f}" for value in (ours.median, ours.p99, bare.median, bare.p99)),
            f"{ours.median / bare.median:.2f}",
        ]
        for ours, bare in zip(hall.spreads, relay.spreads, strict=True)
    ]
    costs = [
        [
            f"{ours.boards:,} boards",
            *(f"{each.memory:.0f} MiB" for each in (ours, bare)),
            *(str(each.threads) for each in (ours, bare)),
        ]
        for ours, bare in zip(hall.costs, relay.costs, strict=True)
    ]
    cost_head = ["held", "hall memory", "relay memory", "hall threads", "relay threads"]
    return table(head, rows) + "\n\n" + table(cost_head, costs)
