"""How often: counted by all processes together, alone while Redis is away, and never by address."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import redis
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation
from pytest_django import Settings

from hall import events, limits
from hall.limits import Counts, Limit
from hall.refusal import Refused
from hall.views.limited import limited
from staff import actions
from staff.actions import WRONG_CODES
from tests.cast import Cast
from tests.crowd import all_at_once

HASTE = Limit("haste", times=3, per=60)
SECRET = Limit("secret", times=3, per=60, guards_secret=True)
Process = Callable[[], Counts]


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Process:
    """What another process has: counts and connections of its own, used from here on."""

    def begin() -> Counts:
        counts = Counts()
        monkeypatch.setattr(limits, "counts", counts)
        return counts

    begin()
    return begin


def hits(limit: Limit, who: str, times: int) -> list[bool]:
    return [limits.hit(limit, who) for _each in range(times)]


def test_so_many_times_and_no_more_each_for_themselves(process: Process) -> None:
    assert hits(HASTE, "one", 5) == [True, True, True, False, False]
    assert limits.is_reached(HASTE, "one") and not limits.is_reached(HASTE, "another")
    assert 1 <= limits.retry_after(HASTE, "one") <= 61
    limits.clear(HASTE, "one")
    assert not limits.is_reached(HASTE, "one")


def test_limits_do_not_count_for_one_another(process: Process) -> None:
    hits(HASTE, "one", 5)
    assert not limits.is_reached(SECRET, "one")


def test_the_time_goes_by(process: Process) -> None:
    brief = Limit("brief", times=1, per=1)
    assert hits(brief, "one", 2) == [True, False]
    time.sleep(1.1)
    assert limits.hit(brief, "one")


def test_processes_count_together(redis_server: object, process: Process) -> None:
    assert hits(HASTE, "one", 2) == [True, True]
    process()
    assert hits(HASTE, "one", 2) == [True, False]


def test_a_real_process_counts_with_us(
    redis_server: object, process: Process, settings: Settings
) -> None:
    code = (
        "import django; django.setup()\n"
        "from hall import limits\n"
        "limit = limits.Limit('haste', times=3, per=60)\n"
        "print([limits.hit(limit, 'one') for _ in range(2)], limits.hashed('10.0.0.1'))"
    )
    told = {"DJANGO_SETTINGS_MODULE": "tests.settings", "REDIS_URL": settings.REDIS_URL}
    command = [sys.executable, "-c", code]
    there = subprocess.run(
        command, env=os.environ | told, capture_output=True, text=True, check=True
    )
    said, its_hash = there.stdout.rsplit(maxsplit=1)
    assert said == "[True, True]"
    assert hits(HASTE, "one", 2) == [True, False]
    assert limits.hashed("10.0.0.1") == its_hash, "the day's key is one for all"


def test_a_dead_redis_guards_secrets_and_slows_nobody_down(
    redis_server: Callable[[], None], process: Process, client: Client, db: None
) -> None:
    assert limits.hit(SECRET, "one") and limits.hit(HASTE, "one")
    assert client.get("/readyz?format=json").json()
    redis_server()
    assert hits(HASTE, "one", 4) == [True, True, True, False], "alone, from none on"
    assert limits.is_reached(SECRET, "nobody yet") and not limits.hit(SECRET, "nobody yet")
    ready = client.get("/readyz?format=json")
    assert ready.status_code == 200 and "counted by each process" in ready.content.decode()


def test_readiness_asks_by_itself_where_nobody_is_counted(
    redis_server: object,
    process: Process,
    client: Client,
    db: None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An idle process neither finds a Redis that is away, nor one that is back, by its limits."""
    monkeypatch.setattr(events, "RETRY_AFTER", 0.1)
    said = "counted by each process"
    assert said not in client.get("/readyz?format=json").content.decode()
    with redis.Redis.from_url(settings.REDIS_URL) as other:
        other.execute_command("CLIENT", "PAUSE", "1500", "ALL")
        assert said in client.get("/readyz?format=json").content.decode()
        time.sleep(1.7)
    assert said not in client.get("/readyz?format=json").content.decode()


def test_a_redis_that_comes_back_counts_again(
    redis_server: object,
    process: Process,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(events, "RETRY_AFTER", 0.1)
    assert hits(SECRET, "one", 2) == [True, True]
    with redis.Redis.from_url(settings.REDIS_URL) as other:
        other.execute_command("CLIENT", "PAUSE", "1200", "ALL")
        assert not limits.hit(SECRET, "one")
        assert limits.is_reached(SECRET, "somebody else")
        time.sleep(1.5)
    assert hits(SECRET, "one", 2) == [True, False], "what was counted before still counts"
    said = [record.getMessage() for record in caplog.records]
    assert sum("limits_counted_alone" in each for each in said) == 1
    assert sum("limits_shared_again" in each for each in said) == 1


def test_without_a_redis_memory_is_as_good(process: Process, settings: Settings) -> None:
    settings.REDIS_URL = ""
    assert hits(SECRET, "one", 4) == [True, True, True, False]
    assert not limits.counts.is_away


def test_nobody_is_known_by_their_address(
    process: Process, redis_server: object, settings: Settings
) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.11.12.13")
    who = limits.browser_of(request)
    limits.hit(HASTE, who)
    with redis.Redis.from_url(settings.REDIS_URL) as other:
        kept = [each.decode() for each in other.keys("*")]
        assert any(who in each for each in kept) and not any("10.11.12.13" in each for each in kept)
        assert all(other.ttl(each) > 0 for each in kept), "nothing of it stays"
    today = dt.datetime.now(dt.UTC).date()
    assert limits.counts.key(today) != limits.counts.key(today + dt.timedelta(days=1))
    assert limits.browser_of(RequestFactory().get("/", REMOTE_ADDR="10.11.12.14")) != who


# --- what is said ---


@limited(HASTE)
def press(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


@pytest.mark.parametrize(
    ("language", "heading"),
    [("en", "Please wait a little"), ("zh-hans", "请稍候"), ("zh-hant", "請稍候")],
)
def test_who_does_it_too_often_reads_so_in_the_pages_language_and_loses_nothing(
    cast: Cast, process: Process, language: str, heading: str
) -> None:
    sent = {"text": "<b>Ein\nWort</b>", "kind": "praise", "csrfmiddlewaretoken": "x" * 32}
    request = RequestFactory().post("/box/nanshan/?from=here", sent)
    with translation.override(language):
        answers = [press(request) for _each in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    page = answers[-1].content.decode()
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert heading in page and 'action="/box/nanshan/?from=here"' in page
    assert ">&lt;b&gt;Ein\nWort&lt;/b&gt;</textarea>" in page
    assert '<input type="hidden" name="kind" value="praise">' in page
    assert "x" * 32 not in page, "the form has a key of its own"


def test_looking_is_never_too_often(process: Process) -> None:
    for _each in range(9):
        assert press(RequestFactory().get("/")).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_hundred_guesses_at_once_are_no_more_than_ten(process: Process, cast: Cast) -> None:
    def guess(number: int) -> None:
        place = {"branch": cast.branch, "kind": "kiosk", "by": cast.supervisor}
        with translation.override("en"):
            actions.pair_device(code=f"WRONG{number}", **place)  # type: ignore[arg-type]

    said = [str(each) for each in all_at_once(range(40), guess)]
    assert all("code" in each for each in said), said
    assert sum("No screen shows this code" in each for each in said) == WRONG_CODES.times


def test_while_redis_is_away_nobody_is_told_that_they_guessed(
    redis_server: Callable[[], None], process: Process, cast: Cast, client: Client
) -> None:
    ticket = cast.ticket()
    redis_server()
    with pytest.raises(Refused, match="cannot be checked just now"):
        actions.pair_device(code="ACDEFG", branch=cast.branch, kind="kiosk", by=cast.supervisor)
    client.cookies["django_language"] = "en"
    number = client.post("/inquiry/", {"q": "1234567890123456"})
    assert number.status_code == 429 and "cannot be looked up just now" in number.content.decode()
    assert "Many numbers were tried" not in number.content.decode()
    place = client.post("/inquiry/", {"q": ticket.code})
    assert place.status_code == 200 and "waiting" in place.content.decode()
