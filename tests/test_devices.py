"""Screens of the hall are paired by a code; a screen that was taken out of use is nothing."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hall import devices, events, tasks
from hall.actions import device as device_actions
from hall.actions.device import hashed
from hall.models import Device
from hall.refusal import Refused
from staff import actions
from staff.actions.device import WRONG_CODES
from staff.models import Member
from tests.cast import Cast, member
from tests.crowd import all_at_once

SCREENS = "/supervisor/nanshan/screens/"
A_SECOND = dt.timedelta(seconds=1)
ENGLISH = {"django_language": "en"}


@pytest.fixture
def client(client: Client) -> Client:
    """The supervisor's browser, which speaks English."""
    client.cookies.load(ENGLISH)
    return client


def new_screen() -> tuple[Client, Device]:
    """A browser on which somebody pressed the button: it shows a code."""
    client = Client()
    client.cookies.load(ENGLISH)
    assert client.post("/screens/").status_code == 303
    secret = client.cookies[devices.COOKIE].value
    return client, Device.objects.get(secret_hash=hashed(secret))


def paired(cast: Cast, kind: str = "kiosk", number: int | None = None) -> tuple[Client, Device]:
    """A screen that the supervisor gave its place."""
    client, device = new_screen()
    counter = cast.counters[number] if number else None
    pair = {"branch": cast.branch, "kind": kind, "counter": counter, "by": cast.supervisor}
    return client, actions.pair_device(code=device.code, **pair)  # type: ignore[arg-type]


def enter(client: Client, **form: object) -> str:
    """What the page says after a supervisor has sent the form."""
    response = client.post(SCREENS, form, follow=True)
    assert response.status_code == 200
    return response.content.decode()


# --- the screen ---


def test_looking_makes_no_screen(cast: Cast) -> None:
    for _each in range(3):
        for cookie in ({}, {devices.COOKIE: "guessed"}):
            robot = Client()
            robot.cookies.load(ENGLISH | cookie)
            assert "Show the pairing code" in robot.get("/screens/").content.decode()
            assert robot.get("/screens/state/").json()["code"] == ""
    assert not Device.objects.exists()


def test_a_press_shows_a_code_that_is_easy_to_read(cast: Cast) -> None:
    client, device = new_screen()
    page = client.get("/screens/").content.decode()
    assert f"{device.code[:3]} {device.code[3:]}" in page
    assert re.fullmatch(r"[ACDEFGHJKMNPQRTUVWXY34679]{6}", device.code)
    assert client.get("/screens/state/").json() == {
        "place": "",
        "code": device.code,
        "revoked": False,
    }


def test_the_cookie_is_for_the_screen_alone(cast: Cast, settings: Settings) -> None:
    settings.HALL_HTTPS = True
    client, _device = new_screen()
    cookie = client.cookies[devices.COOKIE]
    assert cookie["httponly"] and cookie["secure"] and cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 365 * 86_400
    assert cookie.value not in str(Device.objects.values_list().get())


def test_pressing_again_shows_the_same_screen(cast: Cast) -> None:
    client, device = new_screen()
    client.post("/screens/")
    assert Device.objects.get() == device


def test_a_code_that_ran_out_is_renewed_by_itself(cast: Cast) -> None:
    client, device = new_screen()
    Device.objects.update(code_expires_at=timezone.now() - A_SECOND)
    code = client.get("/screens/state/").json()["code"]
    assert code and code != device.code
    assert code == Device.objects.get().code


def test_a_page_without_scripts_refreshes_itself(cast: Cast) -> None:
    client, _device = new_screen()
    page = client.get("/screens/").content.decode()
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page


def test_robots_that_press_fill_no_table(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_actions, "MOST_UNPAIRED", 3)
    for _each in range(3):
        new_screen()
    refused = Client(headers={"Cookie": "django_language=en"}).post("/screens/")
    assert refused.status_code == 503
    assert "try again in ten minutes" in refused.content.decode()
    assert "data-begins" not in refused.content.decode()
    assert Device.objects.count() == 3


def test_screens_that_went_away_are_forgotten(cast: Cast) -> None:
    _kiosk, kept = paired(cast)
    _waiting, waits = new_screen()
    _gone, gone = new_screen()
    long_ago = timezone.now() - 2 * device_actions.CODE_LASTS
    Device.objects.filter(pk=gone.pk).update(code_expires_at=long_ago)
    tasks.clear_devices()
    assert set(Device.objects.all()) == {kept, waits}


def test_two_screens_never_show_the_same_code(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _one, first = new_screen()
    letters = iter(first.code + "ACDEFG")
    monkeypatch.setattr("hall.actions.device.secrets.choice", lambda _letters: next(letters))
    _other, second = new_screen()
    assert second.code == "ACDEFG"


# --- pairing ---


@pytest.mark.parametrize(
    ("kind", "number", "place"),
    [
        ("kiosk", None, "/kiosk/nanshan/"),
        ("board", None, "/board/nanshan/"),
        ("display", 4, "/board/nanshan/counters/4/"),
        ("pad", 4, "/pad/nanshan/4/"),
    ],
)
def test_a_screen_goes_to_its_place(
    cast: Cast, client: Client, kind: str, number: int | None, place: str
) -> None:
    screen, device = new_screen()
    client.force_login(cast.supervisor)
    counter = cast.counters[number].pk if number else ""
    page = enter(client, code=device.code, kind=kind, counter=counter)
    assert "is paired" in page and place in page
    assert screen.get("/screens/state/").json()["place"] == place
    for address in ("/screens/", "/"):
        assert screen.get(address).headers["Location"] == place
    assert screen.get("/screens/").cookies[devices.COOKIE]["max-age"] == 365 * 86_400


def test_a_code_may_be_typed_in_any_manner(cast: Cast, client: Client) -> None:
    _screen, device = new_screen()
    client.force_login(cast.supervisor)
    typed = f" {device.code[:3].lower()}-{device.code[3:]} "
    assert "is paired" in enter(client, code=typed, kind="board")


def test_a_signed_in_member_still_sees_the_front_door(cast: Cast) -> None:
    screen, _device = paired(cast)
    screen.force_login(cast.supervisor)
    assert screen.get("/").status_code == 200


def test_a_person_who_comes_from_another_page_sees_the_front_door(cast: Cast) -> None:
    screen, _device = paired(cast)
    assert screen.get("/", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert screen.get("/", headers={"Sec-Fetch-Site": "none"}).status_code == 302


def test_a_wrong_code_says_so_and_loses_nothing(cast: Cast, client: Client) -> None:
    new_screen()
    client.force_login(cast.supervisor)
    page = enter(client, code="wrong1", kind="pad", counter=cast.counters[4].pk)
    assert "No screen shows this code now." in page
    assert 'value="wrong1"' in page
    assert f'<option value="{cast.counters[4].pk}" selected>' in page
    assert not Device.objects.filter(paired_at__isnull=False).exists()


def test_an_old_code_pairs_nothing(cast: Cast, client: Client) -> None:
    _screen, device = new_screen()
    Device.objects.update(code_expires_at=timezone.now() - A_SECOND)
    client.force_login(cast.supervisor)
    assert "No screen shows this code now." in enter(client, code=device.code, kind="kiosk")


@pytest.mark.parametrize("code", ["", " ", "-", "'; --", "\x00", "𝟘" * 20, "A" * 500])
def test_hostile_codes_pair_nothing(cast: Cast, client: Client, code: str) -> None:
    paired(cast)  # the empty code of a paired screen is no code
    client.force_login(cast.supervisor)
    assert "Please look at this again" in enter(client, code=code, kind="kiosk")
    assert Device.objects.filter(paired_at__isnull=False).count() == 1


def test_who_guesses_codes_has_to_wait(cast: Cast, client: Client) -> None:
    _screen, device = new_screen()
    client.force_login(cast.supervisor)
    for _each in range(WRONG_CODES.times):
        enter(client, code="WRONG1", kind="kiosk")
    assert "Too many wrong codes." in enter(client, code=device.code, kind="kiosk")
    with pytest.raises(Refused, match="Too many wrong codes"):
        actions.pair_device(code=device.code, branch=cast.branch, kind="kiosk", by=cast.supervisor)
    actions.pair_device(code=device.code, branch=cast.branch, kind="kiosk", by=cast.administrator)


@pytest.mark.parametrize("kind", ["pad", "display"])
def test_a_screen_at_a_counter_needs_the_counter(cast: Cast, client: Client, kind: str) -> None:
    _screen, device = new_screen()
    client.force_login(cast.supervisor)
    for typed in ("", cast.other_counter.pk, 999_999, "x"):
        page = enter(client, code=device.code, kind=kind, counter=typed)
        assert "Please look at this again" in page
    for counter in (None, cast.other_counter):
        with pytest.raises(Refused, match="choose the counter"):
            actions.pair_device(
                code=device.code,
                branch=cast.branch,
                kind=kind,
                counter=counter,
                by=cast.supervisor,
            )


def test_a_kiosk_stands_at_no_counter(cast: Cast, client: Client) -> None:
    _screen, device = new_screen()
    client.force_login(cast.supervisor)
    enter(client, code=device.code, kind="kiosk", counter=cast.counters[3].pk)
    assert Device.objects.get().counter is None


def test_a_kind_that_is_none_is_refused(cast: Cast, client: Client) -> None:
    _screen, device = new_screen()
    client.force_login(cast.supervisor)
    assert "Please look at this again" in enter(client, code=device.code, kind="toaster")


def test_two_supervisors_with_one_code_pair_one_screen(cast: Cast) -> None:
    _screen, device = new_screen()
    pair = {"code": device.code, "branch": cast.branch}
    actions.pair_device(**pair, kind="kiosk", by=cast.supervisor)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="No screen shows this code"):
        actions.pair_device(**pair, kind="board", by=cast.administrator)  # type: ignore[arg-type]
    assert Device.objects.get().kind == "kiosk"


@pytest.mark.django_db(transaction=True)
def test_many_supervisors_at_once_pair_one_screen(cast: Cast) -> None:
    _screen, device = new_screen()

    def press(by: Member) -> Device:
        return actions.pair_device(code=device.code, branch=cast.branch, kind="board", by=by)

    answers = all_at_once([cast.supervisor] * 6, press)
    assert sum(isinstance(each, Device) for each in answers) == 1
    assert sum(isinstance(each, Refused) for each in answers) == 5


@pytest.mark.django_db(transaction=True)
def test_two_new_pads_at_once_leave_one(cast: Cast) -> None:
    screens = [new_screen()[1] for _each in range(4)]

    def press(device: Device) -> Device:
        place = {"branch": cast.branch, "kind": "pad", "counter": cast.counters[3]}
        return actions.pair_device(code=device.code, by=cast.supervisor, **place)  # type: ignore[arg-type]

    assert all(isinstance(each, Device) for each in all_at_once(screens, press))
    assert Device.objects.filter(revoked_at=None).count() == 1


def test_a_new_pad_takes_out_the_one_before(cast: Cast) -> None:
    before, _old = paired(cast, "pad", 3)
    _other, _kept = paired(cast, "pad", 4)
    after, _new = paired(cast, "pad", 3)
    assert before.get("/screens/state/").json()["revoked"] is True
    assert after.get("/screens/state/").json()["place"] == "/pad/nanshan/3/"
    assert Device.objects.filter(revoked_at=None).count() == 2


def test_pairing_and_taking_out_is_announced(
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    said: list[object] = []
    monkeypatch.setattr(events.publisher, "send", said.append)
    with django_capture_on_commit_callbacks(execute=True):
        _screen, device = paired(cast)
        actions.revoke_device(device=device, by=cast.supervisor)
    assert said == [events.Change(cast.branch.pk, events.Event.DEVICE_CHANGED)] * 2


# --- in use, and out of it ---


def test_a_screen_is_seen_at_most_once_a_minute(cast: Cast) -> None:
    screen, _device = paired(cast)
    at = timezone.now() - dt.timedelta(seconds=50)
    Device.objects.update(seen_at=at)
    screen.get("/screens/state/")
    assert Device.objects.get().seen_at == at
    Device.objects.update(seen_at=at - device_actions.SEEN_EVERY)
    screen.get("/screens/state/")
    seen_at = Device.objects.get().seen_at
    assert seen_at is not None and seen_at > at


def test_the_page_lists_the_screens_of_its_branch(cast: Cast, client: Client) -> None:
    paired(cast, "pad", 4)
    _screen, elsewhere = new_screen()
    actions.pair_device(code=elsewhere.code, branch=cast.other, kind="board", by=cast.administrator)
    client.force_login(cast.supervisor)
    page = client.get(SCREENS).content.decode()
    assert "/pad/nanshan/4/" in page and "Running" in page
    assert "/board/shekou/" not in page
    Device.objects.update(seen_at=timezone.now() - dt.timedelta(minutes=5))
    assert "Not heard of" in client.get(SCREENS).content.decode()


def test_the_page_takes_a_fixed_number_of_queries(cast: Cast, client: Client) -> None:
    client.force_login(cast.supervisor)
    paired(cast, "pad", 3)
    few = queries(client, SCREENS)
    for number in (4, 5):
        paired(cast, "pad", number)
        paired(cast, "display", number)
        paired(cast)
    assert queries(client, SCREENS) == few


def queries(client: Client, address: str) -> int:
    """How often the page asks the database."""
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


def test_a_screen_that_is_fresh_asks_little(cast: Cast) -> None:
    screen, _device = paired(cast)
    screen.get("/screens/state/")
    assert queries(screen, "/screens/state/") <= 3


def test_a_screen_out_of_use_asks_for_a_code_by_itself(cast: Cast, client: Client) -> None:
    screen, device = paired(cast)
    client.force_login(cast.supervisor)
    response = client.post(reverse("staff:device_revoke", args=["nanshan", device.pk]), follow=True)
    assert "is out of use" in response.content.decode()
    assert screen.get("/screens/state/").json() == {"place": "", "code": "", "revoked": True}
    assert "data-begins" in screen.get("/screens/").content.decode()
    assert screen.get("/").status_code == 200


def test_a_stolen_cookie_of_a_screen_out_of_use_is_worthless(cast: Cast) -> None:
    screen, device = paired(cast)
    stolen = screen.cookies[devices.COOKIE].value
    actions.revoke_device(device=device, by=cast.supervisor)
    screen.post("/screens/")
    assert screen.cookies[devices.COOKIE].value != stolen
    fresh = Device.objects.get(paired_at=None)
    actions.pair_device(code=fresh.code, branch=cast.branch, kind="kiosk", by=cast.supervisor)
    assert screen.get("/screens/state/").json()["place"] == "/kiosk/nanshan/"
    thief = Client()
    thief.cookies.load({devices.COOKIE: stolen})
    assert thief.get("/screens/state/").json() == {"place": "", "code": "", "revoked": True}


def test_taking_out_twice_keeps_the_first_time(cast: Cast) -> None:
    _screen, device = paired(cast)
    actions.revoke_device(device=device, by=cast.supervisor)
    at = Device.objects.get().revoked_at
    actions.revoke_device(device=device, by=cast.supervisor)
    assert Device.objects.get().revoked_at == at


# --- whose screens ---


@pytest.mark.parametrize("role", ["clerk", "guide", "handler"])
def test_other_roles_pair_nothing(cast: Cast, client: Client, role: str) -> None:
    _screen, device = new_screen()
    client.force_login(getattr(cast, role))
    assert client.post(SCREENS, {"code": device.code, "kind": "kiosk"}).status_code == 403
    assert Device.objects.get().paired_at is None


def test_who_is_not_signed_in_signs_in_first(cast: Cast, client: Client) -> None:
    assert client.get(SCREENS).headers["Location"] == f"/sign-in/?next={SCREENS}"


def test_another_branch_is_not_there(cast: Cast, client: Client) -> None:
    _screen, device = paired(cast)
    _fresh, waiting = new_screen()
    supervisor = member("S2100", "别处", cast.other, "supervisor")
    client.force_login(supervisor)
    assert client.get(SCREENS).status_code == 404
    assert client.post(SCREENS, {"code": waiting.code, "kind": "kiosk"}).status_code == 404
    assert client.post(f"{SCREENS}{device.pk}/revoke/").status_code == 404
    assert client.post(f"/supervisor/shekou/screens/{device.pk}/revoke/").status_code == 404
    with pytest.raises(Refused, match="another branch"):
        actions.revoke_device(device=device, by=supervisor)
    with pytest.raises(Refused, match="another branch"):
        actions.pair_device(code=waiting.code, branch=cast.branch, kind="kiosk", by=supervisor)


def test_taking_out_needs_a_post(cast: Cast, client: Client) -> None:
    _screen, device = paired(cast)
    client.force_login(cast.supervisor)
    assert client.get(f"{SCREENS}{device.pk}/revoke/").status_code == 405
    assert Device.objects.get().revoked_at is None
