"""Signing in with the staff number: lockout, landing, language, and the trial's own way in."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from queueing import actions
from queueing.models import Sitting
from staff.models import Member
from tests.cast import PASSWORD, Cast, dismiss, member

SIGN_IN = "/sign-in/"


def sign_in(client: Client, member: Member, password: str = PASSWORD, **extra: str) -> int:
    data = {"username": member.staff_number, "password": password}
    return client.post(SIGN_IN, data, **extra).status_code  # type: ignore[arg-type]


def test_a_clerk_lands_at_the_counter(cast: Cast, client: Client) -> None:
    response = client.post(SIGN_IN, {"username": "N1003", "password": PASSWORD})
    assert response.headers["Location"] == reverse("queueing:counter")


def test_an_administrator_lands_in_the_administration(cast: Cast, client: Client) -> None:
    response = client.post(SIGN_IN, {"username": "N1900", "password": PASSWORD})
    assert response.headers["Location"] == reverse("admin:index")


@pytest.mark.parametrize(
    ("role", "page"),
    [
        ("supervisor", "staff:supervisor"),
        ("duty-leader", "staff:supervisor"),
        ("inspector", "staff:supervisor"),
        ("complaint-handler", "complaints:desk"),
        ("guide", "queueing:kiosk_index"),
    ],
)
def test_each_role_lands_where_its_day_begins(
    cast: Cast, client: Client, role: str, page: str
) -> None:
    member("N1450", "某某", cast.branch, role)
    response = client.post(SIGN_IN, {"username": "N1450", "password": PASSWORD})
    assert response.headers["Location"] == reverse(page)


def test_the_way_back_is_kept_but_never_leads_to_another_host(cast: Cast, client: Client) -> None:
    data = {"username": "N1003", "password": PASSWORD, "next": "/board/nanshan/"}
    assert client.post(SIGN_IN, data).headers["Location"] == "/board/nanshan/"
    client.logout()
    response = client.post(SIGN_IN, data | {"next": "https://elsewhere.example/"})
    assert response.headers["Location"] == reverse("queueing:counter")


def test_a_wrong_password_says_so_and_keeps_the_number(cast: Cast, client: Client) -> None:
    response = client.post(SIGN_IN, {"username": "N1003", "password": "wrong"})
    assert response.status_code == 200
    assert 'value="N1003"' in response.content.decode()


def test_six_wrong_passwords_lock_this_member_at_this_address_only(cast: Cast) -> None:
    client = Client(REMOTE_ADDR="10.0.0.1")
    codes = [sign_in(client, cast.clerk, "wrong") for _ in range(7)]
    assert codes[0] == 200
    assert codes[-2:] == [429, 429], codes
    assert sign_in(client, cast.clerk) == 429, "the right password is locked too"
    assert sign_in(client, cast.colleague) == 302, "the address as a whole is not"
    assert sign_in(Client(REMOTE_ADDR="10.0.0.2"), cast.clerk) == 302, "nor the member elsewhere"


def test_one_who_has_left_the_staff_is_out_at_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.clerk)
    assert client.get("/counter/").status_code == 200
    Member.objects.filter(pk=cast.clerk.pk).update(is_active=False)
    assert client.get("/counter/").status_code == 302


def test_a_role_that_is_taken_away_bites_at_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.clerk)
    dismiss(cast.clerk)
    assert client.get("/counter/").status_code == 403


def test_signing_out_needs_a_post_and_ends_the_session(cast: Cast, client: Client) -> None:
    client.force_login(cast.clerk)
    cookie = client.cookies["sessionid"].value
    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    client.cookies["sessionid"] = cookie  # a stolen cookie is worth nothing afterwards
    assert client.get("/counter/").status_code == 302


def test_signing_out_leaves_the_counter_but_not_the_visitor(cast: Cast, client: Client) -> None:
    client.force_login(cast.clerk)
    seat = cast.sit()
    cast.ticket()
    visitor = actions.call_next(sitting=seat, by=cast.clerk)
    assert visitor is not None
    response = client.post("/sign-out/")
    assert response.headers["Location"].startswith(reverse("queueing:leave"))
    assert Sitting.objects.unended().filter(pk=seat.pk).exists()
    actions.no_show(ticket=visitor, by=cast.clerk)
    client.post("/sign-out/")
    assert not Sitting.objects.unended().filter(pk=seat.pk).exists()


def test_one_press_sign_in_is_for_the_trial_alone(
    cast: Cast, client: Client, settings: pytest.FixtureRequest
) -> None:
    address = reverse("staff:trial_sign_in", kwargs={"role": "supervisor"})
    settings.HALL_TRIAL = False  # type: ignore[attr-defined]
    assert client.post(address).status_code == 404
    assert address not in client.get("/").content.decode()
    settings.HALL_TRIAL = True  # type: ignore[attr-defined]
    assert address in client.get("/").content.decode()
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 302
    assert client.session["_auth_user_id"] == str(cast.supervisor.pk)
    assert client.post("/trial/sign-in/king/").status_code == 404


def test_the_language_is_chosen_by_the_person_never_by_the_browser(
    cast: Cast, client: Client
) -> None:
    assert 'lang="zh-Hans"' in client.get("/", headers={"accept-language": "en"}).content.decode()
    client.post("/language/", {"language": "zh-hant", "next": "/sign-in/"})
    assert 'lang="zh-Hant"' in client.get("/").content.decode()
    client.post("/language/", {"language": "tlh"})
    assert 'lang="zh-Hans"' in client.get("/").content.decode()


def test_choosing_a_language_never_leads_to_another_host(client: Client) -> None:
    for target in ("https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"):
        response = client.post("/language/", {"language": "en", "next": target})
        assert response.headers["Location"] == "/"
