"""What every test may use."""

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

import pytest
import pytest_django
from celery import current_app
from django.core.cache import cache
from django.test import TransactionTestCase
from django.utils import timezone, translation
from pytest_django import Settings

from hall import limits
from tests import flush
from tests.cast import Cast, gather
from tests.servers import Missing, redis_binary, served, start_redis
from tools import catalogues

catalogues.compile_all()


SHENZHEN = ZoneInfo("Asia/Shanghai")
NOT_FOR = {"first": "servers", "second": "once"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the other pass of the runner tests."""
    mark = NOT_FOR.get(os.environ.get("HALL_TEST_PASS", ""))
    left_out = [item for item in items if mark and item.get_closest_marker(mark)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Empty the database in one go after a test that commits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush.empty)
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[None]:
    """The test database, left by everybody before it is dropped."""
    yield
    with django_db_blocker.unblock():
        flush.end_other_sessions()


@pytest.fixture
def cast(db: None) -> Cast:
    """The hall of the tests, with everybody in it (see tests/cast.py)."""
    cache.clear()
    limits.counts.ask(lambda limiter: limiter.storage.reset())
    return gather()


@pytest.fixture
def well_into_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock goes three hours fast in the first hours of the hall's day, and slow in its last,
    so that what was an hour ago was not yesterday, and in an hour it is not tomorrow."""
    right = timezone.now
    hour = right().astimezone(SHENZHEN).hour
    if hour < 3 or hour > 20:
        off = dt.timedelta(hours=3 if hour < 3 else -3)
        monkeypatch.setattr(timezone, "now", lambda: right() + off)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Sentences in English, the source; a request still speaks the language of its cookie."""
    with translation.override("en"):
        yield


@pytest.fixture
def empty_queue() -> Iterator[None]:
    """Nothing is left in the worker's queue for others."""
    current_app.control.purge()
    yield
    current_app.control.purge()


@pytest.fixture
def redis_server(settings: Settings) -> Iterator[Callable[[], None]]:
    """A private Redis that the test may end; skipped where there is none (CI=true: fails)."""
    try:
        binary = redis_binary()
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    with contextlib.ExitStack() as stack:
        settings.REDIS_URL = stack.enter_context(served(lambda folder: start_redis(folder, binary)))
        yield stack.close
