"""What follows a visit, beside what it is compared with: a rating, a matter, the supervisor's page.

The hall is the demo with its history; in its main hall somebody sits at each of the 40 counters,
a full day lies behind them, and some wait. *Rate* is the form on the visitor's own page, each time
of another visit; *complaint* the form of the box; *supervisor* the page with all its panels.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import pickle
import uuid
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import cache
from multiprocessing import get_context
from typing import Final

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench import bare, load, pages, past, plain, report, server
from bench.pages import COOKIE, TOKEN, Request, require
from bench.plan import Plan, say
from bench.statements import Statement, Values, fresh_values, recorded, with_slots
from complaints.models import Matter, new_reference
from hall import calendar
from hall.models import Branch
from queueing import actions
from staff import access
from staff.models import Member

RATE, COMPLAINT, SUPERVISOR = "rate", "complaint", "supervisor"
CLIENTS: Final = (1, 8)
BRANCH: Final = "nanshan"
OF_TODAY: Final = 1200  # visits of all branches that are over today
IN_LINE: Final = 60  # people in the main hall who wait, or are being served
AT_COUNTERS: Final = 25
WARM, RECORDED = 1000, 1001  # visits that no round rates
# Far from each other and from every other id: a recorded value tells what it is.
FIRST_VISIT, FIRST_RATING, FIRST_MATTER = 10_000_000, 20_000_000, 30_000_000
EVERY_COUNTER: Final = 2**31 - 1
SESSION: Final = "benchsupervisor".ljust(32, "0")
TEXT: Final = "建议在取号机旁多放几把椅子，老人站着等很累。"

FROM_HERE: Final = (
    f"ALTER TABLE queueing_ticket ALTER id RESTART {FIRST_VISIT}",
    f"ALTER TABLE ratings_rating ALTER id RESTART {FIRST_RATING}",
    f"ALTER TABLE complaints_matter ALTER id RESTART {FIRST_MATTER}",
)
_TAKE_BACK: Final = (
    f"DELETE FROM ratings_rating WHERE id >= {FIRST_RATING}",
    f"DELETE FROM complaints_entry WHERE matter_id >= {FIRST_MATTER}",
    f"DELETE FROM complaints_matter WHERE id >= {FIRST_MATTER}",
)


def measure(plan: Plan) -> None:
    """Build the hall, measure, print."""
    build(plan.url)
    statements = record()
    file = plan.folder / "statements"
    file.write_bytes(pickle.dumps(statements))
    undo(plan.url)
    for name, each in statements.items():
        say(f"{name}: {len(each)} SQL statements a request, BEGIN and COMMIT among them")
    spawn, known = (
        get_context("spawn"),
        {
            bare.STATEMENTS: str(file),
            bare.VALUES: "bench.visits.values_of",
        },
    )
    with ExitStack() as stack:
        bench = pages.Bench(
            plan.url,
            hall=stack.enter_context(server.hall(plan.folder, **known)),
            bare=stack.enter_context(server.hall(plan.folder, **known, HALL_BENCH_BARE="1")),
            statements=statements,
            clients=stack.enter_context(ProcessPoolExecutor(1, spawn)),
            clerks=stack.enter_context(ProcessPoolExecutor(plain.PROCESSES, spawn)),
        )
        for name, request in REQUESTS.items():
            arms = bench.arms(request)
            found = {
                clients: pages.compare(
                    arms, clients, plan.presses // request.fewer, plan.rounds, undo
                )
                for clients in CLIENTS
            }
            say(report.rates(name, found))


def undo(url: str) -> int:
    """Take back what a round did; how many ratings and matters there were."""
    with psycopg.connect(url, autocommit=True) as connection:
        return take_back(connection)


def take_back(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Delete the ratings and matters that are new; how many there were."""
    ratings, _entries, matters = [connection.execute(each).rowcount for each in _TAKE_BACK]
    return ratings + matters


# --- the hall ---


def build(url: str) -> None:
    """The demo with its history, and a day in full swing."""
    call_command("migrate", verbosity=0)
    call_command("demo", stdout=io.StringIO())
    branch = Branch.objects.get(slug=BRANCH)
    run(url, *FROM_HERE)
    with psycopg.connect(url, autocommit=True) as connection:
        past.add_days(connection, (today(), today()), OF_TODAY, EVERY_COUNTER)
    work(branch)
    sign_in(access.with_role("supervisor").filter(branch=branch)[0])
    run(url, "VACUUM ANALYZE")


def run(url: str, *statements: str) -> None:
    """Say some statements, one by one."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def today() -> dt.date:
    """The main hall's day."""
    return calendar.local_day(Branch.objects.get(slug=BRANCH), timezone.now())


def work(branch: Branch) -> None:
    """Somebody at each counter; people in line; some of them are being served."""
    clerks = access.with_role("clerk").filter(branch=branch).order_by("staff_number")
    counters = branch.counters.select_related("branch").order_by("number")
    seats = [
        actions.sit_down(counter=counter, by=clerk)
        for counter, clerk in zip(counters, clerks, strict=True)
    ]
    offerings = list(branch.offerings.select_related("branch", "service").order_by("pk"))
    for visitor in range(IN_LINE):
        actions.issue(offering=offerings[visitor % len(offerings)])
    for seat in seats[:AT_COUNTERS]:
        ticket = actions.call_next(sitting=seat, by=seat.member)
        if ticket is not None:
            actions.start(ticket=ticket, by=seat.member)


def sign_in(member: Member) -> None:
    """A session in which the member is signed in."""
    signed_in = {
        SESSION_KEY: str(member.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[-1],
        HASH_SESSION_KEY: member.get_session_auth_hash(),
    }
    Session.objects.create(
        session_key=SESSION,
        session_data=SessionStore().encode(signed_in),
        expire_date=timezone.now() + dt.timedelta(hours=12),
    )


# --- the requests ---


def token_of(day: dt.date, visit: int) -> str:
    """The token of one of today's visits (``bench.past``)."""
    return hashlib.md5(f"{day}/{visit}".encode()).hexdigest()[:22]


def of_rate(count: int) -> list[bytes]:
    """A visitor's *satisfied*, each of another visit."""
    day, form = today(), TOKEN | {"grade": "satisfied"}
    paths = [reverse("ratings:phone_rate", args=[token_of(day, each)]) for each in range(count)]
    return [load.request(path, form, COOKIE) for path in paths]


def of_complaint(count: int) -> list[bytes]:
    """A suggestion without a name, each time by another visitor."""
    path = reverse("complaints:box_form", args=[BRANCH])
    return [load.request(path, TOKEN | box_form(), COOKIE) for _visitor in range(count)]


def box_form() -> dict[str, object]:
    """What the form of the box says."""
    return {"form_id": uuid.uuid4(), "kind": "suggestion", "text": TEXT}


def of_supervisor(count: int) -> list[bytes]:
    """The supervisor's page, signed in."""
    path = reverse("staff:supervise", args=[BRANCH])
    return [load.request(path, cookies=COOKIE | {"sessionid": SESSION})] * count


@cache
def day_of_measurement() -> dt.date:
    """Today, looked up once."""
    return today()


def values_of(person: int) -> Values:
    """The values of a request of this person."""
    return fresh_values(
        ticket=FIRST_VISIT + person,
        visit_token=token_of(day_of_measurement(), person),
        reference=new_reference(),
    )


REQUESTS: Final = {
    RATE: Request(RATE, of_rate, 303, values_of),
    COMPLAINT: Request(COMPLAINT, of_complaint, 303, values_of),
    SUPERVISOR: Request(SUPERVISOR, of_supervisor, 200, values_of, changes=False, fewer=10),
}


# --- what they say ---


def record() -> dict[str, list[Statement]]:
    """The statements of all three; each is asked twice, as the first request fills caches."""
    recorded_rate(WARM), recorded_complaint(), recorded_page()
    return {
        RATE: recorded_rate(RECORDED),
        COMPLAINT: recorded_complaint(),
        SUPERVISOR: recorded_page(),
    }


def recorded_rate(visit: int) -> list[Statement]:
    """What the hall tells its database to take a rating."""
    token, now = token_of(today(), visit), dt.datetime.now(dt.UTC)
    with recorded() as recorder:
        path = reverse("ratings:phone_rate", args=[token])
        answer = Client(SERVER_NAME="localhost").post(path, {"grade": "satisfied"})
    require(answer, 303)
    known = {FIRST_VISIT + visit: "ticket", token: "visit_token"}
    return with_slots(recorder.statements, known, now)


def recorded_complaint() -> list[Statement]:
    """What the hall tells its database to take a matter."""
    now = dt.datetime.now(dt.UTC)
    with recorded() as recorder:
        path = reverse("complaints:box_form", args=[BRANCH])
        answer = Client(SERVER_NAME="localhost").post(path, box_form())
    require(answer, 303)
    matter = Matter.objects.latest("pk")
    known = {matter.pk: "matter", matter.token: "token", matter.reference: "reference"}
    return with_slots(recorder.statements, known | {matter.request_id: "request"}, now)


def recorded_page() -> list[Statement]:
    """What the hall asks its database for the supervisor's page."""
    client, now = Client(SERVER_NAME="localhost"), dt.datetime.now(dt.UTC)
    client.cookies["sessionid"] = SESSION
    with recorded() as recorder:
        answer = client.get(reverse("staff:supervise", args=[BRANCH]))
    require(answer, 200)
    return with_slots(recorder.statements, {}, now)
