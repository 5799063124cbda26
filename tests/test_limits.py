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
from django.test import Client, RequestFactory
from pytest_django import Settings

from hall import events, limits
from hall.limits import Counts, Limit

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
