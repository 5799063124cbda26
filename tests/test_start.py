"""The front door: three doors, and each leads somewhere."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings

from hall.models import Branch
from tests.cast import Cast

pytestmark = pytest.mark.once  # the database makes no difference

FOR_VISITORS = ("/kiosk/", "/guide/", "/inquiry/", "/box/")
FOR_SCREENS = (
    "/screens/",
    "/kiosk/nanshan/",
    "/board/nanshan/",
    "/board/nanshan/counters/3/",
    "/pad/nanshan/3/",
    "/pad/shekou/1/",
)


@pytest.fixture
def client(client: Client) -> Client:
    client.cookies.load({"django_language": "en"})
    return client


def doors(client: Client) -> str:
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def test_there_are_three_doors_and_each_leads_somewhere(cast: Cast, client: Client) -> None:
    page = doors(client)
    for heading in ("For visitors", "For staff", "For the hall's screens"):
        assert heading in page
    links = set(re.findall(r'<a href="([^"]+)"', page))
    assert links >= {*FOR_VISITORS, *FOR_SCREENS, "/sign-in/"}
    assert {client.get(link).status_code for link in links} == {200}


def test_roles_for_one_touch_are_for_the_trial_alone(
    cast: Cast, client: Client, settings: Settings
) -> None:
    assert "/trial/sign-in/" not in doors(client)
    settings.HALL_TRIAL = True
    page = doors(client)
    assert "/trial/sign-in/clerk/" in page and "/trial/sign-in/supervisor/" in page


def test_who_is_signed_in_goes_to_their_page(cast: Cast, client: Client) -> None:
    client.force_login(cast.clerk)
    assert "Go to your page" in doors(client)
    assert client.get("/sign-in/").headers["Location"] == "/counter/"


def test_a_hall_without_branches_says_what_to_do(client: Client, db: None) -> None:
    assert not Branch.objects.exists()
    assert "There is no branch yet." in doors(client)


def test_a_closed_branch_has_no_screens(cast: Cast, client: Client) -> None:
    Branch.objects.filter(slug="shekou").update(is_active=False)
    assert "/pad/shekou/1/" not in doors(client)
