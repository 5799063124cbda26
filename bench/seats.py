"""Many clerks at counters of their own, signed in, and a line for them to call.

A round of measurements lets each of them press *next* once; then the line is put back as it was.
Ids and session keys follow from the clerk's number, so that every process knows them.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from bench.statements import Values, fresh_values
from hall.models import Branch, Counter, Offering
from queueing import actions
from queueing.models import Sitting
from staff.models import Grant, Member, Role

SEATS = 240
IN_LINE = 400
BRANCH = "nanshan"
# Far from each other and from every other id: a recorded value tells what it is.
FIRST_COUNTER, FIRST_MEMBER, FIRST_SITTING = 7_000_000, 8_000_000, 9_000_000
FIRST_ISSUED = 10_000_000  # the tickets that are issued while it is measured

_CALL_BACK = """
WITH back AS (
    UPDATE queueing_ticket
    SET state = 'waiting', state_since = issued_at, counter_id = NULL, member_id = NULL,
        first_called_at = NULL, last_called_at = NULL, call_count = 0
    WHERE counter_id >= %s AND state = 'called' RETURNING id
)
DELETE FROM queueing_step USING back WHERE ticket_id = back.id AND move = 'call'
"""


def session_key(seat: int) -> str:
    """The session in which the clerk of this seat is signed in."""
    return f"bench{seat:027d}"


def values_of(seat: int) -> Values:
    """The values of a new request of this clerk."""
    return fresh_values(
        counter=FIRST_COUNTER + seat,
        member=FIRST_MEMBER + seat,
        sitting=FIRST_SITTING + seat,
        session=session_key(seat),
    )


def take_seats() -> None:
    """Add the counters, as the branch has them already, and a signed-in clerk at each."""
    branch = Branch.objects.get(slug=BRANCH)
    models = list(branch.counters.prefetch_related("services"))
    pairs = list(zip(range(SEATS), itertools.cycle(models), strict=False))
    Counter.objects.bulk_create(_counter(seat, model) for seat, model in pairs)
    Counter.services.through.objects.bulk_create(
        Counter.services.through(counter_id=FIRST_COUNTER + seat, service=service)
        for seat, model in pairs
        for service in model.services.all()
    )
    members = Member.objects.bulk_create(_members(branch))
    now, clerk = timezone.now(), Role.objects.get(slug="clerk")
    Grant.objects.bulk_create(
        Grant(member=each, role=clerk, branch=branch, starts_at=now, made_at=now, reason="bench")
        for each in members
    )
    Sitting.objects.bulk_create(_sittings(branch))
    Session.objects.bulk_create(_session(seat, member) for seat, member in enumerate(members))


def _counter(seat: int, model: Counter) -> Counter:
    return Counter(
        pk=FIRST_COUNTER + seat,
        branch_id=model.branch_id,
        number=1000 + seat,
        zone_id=model.zone_id,
        department_id=model.department_id,
    )


def _members(branch: Branch) -> Iterator[Member]:
    password = make_password(None)
    for seat in range(SEATS):
        yield Member(
            pk=FIRST_MEMBER + seat,
            staff_number=f"Z{seat:05d}",
            name_zh_hans=f"职员{seat}",
            branch=branch,
            password=password,
        )


def _sittings(branch: Branch) -> Iterator[Sitting]:
    now = timezone.now()
    for seat in range(SEATS):
        yield Sitting(
            pk=FIRST_SITTING + seat,
            branch=branch,
            counter_id=FIRST_COUNTER + seat,
            member_id=FIRST_MEMBER + seat,
            started_at=now,
        )


def _session(seat: int, member: Member) -> Session:
    signed_in = {
        SESSION_KEY: str(member.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[-1],
        HASH_SESSION_KEY: member.get_session_auth_hash(),
    }
    return Session(
        session_key=session_key(seat),
        session_data=SessionStore().encode(signed_in),
        expire_date=timezone.now() + dt.timedelta(hours=12),
    )


def stand_in_line() -> None:
    """Have visitors take tickets: at least one for each clerk's counter, and half as many again."""
    offerings = {each.service_id: each for each in _offerings()}
    skills = [
        [service.pk for service in counter.services.all()]
        for counter in Counter.objects.filter(pk__gte=FIRST_COUNTER).prefetch_related("services")
    ]
    for visitor in range(IN_LINE):
        able = skills[visitor % len(skills)]
        actions.issue(offering=offerings[able[7 * visitor % len(able)]])


def _offerings() -> list[Offering]:
    found = Offering.objects.filter(branch__slug=BRANCH)
    return list(found.select_related("branch", "service").order_by("pk"))


def offering() -> Offering:
    """The service for which the kiosk is asked."""
    return _offerings()[0]


def call_back(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Put everybody who was called back into line; how many there were."""
    return connection.execute(_CALL_BACK, [FIRST_COUNTER]).rowcount


def number_from_here(url: str) -> None:
    """Let the ids of tickets from now on tell that they are new."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER TABLE queueing_ticket ALTER id RESTART {FIRST_ISSUED}")
