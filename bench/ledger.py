"""What the ledger costs in a press, and whether somebody waits for it.

One clerk serves one visitor after the other, by the actions that the buttons call; every second
visitor without the ledger: no row, and the hot statements without the part that writes it. Then
forty clerks press as fast as they can, with three long exports and the sealer at work
(``tests.busy``): no session waits longer than 50 ms for a lock, and the longest wait is told.
"""

from __future__ import annotations

import contextlib
import logging
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final
from unittest import mock

from django.core.management import call_command
from django.utils import timezone

from bench import report, seats
from bench.plan import Plan, say
from demo.place import load as place
from hall import ledger
from hall.actions.rule import set_rule
from hall.models import Branch, Offering
from queueing import actions, dispatch, numbering
from queueing.models import Sitting
from queueing.opening import OUTSIDE_HOURS
from tests.busy import LIMIT, busy

CLERKS: Final = 40
NOTED: Final = re.compile(r", noted AS \(.*?\n\)", re.DOTALL)
PRESSES: Final = ("issue", "call next", "start", "finish")
Seconds = dict[str, list[float]]


def measure(plan: Plan) -> None:
    """Build, measure, print."""
    clerks = build()
    logging.getLogger("hall.ledger.seals").setLevel(logging.WARNING)  # a line a seal
    visits = plan.rounds * plan.presses
    say(told(visits, *side_by_side(clerks[0], visits)))
    rounds = max(1, visits // CLERKS)
    for name, arm in (("with the ledger", contextlib.nullcontext()), ("without", without())):
        line_up(CLERKS * rounds)
        with arm:
            say(f"{name}: {crowd(clerks, rounds)}")


def build() -> list[Sitting]:
    """The demo's branches, and clerks at their counters in the largest."""
    call_command("migrate", verbosity=0)
    place.load()
    seats.take_seats()
    set_rule(branch=Branch.objects.get(slug=seats.BRANCH), rule=OUTSIDE_HOURS, value=True)
    service = offering().service
    found = Sitting.objects.unended().filter(branch__slug=seats.BRANCH).order_by("pk")[:CLERKS]
    sittings = list(found.select_related("branch", "counter__branch", "member"))
    for sitting in sittings:
        sitting.counter.services.set([service])
    return sittings


def offering() -> Offering:
    """The service that everybody comes for."""
    known = Offering.objects.select_related("branch", "service").order_by("pk")
    return known.filter(branch__slug=seats.BRANCH)[0]


def line_up(visitors: int) -> None:
    """So many take a ticket."""
    for _ in range(visitors):
        actions.issue(offering=offering(), now=timezone.now())


def side_by_side(sitting: Sitting, visits: int) -> tuple[Seconds, Seconds]:
    """Seconds of each press: with the ledger, and without."""
    arms: tuple[Seconds, Seconds] = (defaultdict(list), defaultdict(list))
    for number in range(2 * visits + 40):  # the first ones are not counted
        arm = arms[number % 2] if number >= 40 else defaultdict(list)
        with without() if number % 2 else contextlib.nullcontext():
            visit(sitting, arm)
    return arms


def visit(sitting: Sitting, seconds: Seconds) -> None:
    """One visitor, from the ticket to the end."""
    here, by = offering(), sitting.member
    timed(seconds, "issue", lambda: actions.issue(offering=here))
    ticket = timed(seconds, "call next", lambda: actions.call_next(sitting=sitting, by=by))
    timed(seconds, "start", lambda: actions.start(ticket=ticket, by=by))
    timed(seconds, "finish", lambda: actions.finish(ticket=ticket, by=by))


def timed(seconds: Seconds, name: str, press: Callable[[], Any]) -> Any:
    """What a press answers; its time is noted."""
    began = time.perf_counter()
    answer = press()
    seconds[name].append(time.perf_counter() - began)
    return answer


def unwritten(*_args: Any, **_options: Any) -> None:
    """No row."""


@contextlib.contextmanager
def without() -> Iterator[None]:
    """The same hall without a ledger."""
    claim, issue = (NOTED.subn("", each) for each in (dispatch._CLAIM, numbering._ISSUE))
    if claim[1] != 1 or issue[1] != 1:
        raise RuntimeError("the statements have no part that writes the ledger's row")
    with (
        mock.patch.object(ledger, "record", unwritten),
        mock.patch.object(dispatch, "_CLAIM", claim[0]),
        mock.patch.object(numbering, "_ISSUE", issue[0]),
    ):
        yield


def told(visits: int, whole: Seconds, bare: Seconds) -> str:
    """The figures as text."""
    rows = []
    for name in PRESSES:
        ours, theirs = (1000 * statistics.median(each[name]) for each in (whole, bare))
        figures = [f"{ours:.2f} ms", f"{theirs:.2f} ms", f"{ours - theirs:.2f} ms"]
        rows.append([name, *figures, f"{ours / theirs:.2f}"])
    head = [f"median of {visits:,}", "with ledger", "without", "difference", "ratio"]
    return report.table(head, rows)


def crowd(clerks: list[Sitting], rounds: int) -> str:
    """What forty clerks, the exports and the sealer had of one another."""
    seen = busy(clerks, rounds)
    gave_up = "".join(f"\n  {type(each).__name__}: {each}" for each in seen.troubles)
    return (
        f"{len(clerks)} clerks: {seen.presses:,} presses in {seen.seconds:.1f} s"
        f" ({seen.presses / seen.seconds:,.0f}/s), beside {seen.exports} exports,"
        f" {seen.sealed:,} rows sealed; longest wait for a lock that was seen"
        f" {seen.longest_wait:.1f} ms, sessions that waited over {LIMIT}: {len(seen.troubles)}"
        f"{gave_up}"
    )
