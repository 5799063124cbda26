"""Who may open what: every address of the hall against every role; a new address must be added."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from complaints import actions as complaints
from queueing.models import Ticket
from ratings import actions as ratings
from tests.cast import Cast
from tests.guides import publish
from tests.months import last_month

pytestmark = pytest.mark.once  # the database makes no difference

ROLES = ("nobody", "clerk", "guide", "handler", "supervisor", "administrator", "stranger")
PUBLIC = dict.fromkeys(ROLES, 200)
POST_ONLY = dict.fromkeys(ROLES, 405)
REDIRECTS = dict.fromkeys(ROLES, 302)
AT_COUNTERS = {
    "nobody": 302,
    "clerk": 200,
    "guide": 403,
    "handler": 403,
    "supervisor": 200,
    "administrator": 403,
    "stranger": 200,
}
WATCHED = dict.fromkeys(ROLES, 403) | {"nobody": 302, "supervisor": 200, "administrator": 200}
HANDLED = dict.fromkeys(ROLES, 403) | {"nobody": 302, "handler": 200, "supervisor": 200}
ADMIN = dict.fromkeys(ROLES, 302) | {"administrator": 200, "supervisor": 200}
# What a GET of each address answers, by role; "method" is what must answer 405 to a GET.
TABLE: dict[str, dict[str, int]] = {
    "hall:start": PUBLIC,
    "hall:language": POST_ONLY,
    "hall:guides": PUBLIC,
    "hall:guide": PUBLIC,
    "hall:guide_paper": PUBLIC,
    "hall:guide_qr": PUBLIC,
    "hall:device_pair": PUBLIC,
    "hall:device_state": PUBLIC,
    "staff:sign_in": REDIRECTS | {"nobody": 200},
    "staff:sign_out": POST_ONLY,
    "staff:trial_sign_in": POST_ONLY,
    "queueing:kiosk_index": PUBLIC,
    "queueing:kiosk": PUBLIC,
    "queueing:kiosk_restart": REDIRECTS,
    "queueing:kiosk_help": PUBLIC,
    "queueing:kiosk_services": PUBLIC,
    "queueing:kiosk_take": REDIRECTS,
    "queueing:kiosk_mode": POST_ONLY,
    "queueing:kiosk_documents": PUBLIC,
    "queueing:kiosk_taken": PUBLIC,
    "queueing:kiosk_guides": PUBLIC,
    "queueing:kiosk_guide": PUBLIC,
    "queueing:ticket": PUBLIC,
    "queueing:ticket_paper": PUBLIC,
    "queueing:ticket_qr": PUBLIC,
    "queueing:ticket_cancel": PUBLIC,
    "queueing:counter": AT_COUNTERS,
    "queueing:sit": AT_COUNTERS | {"clerk": 302, "supervisor": 302, "stranger": 404},
    "queueing:leave": AT_COUNTERS | {"clerk": 302, "supervisor": 302, "stranger": 302},
    "queueing:call_next": POST_ONLY,
    "queueing:act": POST_ONLY,
    "queueing:board_index": PUBLIC,
    "queueing:board": PUBLIC,
    "queueing:display": PUBLIC,
    "queueing:tickets": WATCHED,
    "queueing:ticket_rows": WATCHED,
    "staff:supervisor": WATCHED | {"supervisor": 302},
    "staff:supervise": WATCHED,
    "staff:panel": WATCHED,
    "staff:roster": WATCHED,
    "staff:devices": WATCHED,
    "staff:device_revoke": POST_ONLY,
    "staff:outbox": WATCHED,
    "staff:parcel_settle": POST_ONLY,
    "complaints:box": PUBLIC,
    "complaints:box_form": PUBLIC,
    "complaints:matter": PUBLIC,
    "complaints:receipt": PUBLIC,
    "complaints:matter_qr": PUBLIC,
    "complaints:inquiry": PUBLIC,
    "complaints:desk": HANDLED,
    "complaints:handle": HANDLED,
    "complaints:act": POST_ONLY,
    "complaints:rows": WATCHED | {"handler": 200, "administrator": 403},
    "ratings:rows": WATCHED,
    "ratings:summaries": WATCHED,
    "ratings:summary": WATCHED,
    "ratings:summary_xlsx": WATCHED,
    "ratings:summary_csv": WATCHED,
    "ratings:pad_index": PUBLIC,
    "ratings:pad": PUBLIC,
    "ratings:pad_rate": POST_ONLY,
    "ratings:pad_reasons": dict.fromkeys(ROLES, 303),
    "ratings:phone_rate": PUBLIC,
    "ratings:phone_reasons": dict.fromkeys(ROLES, 303),
    "portrait": dict.fromkeys(ROLES, 404),
    "voice_clip": PUBLIC,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "metrics": PUBLIC,
}


def names(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    """Every named address of the hall, but for the administration's own."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield space + (pattern.name or "")
        elif pattern.namespace != "admin":
            yield from names(
                pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space
            )


def address(name: str, cast: Cast, ticket: Ticket) -> str:
    """The address of this name, in the hall of the tests."""
    known: dict[str, object] = {
        "branch": cast.branch.slug,
        "category": cast.pension.service.category_id,
        "token": ticket.token,
        "ticket": ticket.pk,
        "move": "start",
        "number": 3,
        "role": "clerk",
        "language": "en",
        "name": "go-to-counter",
        "offering": cast.pension.pk,
        "panel": "floor",
        "month": last_month(),
        "slug": cast.pension.service.slug,
        "pk": 1,
    }
    if name.startswith("complaints:"):
        matter = complaints.receive(
            branch=cast.branch, kind="help", text="?", request_id=uuid.UUID(int=1)
        )
        known |= {"token": matter.token, "pk": matter.pk}
    pattern = get_resolver()
    for part in name.split(":")[:-1]:
        pattern = pattern.namespace_dict[part][1]
    wanted = {
        arg
        for route, *_ in pattern.reverse_dict.getlist(name.split(":")[-1])
        for _, args in route
        for arg in args
    }
    values = {arg: known[arg] for arg in wanted}
    query = f"?counter={cast.counters[4].pk}" if name == "queueing:sit" else ""
    return (reverse(name, kwargs=values) if values else reverse(name)) + query


def test_the_table_names_every_address() -> None:
    assert set(names(get_resolver().url_patterns)) == set(TABLE)


@pytest.mark.parametrize("role", ROLES)
def test_each_address_answers_each_role_as_the_table_says(
    cast: Cast, client: Client, role: str
) -> None:
    ticket = cast.ticket()
    publish(cast.pension.service, "zh-hans")
    ratings.summarise(branch=cast.branch, month=last_month())
    seen = {}
    for name in TABLE:
        client.logout()
        if role != "nobody":
            client.force_login(getattr(cast, role))
        seen[name] = client.get(address(name, cast, ticket)).status_code
    assert seen == {name: row[role] for name, row in TABLE.items()}


@pytest.mark.parametrize("role", ROLES)
def test_the_administration_is_for_those_whose_role_opens_it(
    cast: Cast, client: Client, role: str
) -> None:
    if role != "nobody":
        client.force_login(getattr(cast, role))
    assert client.get("/admin/").status_code == ADMIN[role]


def test_the_staff_of_another_branch_cannot_touch_a_ticket(cast: Cast, client: Client) -> None:
    ticket = cast.ticket()
    client.force_login(cast.stranger)
    client.post("/counter/sit/", {"counter": cast.other_counter.pk})
    for move in ("start", "finish", "recall", "no-show", "call"):
        assert client.post(f"/counter/{ticket.pk}/{move}/").status_code in (200, 302, 404, 409)
    ticket.refresh_from_db()
    assert ticket.state == "waiting"
