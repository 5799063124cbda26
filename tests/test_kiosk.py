"""A visitor takes a ticket at the kiosk: plain pages, links and forms."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hall.live import Key
from hall.models import Category, Offering, Service, ServiceGuide
from queueing import actions
from queueing.models import Lane, Ticket
from queueing.opening import OUTSIDE_HOURS
from queueing.streams import Kiosk
from tests.cast import Cast, rule

pytestmark = pytest.mark.django_db
HOME = "/kiosk/nanshan/"
TAKE = "/kiosk/nanshan/take/"
ENGLISH = {"django_language": "en"}


@pytest.fixture
def hall(cast: Cast) -> Cast:
    return cast


@pytest.fixture
def visitor() -> Client:
    """A kiosk that speaks English."""
    client = Client()
    client.cookies.load(ENGLISH)
    return client


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def services_of(hall: Cast) -> str:
    return f"{HOME}{hall.pension.service.category_id}/"


def wanted(service: Offering, **fields: object) -> dict[str, object]:
    return {"offering": service.pk, "request_id": uuid.uuid4(), "lane": "ordinary"} | fields


def queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


# --- step 1 ---


def test_the_first_step_asks_for_a_category(hall: Cast, visitor: Client) -> None:
    text = page(visitor, HOME)
    assert "What did you come for?" in text
    assert "Pension" in text
    assert "Medical" in text


def test_a_category_without_an_open_service_is_left_out(hall: Cast, visitor: Client) -> None:
    Offering.objects.filter(pk=hall.medical.pk).update(is_open=False)
    text = page(visitor, HOME)
    assert "Pension" in text
    assert "Medical" not in text


def test_a_branch_that_offers_nothing_says_so(hall: Cast, visitor: Client) -> None:
    hall.branch.offerings.all().delete()
    text = page(visitor, HOME)
    assert "No tickets here at the moment" in text
    assert "ground floor, right of the door" in text


def test_a_closed_hall_says_so_with_its_hours(
    hall: Cast, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(hall.branch, OUTSIDE_HOURS, False)
    monday_evening = dt.datetime(2026, 3, 2, 20, tzinfo=hall.branch.zone_info)
    monkeypatch.setattr("queueing.views.kiosk.timezone.now", lambda: monday_evening)
    text = page(visitor, HOME)
    assert "The hall is closed now" in text
    assert "09:00–18:00" in text


def test_a_closed_hall_without_hours_today(
    hall: Cast, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(hall.branch, OUTSIDE_HOURS, False)
    sunday = dt.datetime(2026, 3, 1, 11, tzinfo=hall.branch.zone_info)
    monkeypatch.setattr("queueing.views.kiosk.timezone.now", lambda: sunday)
    assert "No tickets are given today." in page(visitor, HOME)


def test_a_branch_closed_to_the_public_gives_no_tickets(hall: Cast, visitor: Client) -> None:
    hall.branch.is_active = False
    hall.branch.save()
    assert "The hall is closed now" in page(visitor, HOME)
    assert visitor.post(TAKE, wanted(hall.pension)).status_code == 409


def test_an_unknown_branch_offers_the_branches_there_are(hall: Cast, visitor: Client) -> None:
    text = page(visitor, "/kiosk/nowhere/", 404)
    assert "There is no branch at this address." in text
    assert 'href="/kiosk/shekou/"' in text


def test_the_index_lists_open_branches(hall: Cast, visitor: Client) -> None:
    hall.other.is_active = False
    hall.other.save()
    text = page(visitor, "/kiosk/")
    assert 'href="/kiosk/nanshan/"' in text
    assert "shekou" not in text


# --- step 2 ---


def test_the_second_step_shows_people_waiting(hall: Cast, visitor: Client) -> None:
    hall.ticket()
    hall.ticket()
    text = page(visitor, services_of(hall))
    assert "Apply for retirement" in text
    assert "2 people waiting" in text
    assert "no counter open for it now" in text
    assert "Claim back medical costs" not in text


def test_an_open_counter_and_nobody_waiting(hall: Cast, visitor: Client) -> None:
    hall.sit()
    assert "Nobody waiting" in page(visitor, services_of(hall))


def test_a_closed_service_is_shown_but_cannot_be_taken(hall: Cast, visitor: Client) -> None:
    Offering.objects.filter(pk=hall.pension.pk).update(is_open=False)
    text = page(visitor, services_of(hall))
    assert "Closed now" in text
    assert re.search(r'class="take"\s+disabled', text)
    response = visitor.post(TAKE, wanted(hall.pension))
    assert response.status_code == 409
    assert "This service takes no tickets now." in response.content.decode()
    assert not Ticket.objects.exists()


def test_a_category_without_services_leads_back(hall: Cast, visitor: Client) -> None:
    empty = Category.objects.create(name_zh_hans="空")
    response = visitor.get(f"{HOME}{empty.pk}/")
    assert (response.status_code, response.headers["Location"]) == (302, HOME)


def test_the_assisted_lane_is_one_press_away(hall: Cast, visitor: Client) -> None:
    plain = page(visitor, services_of(hall))
    assisted = page(visitor, f"{services_of(hall)}?lane=assisted")
    assert 'name="lane" value="ordinary"' in plain
    assert 'type="hidden" name="lane" value="assisted"' not in plain
    assert 'type="hidden" name="lane" value="assisted"' in assisted
    assert 'value="express"' not in page(visitor, f"{services_of(hall)}?lane=express")


def test_what_to_bring_is_told_before_the_ticket(hall: Cast, visitor: Client) -> None:
    address = f"{services_of(hall)}{hall.pension.pk}/"
    assert address not in page(visitor, services_of(hall))
    guide(hall.pension.service, "zh-hans", "身份证\n户口簿")
    assert address in page(visitor, services_of(hall))
    assert "户口簿" in page(visitor, address)  # no English text yet
    guide(hall.pension.service, "en", "Identity card\n\n")
    text = page(visitor, address)
    assert "Identity card" in text
    assert "户口簿" not in text
    assert text.count("<li>") == 1


def guide(service: Service, language: str, documents: str) -> None:
    names = "summary handling time_limit delivery fee hours place asking complaining".split()
    texts = dict.fromkeys(names, "-")
    ServiceGuide.objects.create(service=service, language=language, documents=documents, **texts)


def test_the_list_of_another_branch_is_not_here(hall: Cast, visitor: Client) -> None:
    response = visitor.get(f"{services_of(hall)}{hall.other_pension.pk}/")
    assert (response.status_code, response.headers["Location"]) == (302, HOME)


# --- taking it ---


def test_a_press_gives_a_ticket(hall: Cast, visitor: Client) -> None:
    response = visitor.post(TAKE, wanted(hall.pension))
    ticket = Ticket.objects.get()
    assert response.status_code == 303
    assert response.headers["Location"] == f"/kiosk/nanshan/ticket/{ticket.token}/"
    assert ticket.service == hall.pension.service
    assert (ticket.lane, ticket.language) == ("ordinary", "en")
    assert ticket.issued_by is None


def test_the_form_on_the_page_is_enough(hall: Cast, visitor: Client) -> None:
    text = page(visitor, services_of(hall))
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', text))
    assert visitor.post(TAKE, fields).status_code == 303


def test_two_presses_are_one_ticket(hall: Cast, visitor: Client) -> None:
    fields = wanted(hall.pension)
    places = {visitor.post(TAKE, fields).headers["Location"] for _press in range(3)}
    assert len(places) == 1
    assert Ticket.objects.count() == 1


def test_each_page_and_each_service_asks_for_itself(hall: Cast, visitor: Client) -> None:
    Service.objects.update(category=hall.pension.service.category)
    pages = [page(visitor, services_of(hall)) for _visit in range(2)]
    ids = [found for text in pages for found in re.findall(r'"request_id" value="(.+?)"', text)]
    assert len(set(ids)) == len(ids) == 4


def test_the_assisted_lane_ranks_earlier(hall: Cast, visitor: Client) -> None:
    visitor.post(TAKE, wanted(hall.pension, lane="assisted"))
    ticket = Ticket.objects.get()
    assert ticket.lane == Lane.ASSISTED
    assert ticket.rank_at < ticket.issued_at


@pytest.mark.parametrize("lane", ["express", "appointment", "first"])
def test_other_lanes_are_not_for_the_public(hall: Cast, visitor: Client, lane: str) -> None:
    response = visitor.post(TAKE, wanted(hall.pension, lane=lane))
    assert response.status_code == 400
    assert "Please choose once more." in response.content.decode()
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"offering": "x"}, {"offering": 10**30}, {"offering": ""}, {"request_id": "same"}]
)
def test_a_broken_form_is_refused_kindly(
    hall: Cast, visitor: Client, fields: dict[str, object]
) -> None:
    assert visitor.post(TAKE, wanted(hall.pension, **fields)).status_code == 400


def test_a_service_of_another_branch_is_refused(hall: Cast, visitor: Client) -> None:
    assert visitor.post(TAKE, wanted(hall.other_pension)).status_code == 400
    assert visitor.post("/kiosk/nowhere/take/", wanted(hall.pension)).status_code == 404
    assert not Ticket.objects.exists()


def test_coming_to_take_by_a_link_leads_to_the_start(hall: Cast, visitor: Client) -> None:
    assert visitor.get(TAKE).headers["Location"] == HOME


def test_the_days_limit_is_told_in_one_sentence(hall: Cast, visitor: Client) -> None:
    Offering.objects.filter(pk=hall.pension.pk).update(daily_limit=1)
    hall.ticket()
    response = visitor.post(TAKE, wanted(hall.pension))
    assert response.status_code == 409
    text = response.content.decode()
    assert "All of today&#x27;s tickets for this service have been taken." in text
    assert "ground floor, right of the door" in text


NONE_LEFT = "tickets for this service have been taken."


def sold_out(service: Offering) -> None:
    """The last ticket of the day is taken."""
    Offering.objects.filter(pk=service.pk).update(daily_limit=1)
    actions.issue(offering=service)


def live_waits(service: Offering) -> str:
    category = str(service.service.category_id)
    key = Key("kiosk", service.branch_id, category, "en")
    return Kiosk().render(service.branch_id, [key])[key]


def test_what_is_sold_out_is_said_before_the_press(hall: Cast, visitor: Client) -> None:
    sold_out(hall.pension)
    text = page(visitor, services_of(hall))
    assert NONE_LEFT in text
    assert re.search(r'class="take"\s+disabled', text)
    bring = page(visitor, f"{services_of(hall)}{hall.pension.pk}/")
    assert NONE_LEFT in bring
    assert "take a ticket" not in bring


def test_what_is_sold_out_is_said_on_the_screen_that_is_open(hall: Cast, visitor: Client) -> None:
    Offering.objects.filter(pk=hall.pension.pk).update(daily_limit=2)
    assert "only 2 tickets left today" in live_waits(hall.pension)
    hall.ticket()
    assert "only 1 ticket left today" in live_waits(hall.pension)
    assert "data-shut" not in live_waits(hall.pension)
    hall.ticket()
    assert "data-shut" in live_waits(hall.pension)
    assert NONE_LEFT in live_waits(hall.pension)
    # The administration gives more at noon.
    Offering.objects.filter(pk=hall.pension.pk).update(daily_limit=9)
    assert "data-shut" not in live_waits(hall.pension)
    assert "left today" not in live_waits(hall.pension)


def test_a_service_without_a_limit_tells_of_none(hall: Cast, visitor: Client) -> None:
    assert "left today" not in page(visitor, services_of(hall))


def test_a_form_from_elsewhere_is_refused(hall: Cast) -> None:
    assert Client(enforce_csrf_checks=True).post(TAKE, wanted(hall.pension)).status_code == 403


# --- step 3 ---


def test_the_ticket_says_what_the_visitor_needs(hall: Cast, visitor: Client) -> None:
    hall.sit()
    hall.ticket()
    ticket = hall.ticket()
    text = page(visitor, f"/kiosk/nanshan/ticket/{ticket.token}/")
    assert "P002" in text
    assert "1 person" in text
    assert "Zone A, floor 1" in text
    assert f'src="/t/{ticket.token}/qr.svg"' in text
    issued = ticket.issued_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert f'data-token="{ticket.token}" data-code="P002" data-state="waiting"' in text
    assert f'data-issued-at="{issued}"' in text


def test_without_scripts_the_page_goes_back_by_itself(hall: Cast, visitor: Client) -> None:
    text = page(visitor, f"/kiosk/nanshan/ticket/{hall.ticket().token}/")
    assert '<noscript><meta http-equiv="refresh" content="12;url=/kiosk/nanshan/restart/">' in text


def test_a_ticket_of_another_branch_is_not_shown(hall: Cast, visitor: Client) -> None:
    theirs = hall.ticket(hall.other_pension)
    text = page(visitor, f"/kiosk/nanshan/ticket/{theirs.token}/", 404)
    assert theirs.code not in text


def test_only_a_printing_kiosk_prints(hall: Cast, visitor: Client) -> None:
    address = f"/kiosk/nanshan/ticket/{hall.ticket().token}/"
    assert "data-print>" not in page(visitor, address)
    assert visitor.get(f"{HOME}?print=1").headers["Location"] == HOME
    assert "data-print>" in page(visitor, address)
    visitor.get(f"{HOME}restart/")
    assert "data-print>" in page(visitor, address)
    visitor.get(f"{HOME}?print=0")
    assert "data-print>" not in page(visitor, address)


# --- always there ---


def test_modes_are_switched_and_kept(hall: Cast, visitor: Client) -> None:
    for _press in range(2):
        before = page(visitor, HOME)
        response = visitor.post(f"{HOME}mode/", {"mode": "large", "next": services_of(hall)})
        assert response.headers["Location"] == services_of(hall)
        assert ('<body class="kiosk large"' in page(visitor, HOME)) != (
            '<body class="kiosk large"' in before
        )


def test_a_mode_leads_nowhere_else(hall: Cast, visitor: Client) -> None:
    response = visitor.post(f"{HOME}mode/", {"mode": "x", "next": "https://example.org/"})
    assert response.headers["Location"] == HOME
    assert visitor.get(f"{HOME}mode/").status_code == 405


def test_starting_over_forgets_the_visitor(hall: Cast, visitor: Client) -> None:
    visitor.post(f"{HOME}mode/", {"mode": "low"})
    response = visitor.get(f"{HOME}restart/")
    assert response.headers["Location"] == HOME
    text = page(visitor, HOME)
    assert 'lang="zh-Hans"' in text
    assert '<body class="kiosk "' in text


def test_help_says_where_the_guides_are(hall: Cast, visitor: Client) -> None:
    assert "ground floor, right of the door" in page(visitor, f"{HOME}help/")


def test_pages_are_never_kept(hall: Cast, visitor: Client) -> None:
    ticket = hall.ticket()
    for address in (HOME, services_of(hall), f"{HOME}ticket/{ticket.token}/", f"{HOME}help/"):
        assert "no-store" in visitor.get(address).headers["Cache-Control"]


# --- live ---


def test_the_live_figures_are_those_of_the_page(hall: Cast, visitor: Client) -> None:
    hall.ticket()
    category = str(hall.pension.service.category_id)
    key = Key("kiosk", hall.branch.pk, category, "en")
    other = Key("kiosk", hall.branch.pk, str(hall.medical.service.category_id), "zh-hans")
    parts = Kiosk().render(hall.branch.pk, [key, other])
    assert f'data-waits-of="{hall.pension.service_id}"' in parts[key]
    assert "1 person waiting" in parts[key]
    assert f'data-waits-of="{hall.pension.service_id}"' not in parts[other]
    shown = re.search(r"data-waits-of=.+?>(.+)</span>$", parts[key].strip(), re.DOTALL)
    assert shown
    assert shown[1] in page(visitor, services_of(hall))


def test_the_stream_is_named_by_branch_and_category(hall: Cast) -> None:
    category = str(hall.pension.service.category_id)
    assert Kiosk().resolve(["nanshan", category]) == (hall.branch.pk, category)
    for path in (["nanshan"], ["nanshan", "x"], ["nanshan", "99999"], ["nowhere", category]):
        assert Kiosk().resolve(path) is None


# --- how much it asks of the database ---


def test_the_number_of_queries_is_fixed(hall: Cast, visitor: Client) -> None:
    hall.sit()
    ticket = hall.ticket()
    addresses = [HOME, services_of(hall), f"{HOME}ticket/{ticket.token}/"]
    key = Key("kiosk", hall.branch.pk, str(hall.pension.service.category_id), "en")
    works: list[Callable[[], object]] = [
        *(lambda a=a: visitor.get(a) for a in addresses),
        lambda: visitor.post(TAKE, wanted(hall.pension)),
        lambda: Kiosk().render(hall.branch.pk, [key]),
    ]
    for work in works:
        work()
    few = [queries(work) for work in works]
    for _more in range(20):
        hall.ticket()
        hall.ticket(hall.medical)
    hall.sit(4, hall.colleague)
    actions.call_next(sitting=hall.sit(), by=hall.clerk)
    many = [queries(work) for work in works]
    assert few == many
    assert max(many) <= 10
