"""At the kiosk: look something up without a ticket, print it, or take the ticket then."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from hall.models import Offering, ServiceGuide
from queueing import actions
from queueing.models import Ticket
from tests.cast import Cast
from tests.guides import publish

pytestmark = pytest.mark.once  # the database makes no difference

GUIDES = "/kiosk/nanshan/guides/"


@pytest.fixture
def hall(cast: Cast) -> Cast:
    publish(cast.pension.service, "zh-hans", "en")
    return cast


@pytest.fixture
def kiosk() -> Client:
    """A kiosk that speaks English."""
    client = Client()
    client.cookies.load({"django_language": "en"})
    return client


def page(kiosk: Client, address: str, status: int = 200) -> str:
    response = kiosk.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_the_way_from_the_first_screen_to_a_ticket(hall: Cast, kiosk: Client) -> None:
    assert f'href="{GUIDES}"' in page(kiosk, "/kiosk/nanshan/")
    kind = f"{GUIDES}?category={hall.pension.service.category_id}"
    first = page(kiosk, GUIDES)
    assert f'href="{kind}"' in first and "Medical" not in first
    assert f'href="{GUIDES}retire/"' in page(kiosk, kind)
    guide = page(kiosk, f"{GUIDES}retire/")
    assert "Social security card" in guide and f'href="{kind}"' in guide
    fields = dict(re.findall(r'name="(offering|request_id|lane)" value="([^"]+)"', guide))
    assert kiosk.post("/kiosk/nanshan/take/", fields).status_code == 303
    assert Ticket.objects.get().service == hall.pension.service


def test_the_services_lead_to_the_guides_of_their_kind(hall: Cast, kiosk: Client) -> None:
    category = hall.pension.service.category_id
    assert f'href="{GUIDES}?category={category}"' in page(kiosk, f"/kiosk/nanshan/{category}/")
    bring = page(kiosk, f"/kiosk/nanshan/{category}/{hall.pension.pk}/")
    assert f'href="{GUIDES}retire/"' in bring


def test_a_closed_hall_still_lets_one_look_something_up(hall: Cast, kiosk: Client) -> None:
    hall.branch.is_active = False
    hall.branch.save()
    assert f'href="{GUIDES}"' in page(kiosk, "/kiosk/nanshan/")


@pytest.mark.parametrize("address", [GUIDES, f"{GUIDES}retire/"])
def test_what_is_always_there_is_here_too(hall: Cast, kiosk: Client, address: str) -> None:
    shown = page(kiosk, address)
    for text in ("Start over", "Help me", "Large type", "still-there"):
        assert text in shown
    assert 'http-equiv="refresh"' in shown


def test_reading_takes_longer_than_choosing(hall: Cast, kiosk: Client) -> None:
    assert 'data-idle="120"' in page(kiosk, f"{GUIDES}retire/")
    assert 'data-idle="40"' in page(kiosk, GUIDES)


def test_a_service_of_another_branch_is_read_but_gives_no_ticket(hall: Cast, kiosk: Client) -> None:
    hall.pension.is_open = False
    hall.pension.save()
    shown = page(kiosk, f"{GUIDES}retire/")
    assert "No tickets for this service here now." in shown and "kiosk_take" not in shown
    publish(hall.medical.service, "zh-hans")
    assert "No tickets" in page(kiosk, "/kiosk/shekou/guides/refund/")


def test_a_service_that_is_sold_out_is_read_but_gives_no_ticket(hall: Cast, kiosk: Client) -> None:
    Offering.objects.filter(pk=hall.pension.pk).update(daily_limit=1)
    actions.issue(offering=Offering.objects.get(pk=hall.pension.pk))
    for address in (f"{GUIDES}retire/", "/guide/retire/"):
        shown = page(kiosk, address)
        assert "tickets for this service have been taken." in shown
        assert "Take a ticket for this" not in shown
    Offering.objects.update(daily_limit=2)
    assert "have been taken" not in page(kiosk, "/guide/retire/")


def test_another_language_has_a_note(hall: Cast, kiosk: Client) -> None:
    ServiceGuide.objects.filter(language="en").delete()
    assert "not there in your language yet" in page(kiosk, f"{GUIDES}retire/")


@pytest.mark.parametrize("kind", ["0", "999999", "x", "-1", "9" * 40, "²", "%00"])
def test_a_kind_that_is_none_shows_all_kinds(hall: Cast, kiosk: Client, kind: str) -> None:
    assert "What do you want to look up?" in page(kiosk, f"{GUIDES}?category={kind}")


def test_a_kind_without_guides_says_so(hall: Cast, kiosk: Client) -> None:
    shown = page(kiosk, f"{GUIDES}?category={hall.medical.service.category_id}")
    assert "There is no guide yet." in shown


def test_a_guide_that_is_none_says_sorry_kindly(hall: Cast, kiosk: Client) -> None:
    shown = page(kiosk, f"{GUIDES}nothing/", status=404)
    assert "There is no guide to this service yet." in shown and "guide desk" in shown


def test_an_unknown_branch_shows_the_kiosks(hall: Cast, kiosk: Client) -> None:
    assert "Kiosks" in page(kiosk, "/kiosk/nowhere/guides/", status=404)


def test_a_kiosk_without_guides_says_so(cast: Cast, kiosk: Client) -> None:
    assert "There is no guide yet." in page(kiosk, GUIDES)


@pytest.mark.parametrize("address", [GUIDES, f"{GUIDES}retire/"])
def test_guides_are_only_read(hall: Cast, kiosk: Client, address: str) -> None:
    assert kiosk.post(address).status_code == 405
