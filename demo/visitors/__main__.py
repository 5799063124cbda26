"""Visitors and staff who keep the demo hall busy: `make run VISITORS=1`.

Visitors take tickets, are served, rate, and now and then write to the box; clerks serve them; a
handler answers some of what they wrote.

They come in over HTTP like anybody else: HALL_URL is the hall, HALL_DEMO_PASSWORD opens the
demo's members. Some counters, and the clerk of the trial's one-click sign-in, are left to
whoever looks at the hall. They go on until SIGTERM, also when the hall is away meanwhile.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections import Counter as Tally
from collections.abc import Callable
from itertools import chain
from typing import Final

from demo.visitors.clerk import Clerk
from demo.visitors.crowd import teams_of
from demo.visitors.door import Door
from demo.visitors.office import Handler
from demo.visitors.person import Over, TurnedAway
from demo.visitors.place import MAIN_HALL, branches, clerks, handlers, windows
from demo.visitors.shared import Hall, due

FREE_COUNTERS: Final = {MAIN_HALL: {1, 14, 25, 33}}
FREE_AT_STATIONS: Final = {2, 4, 6}
FREE_CLERKS: Final = {"N1001", "N1014", "N1025", "N1033", "N2001", "N3001", "N4001"}
KIOSKS: Final = {MAIN_HALL: 2}


def use_phones(hall: Hall) -> None:
    """Do on the phone what is due: those who lose patience, who rate, who write to the box."""
    browser = hall.browser()
    while True:
        errand = due(hall.errands)
        if errand:
            errand(browser)
        browser.pause(0 if errand else 2)


def for_ever(hall: Hall, task: Callable[[], None]) -> None:
    """Do something again and again, whatever goes wrong, until the day is over."""
    while not hall.over.is_set():
        try:
            task()
        except Over:
            return
        except TurnedAway as refused:
            say(f"The hall refused {refused}.")
            hall.over.wait(600)
        except Exception as error:
            say(f"{type(error).__name__} in {task.__qualname__}: {error}")
            hall.over.wait(random.uniform(10, 20))


def crowd_of(hall: Hall) -> list[Callable[[], None]]:
    """Everybody's task, the main hall's first: people at the doors, clerks, people with phones."""
    office = [Handler(hall.browser(), each, hall.password).work for each in handlers()]
    people = chain(*(people_of(hall, branch) for branch in branches()))
    return [*people, lambda: use_phones(hall), *office]


def people_of(hall: Hall, branch: str) -> list[Callable[[], None]]:
    """Who comes to a branch: to its doors, and to its counters in any order."""
    free = FREE_COUNTERS.get(branch, FREE_AT_STATIONS)
    manned = [window for window in windows(branch) if window.number not in free]
    teams = teams_of(manned)
    at_work = [member for member in clerks(branch) if member not in FREE_CLERKS]
    staff = [
        Clerk(hall, branch, member, window, teams[window.services]).work
        for member, window in zip(at_work, manned, strict=False)
    ]
    random.shuffle(staff)
    kiosks = KIOSKS.get(branch, 1)
    doors = [Door(hall, branch, list(teams.values()), 1 / kiosks).open for _kiosk in range(kiosks)]
    return [*doors, *staff]


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def main() -> int:
    """Run until somebody ends it."""
    hall = Hall(os.environ.get("HALL_URL", ""), os.environ.get("HALL_DEMO_PASSWORD", ""))
    if not hall.url or not hall.password:
        print(
            "HALL_URL and HALL_DEMO_PASSWORD say where to go and how to sign in.", file=sys.stderr
        )
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: hall.over.set())
    for task in crowd_of(hall):
        threading.Thread(target=for_ever, args=(hall, task), daemon=True).start()
    while not hall.over.wait(60):
        for fault, count in Tally(hall.faults).items():
            say(f"{count} × {fault}")
        hall.faults.clear()
    return 0


if __name__ == "__main__":
    sys.exit(main())
