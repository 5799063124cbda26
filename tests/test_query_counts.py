"""Every page answers in a fixed number of queries, however much the database holds."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complaints import actions as complaints
from complaints.models import Matter
from hall.models import Counter, Notice, Offering, Service
from queueing import actions
from queueing.models import Ticket
from tests.cast import Cast, member
from tests.guides import publish

# A page's address, and how many queries it takes: raise one only knowing why.
PAGES = {
    "/": 4,
    "/kiosk/": 3,
    "/kiosk/nanshan/": 5,
    "/kiosk/nanshan/{category}/": 10,
    "/kiosk/nanshan/ticket/{waiting}/": 11,
    "/kiosk/nanshan/guides/": 4,
    "/kiosk/nanshan/guides/?category={category}": 5,
    "/kiosk/nanshan/guides/retire/": 5,
    "/guide/": 3,
    "/guide/?q=退休": 3,
    "/guide/?q=怎么办退休": 4,
    "/guide/retire/": 7,
    "/guide/retire/print/": 3,
    "/screens/": 2,
    "/t/{waiting}/": 12,
    "/t/{called}/": 12,
    "/t/{waiting}/print/": 11,
    "/board/": 3,
    "/board/nanshan/": 13,  # who was called and has not come yet: apart from the others, no limit
    "/board/nanshan/counters/3/": 6,
    "/pad/": 4,
    "/pad/nanshan/3/": 7,
    "/t/{waiting}/rate/": 3,
    "/box/": 3,
    "/box/nanshan/": 4,
    "/box/matter/{matter}/": 4,
    "/box/matter/{matter}/receipt/": 3,
    "/inquiry/": 2,
    "/counter/": 13,  # whether the voice has spoken the call
    "/counter/?panel=transfer": 13,
}


@pytest.fixture
def hall_at_work(cast: Cast) -> tuple[Cast, Ticket, Ticket]:
    """A clerk with a visitor at the counter, and one in line."""
    publish(cast.pension.service, "zh-hans", "en")
    called, waiting = cast.ticket(), cast.ticket()
    actions.call_next(sitting=cast.sit(), by=cast.clerk)
    return cast, called, waiting


def crowd(cast: Cast) -> None:
    """Many more of everything: lines, counters at work, services, notices, a past."""
    for number in range(20, 32):
        counter = Counter.objects.create(branch=cast.branch, number=number)
        counter.services.set([cast.pension.service, cast.medical.service])
        actions.sit_down(counter=counter, by=member(f"C{number}", "乙", cast.branch, "clerk"))
    for number in range(8):
        service = Service.objects.create(
            category=cast.pension.service.category, slug=f"s{number}", name_zh_hans="业务"
        )
        Offering.objects.create(branch=cast.branch, service=service, prefix="Q")
        publish(service, "zh-hans", "en")
        Notice.objects.create(branch=cast.branch, text_zh_hans="通知")
    for _ in range(30):
        cast.ticket()
        cast.ticket(cast.medical, now=timezone.now() - dt.timedelta(days=1))
    for matter in (*Matter.objects.all(), *(put_in(cast) for _ in range(20))):
        complaints.add_words(matter=matter, text="还有。")
    for seat in cast.branch.sittings.unended().exclude(member=cast.clerk)[:6]:
        actions.call_next(sitting=seat, by=seat.member)


def put_in(cast: Cast) -> Matter:
    """Somebody complains."""
    return complaints.receive(branch=cast.branch, kind="complaint", text="等了很久。")


def count(client: Client, address: str) -> int:
    """Queries of a second look at the page: the first fills what is kept in memory."""
    client.get(address)
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
    assert response.status_code == 200, address
    return len(queries)


def test_pages_take_a_fixed_number_of_queries(
    hall_at_work: tuple[Cast, Ticket, Ticket], client: Client
) -> None:
    cast, called, waiting = hall_at_work
    client.force_login(cast.clerk)
    names = {
        "category": cast.pension.service.category_id,
        "waiting": waiting.token,
        "called": called.token,
        "matter": put_in(cast).token,
    }
    few = {page: count(client, page.format(**names)) for page in PAGES}
    crowd(cast)
    many = {page: count(client, page.format(**names)) for page in PAGES}
    assert many == few, "a page asks more of a fuller database"
    assert few == PAGES
