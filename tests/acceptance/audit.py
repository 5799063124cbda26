"""Reads a day's tickets and time lines from the database and says what is wrong with them.

    python -m tests.acceptance.audit BRANCH YYYY-MM-DD  (in the server's environment; only reads)

The answer is JSON: how each ticket ended, by token, and a line for every fault.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import django
from django.apps import apps

AT_COUNTER = ("called", "serving")
OUTCOMES = ("done", "no_show", "cancelled", "abandoned")


class Row(NamedTuple):
    """A step of a ticket."""

    ticket: int
    code: str
    from_state: str
    to_state: str
    at: dt.datetime
    counter: int | None


class Number(NamedTuple):
    """A ticket's number and its end."""

    token: str
    prefix: str
    number: int
    state: str


def faults_of_numbers(numbers: Sequence[Number]) -> Iterator[str]:
    """Numbers that were given twice, or left out."""
    by_prefix: dict[str, list[int]] = defaultdict(list)
    for each in numbers:
        by_prefix[each.prefix].append(each.number)
    for prefix, given in by_prefix.items():
        for number, count in Counter(given).items():
            if count > 1:
                yield f"{prefix}{number:03d} was given {count} times"
        for number in set(range(1, max(given) + 1)) - set(given):
            yield f"{prefix}{number:03d} is missing"


def faults_of_line(line: Sequence[Row]) -> Iterator[str]:
    """Breaks in one ticket's time line, and an end that is none or more than one."""
    code = line[0].code
    if line[0].from_state != "" or line[0].to_state != "waiting":
        yield f"{code} does not begin with its issue"
    for before, after in itertools.pairwise(line):
        if after.from_state != before.to_state:
            yield f"{code} went from {before.to_state} as if it were {after.from_state}"
        if after.at < before.at:
            yield f"{code} goes back in time"
    ends = sum(step.to_state in OUTCOMES for step in line)
    if ends != 1 or line[-1].to_state not in OUTCOMES:
        yield f"{code} has {ends} outcomes and ends {line[-1].to_state}"


def faults_of_counters(lines: Sequence[Sequence[Row]]) -> Iterator[str]:
    """Two visitors at one counter at the same time."""
    stays: dict[int, list[tuple[dt.datetime, dt.datetime, str]]] = defaultdict(list)
    for line in lines:
        for step, following in itertools.pairwise(line):
            if step.to_state in AT_COUNTER and step.counter is not None:
                stays[step.counter].append((step.at, following.at, step.code))
    for counter, spans in stays.items():
        for (_, until, code), (since, _, other) in itertools.pairwise(sorted(spans)):
            if since < until:
                yield f"{code} and {other} were both at counter {counter}"


def audit(branch: str, day: str) -> dict[str, object]:
    """The answer for a day."""
    tickets = apps.get_model("queueing.Ticket").objects.filter(branch__slug=branch, day=day)
    numbers = [Number(*row) for row in tickets.values_list("token", "prefix", "number", "state")]
    steps = (
        apps.get_model("queueing.Step").objects.filter(ticket__in=tickets).order_by("ticket", "id")
    )
    columns = ("ticket_id", "ticket__prefix", "ticket__number", "from_state", "to_state", "at")
    rows = [
        Row(ticket, f"{prefix}{number:03d}", *rest)
        for ticket, prefix, number, *rest in steps.values_list(*columns, "counter__number")
    ]
    lines = [list(group) for _ticket, group in itertools.groupby(rows, lambda row: row.ticket)]
    faults = [
        *faults_of_numbers(numbers),
        *itertools.chain.from_iterable(map(faults_of_line, lines)),
        *faults_of_counters(lines),
    ]
    if len(lines) != len(numbers):
        faults.append(f"{len(numbers) - len(lines)} tickets have no time line")
    return {"tickets": {each.token: each.state for each in numbers}, "faults": faults}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hall.settings")
    django.setup()
    print(json.dumps(audit(sys.argv[1], sys.argv[2])))
