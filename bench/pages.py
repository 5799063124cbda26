"""*Issue* and *call next* over HTTP, beside what they are compared with.

A round presses the button 240 times (one client: 120): *issue* for one service, all clients on
it; *call next* by 240 clerks, each at a free counter. Between rounds, off the clock, what the
round did is taken back, and it is checked that it was done. Rounds of everything that is compared
take turns, so that a slow minute of the machine meets them all.
"""

from __future__ import annotations

import datetime as dt
import secrets
import statistics
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import psycopg
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from bench import load, plain, seats, server
from bench.statements import Statement, Values, recorded, with_slots
from queueing.models import State, Ticket

ISSUE, NEXT = "issue", "next"
CSRF = secrets.token_hex(16)

_TAKE_BACK = """
WITH gone AS (SELECT id FROM queueing_ticket WHERE id >= %(first)s),
     steps AS (DELETE FROM queueing_step USING gone WHERE ticket_id = gone.id)
DELETE FROM queueing_ticket USING gone WHERE queueing_ticket.id = gone.id
"""

_CHANGED = "{name}: {count} presses, but {done} rows were changed"

# So many clients, so many presses: the seconds that passed, and those of the server's processor.
Press = Callable[[int, int], tuple[float, float]]


@dataclass
class Tally:
    """What was counted in some rounds of equal size."""

    count: int = 0
    seconds: list[float] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second, in the median round."""
        return self.count / len(self.seconds) / statistics.median(self.seconds)

    @property
    def cpu_each(self) -> float:
        """Milliseconds of the server's processor time for a request."""
        return 1000 * self.cpu / self.count


@dataclass(frozen=True)
class Arm:
    """One of the things that are compared."""

    press: Press
    url: str  # of the database that it changes
    changes: bool = True


@dataclass(frozen=True)
class Request:
    """A request that is measured: its bytes for so many people, its status, what it changes.

    ``values`` are those of one person's request, for its statements. ``fewer``: a page that takes
    long is asked for so many times less often in a round.
    """

    name: str
    bytes_of: Callable[[int], list[bytes]]
    status: int
    values: Callable[[int], Values]
    changes: bool = True
    fewer: int = 1


@dataclass
class Bench:
    """The servers and processes that measure, and what the requests were found to say."""

    url: str
    hall: server.Process
    bare: server.Process
    statements: Mapping[str, list[Statement]]
    clients: ProcessPoolExecutor
    clerks: ProcessPoolExecutor
    generator: Tally = field(default_factory=Tally)

    def over_http(
        self, process: server.Process, requests: Callable[[int], list[bytes]], status: int
    ) -> Press:
        """Presses by the generator of load; every answer must have the status."""

        def press(clients: int, count: int) -> tuple[float, float]:
            round_of, cpu = requests(count), process.cpu()
            shot = self.clients.submit(load.fire, process.port, round_of, clients).result()
            if set(shot.statuses) != {status}:
                raise RuntimeError(f"not {status}: {dict(shot.statuses)}")
            self.generator.count += shot.count
            self.generator.cpu += shot.own_cpu
            return shot.seconds, process.cpu() - cpu

        return press

    def in_sql(self, request: Request, url: str) -> Press:
        """The recorded statements, in plain SQL."""
        statements = self.statements[request.name]

        def press(clients: int, count: int) -> tuple[float, float]:
            requests = [request.values(person) for person in range(count)]
            return plain.fire(self.clerks, url, statements, requests, clients), 0.0

        return press

    def arms(self, request: Request) -> dict[str, Arm]:
        """Everything that a request is compared with."""
        same, here, changes = of_same(request.name), self.url, request.changes
        hall = self.over_http(self.hall, request.bytes_of, request.status)
        return {
            "hall": Arm(hall, here, changes),
            "empty page": Arm(self.over_http(self.hall, of_empty_page, 200), here, changes=False),
            "same SQL": Arm(self.over_http(self.hall, same, 200), here, changes),
            "same SQL, no middleware": Arm(self.over_http(self.bare, same, 200), here, changes),
            "plain SQL": Arm(self.in_sql(request, here), here, changes),
        }

    def arms_without_past(
        self, request: Request, first_day: server.Process, url: str
    ) -> dict[str, Arm]:
        """The same request to a hall on its first day."""
        return {
            "hall, no past": Arm(self.over_http(first_day, request.bytes_of, request.status), url),
            "plain SQL, no past": Arm(self.in_sql(request, url), url),
        }


def compare(
    arms: Mapping[str, Arm],
    clients: int,
    presses: int,
    rounds: int,
    undo: Callable[[str], int],
) -> dict[str, Tally]:
    """Rounds of every arm in turn, the first not counted, in another order each time.

    ``undo`` takes back at a database what a round did, and tells how many rows that were.
    """
    tallies, names = {name: Tally() for name in arms}, list(arms)
    count = presses if clients > 1 else presses // 2
    for turn in range(rounds + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            seconds, cpu = arms[name].press(clients, count)
            done = undo(arms[name].url)
            if done != count * arms[name].changes:
                raise RuntimeError(_CHANGED.format(name=name, count=count, done=done))
            if turn:
                tallies[name].count += count
                tallies[name].seconds.append(seconds)
                tallies[name].cpu += cpu
    return tallies


def undo(url: str) -> int:
    """Take back what a round did at a database; the number of tickets that it had changed."""
    with psycopg.connect(url, autocommit=True) as connection:
        issued = connection.execute(_TAKE_BACK, {"first": seats.FIRST_ISSUED}).rowcount
        return issued + seats.call_back(connection)


# --- the requests ---


def of_empty_page(count: int) -> list[bytes]:
    """GET, by nobody in particular: a session would be looked up."""
    return [load.request("/bench/empty/")] * count


def of_issue(count: int) -> list[bytes]:
    """The kiosk's form, each time by another visitor."""
    path, offering = reverse("queueing:kiosk_take", args=[seats.BRANCH]), seats.offering().pk
    return [load.request(path, TOKEN | take_form(offering), COOKIE) for _visitor in range(count)]


def take_form(offering: int) -> dict[str, object]:
    """What the kiosk's form says."""
    return {"offering": offering, "request_id": uuid.uuid4(), "lane": "ordinary"}


def of_next(count: int) -> list[bytes]:
    """A clerk presses *call next*, as htmx sends it; each by another clerk."""
    path = reverse("queueing:call_next")
    cookies = [COOKIE | {"sessionid": seats.session_key(seat)} for seat in range(count)]
    return [load.request(path, TOKEN, each, {"HX-Request": "true"}) for each in cookies]


def of_same(name: str) -> Callable[[int], list[bytes]]:
    """A form for the view that says the same statements; no session, as they look it up."""
    return lambda count: [
        load.request(f"/bench/same/{name}/{seat}/", TOKEN, COOKIE) for seat in range(count)
    ]


TOKEN: dict[str, object] = {"csrfmiddlewaretoken": CSRF}
COOKIE = {"csrftoken": CSRF}
REQUESTS = {
    ISSUE: Request(ISSUE, of_issue, 303, seats.values_of),
    NEXT: Request(NEXT, of_next, 200, seats.values_of),
}


# --- what they say ---


def record() -> dict[str, list[Statement]]:
    """The statements of both buttons; each is pressed twice, as the first press fills caches."""
    recorded_issue(), recorded_next(1)
    return {ISSUE: recorded_issue(), NEXT: recorded_next(0)}


def recorded_issue() -> list[Statement]:
    """What the hall tells its database to issue a ticket."""
    form, now = take_form(seats.offering().pk), dt.datetime.now(dt.UTC)
    with recorded() as recorder:
        answer = Client(SERVER_NAME="localhost").post(
            reverse("queueing:kiosk_take", args=[seats.BRANCH]), form
        )
    require(answer, 303)
    ticket = Ticket.objects.latest("pk")
    known = {form["request_id"]: "request", ticket.token: "token", ticket.pk: "ticket"}
    return with_slots(recorder.statements, known, now)


def recorded_next(seat: int) -> list[Statement]:
    """What the hall tells its database to call the next visitor."""
    client = Client(SERVER_NAME="localhost", headers={"HX-Request": "true"})
    client.cookies["sessionid"] = seats.session_key(seat)
    now = dt.datetime.now(dt.UTC)
    with recorded() as recorder:
        answer = client.post(reverse("queueing:call_next"))
    require(answer, 200)
    ticket = Ticket.objects.get(counter=seats.FIRST_COUNTER + seat, state=State.CALLED)
    values = seats.values_of(seat) | {"token": ticket.token, "ticket": ticket.pk}
    known = {value: name for name, value in values.items() if isinstance(value, int | str)}
    return with_slots(recorder.statements, known, now)


def require(answer: HttpResponseBase, status: int) -> None:
    """What is measured must be what happens."""
    if answer.status_code != status:
        raise RuntimeError(f"{answer.status_code} instead of {status}")
