"""After the day: it is closed, and the log is compared with what the software says."""

from __future__ import annotations

import datetime as dt
import json
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from demo.visitors.kiosk import Phone
from demo.visitors.place import MAIN_HALL
from tests.acceptance.own_log import ABANDONED, Figures, OwnClock, Visitor, both
from tests.acceptance.play import KIOSKS, Play
from tests.acceptance.private import Broken, run

ZONE: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Office:
    """The back office: management commands in the server's environment."""

    env: Mapping[str, str]

    def manage(self, *words: str) -> str:
        """Run a management command; its output."""
        return run([sys.executable, "manage.py", *words], self.env)

    def figures(self, day: dt.date) -> Figures:
        """The day as the software sees it."""
        told = self.manage("day_figures", MAIN_HALL, str(day), "--json")
        return Figures.told_by_software(json.loads(told))

    def audit(self, day: dt.date) -> dict[str, Any]:
        """What the time lines say (see tests/acceptance/audit.py)."""
        told = run([sys.executable, "-m", "tests.acceptance.audit", MAIN_HALL, str(day)], self.env)
        answer: dict[str, Any] = json.loads(told)
        return answer


def close(play: Play, office: Office) -> dt.date:
    """Close the day; who still waits has left. Answers with the day."""
    taken = [each.taken for each in play.log.visitors if each.taken]
    days = {each.issued_at.astimezone(ZONE).date() for each in taken}
    if len(days) != 1:
        raise Broken("Midnight came in between, so that the visitors have two days.")
    (day,) = days
    print(office.manage("close_day", MAIN_HALL, "--day", str(day), "--today").strip())
    for visitor in play.log.visitors:
        if not visitor.outcome:
            play.log.ended(visitor, ABANDONED)
    return day


def ask_phones(play: Play) -> list[str]:
    """Look at every visitor's page; the lines that tell of another outcome than the log's."""
    mine = threading.local()

    def ask(visitor: Visitor) -> str:
        if not hasattr(mine, "browser"):
            mine.browser = play.browser()
        assert visitor.taken is not None
        state = Phone(mine.browser, visitor.taken.token).look()["data-state"]
        right = state == visitor.outcome
        return "" if right else f"{visitor.taken.code}: {visitor.outcome}, the phone says {state}"

    with ThreadPoolExecutor(KIOSKS) as pool:
        return list(filter(None, pool.map(ask, play.log.visitors)))


def verdict(play: Play, office: Office) -> list[str]:
    """Close the day and compare; prints the tables, answers with a line for every fault."""
    day = close(play, office)
    mine, theirs = play.log.figures(), office.figures(day)
    different = mine.differences(theirs)
    show_figures(mine, theirs, play.clock.speed)
    faults = [f"{name} differ" for name in different]
    faults += [f"visitor {v.row.number} has no ticket" for v in play.log.visitors if not v.taken]
    faults += play.log.surprises + ask_phones(play) + own_clock(play)
    return faults + compare_audit(play, office.audit(day))


def compare_audit(play: Play, audit: Mapping[str, Any]) -> list[str]:
    """Every ticket that the log knows exists with its outcome, and no other does."""
    mine = {token: visitor.outcome for token, visitor in play.log.by_token.items()}
    theirs: dict[str, str] = audit["tickets"]
    lost = mine.keys() - theirs.keys()
    unknown = theirs.keys() - mine.keys()
    other = [token for token in mine.keys() & theirs.keys() if mine[token] != theirs[token]]
    print(
        f"time lines      {len(theirs)} tickets: {len(lost)} lost, {len(unknown)} unknown to the "
        f"log, {len(other)} with another outcome, {len(audit['faults'])} faults"
    )
    named = {"lost": lost, "unknown": unknown, "with another outcome": other}
    faults: list[str] = audit["faults"]
    return faults + [f"{len(each)} tickets {how}" for how, each in named.items() if each]


def own_clock(play: Play) -> list[str]:
    """Compare what was told with our own clock."""
    faults = []
    for name, first, last in (("waits", "issued", "called"), ("services", "started", "finished")):
        found = OwnClock.of(both(play.log.visitors, first, last))
        print(
            f"own clock       {found.count} {name}: {found.wrong} outside what the requests allow; "
            f"differs by {found.median_difference * 1000:.1f} ms in the median, "
            f"longest request {found.longest_span:.3f} s"
        )
        faults += [f"{found.wrong} {name} do not fit the own clock"] if found.wrong else []
    return faults


def show_figures(mine: Figures, theirs: Figures, speed: float) -> None:
    """Print both side by side; lengths also as minutes of the replayed day."""
    print(f"\n{'':<22}{'own log':>16}{'Hall':>16}  of the day")
    left, right = mine.as_table(), theirs.as_table()
    for name in dict.fromkeys([*left, *right]):
        values = [in_seconds(name, table.get(name, 0)) for table in (left, right)]
        sign = "" if left.get(name, 0) == right.get(name, 0) else "  DIFFERENT"
        print(
            f"{name:<22}{values[0]:>16}{values[1]:>16}  {of_day(name, left.get(name), speed)}{sign}"
        )
    print()


def in_seconds(name: str, value: int | None) -> str:
    """A count as it is, a length in seconds."""
    if value is None:
        return "–"
    return f"{value / 1e6:.6f} s" if name.endswith("_us") else str(value)


def of_day(name: str, value: int | None, speed: float) -> str:
    """A length in seconds of the replayed day."""
    return f"{value / 1e6 * speed:8.1f} s" if value is not None and name.endswith("_us") else ""
