"""Fixtures of the browser tests: a running hall, Chromium, and pages under guard."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, sync_playwright

from staff.models import Member
from tests.browser.guard import Guard
from tests.browser.live import LiveHall, url_of
from tests.fonts import FONT_SETS, FontSet
from tests.needs import or_skip
from tests.servers import find_browser, free_port

HERE = Path(__file__).parent
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
NewContext = Callable[..., BrowserContext]
Launch = Callable[[FontSet | None], Browser]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that measures layout runs with each set of fonts; where there is none, with whatever
    the machine has. With CI=true every set is wanted."""
    if metafunc.definition.get_closest_marker("layout"):
        sets = [each for each in FONT_SETS if each.is_here or os.environ.get("CI")]
        slugs = [each.slug for each in sets] or ["own"]
        metafunc.parametrize("fonts", sets or [None], ids=slugs, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests come last; the run says whether it wants them all, some, or nothing else."""
    items.sort(key=in_browser)
    wanted = WANTED[os.environ.get("HALL_TEST_BROWSER", "all")]
    left_out = [item for item in items if not wanted(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if wanted(item)]


def is_for_both(item: pytest.Item) -> bool:
    """Whether a browser test belongs into the first pass, too, or into that one alone."""
    return any(item.get_closest_marker(name) for name in ("smoke", "once"))


def in_browser(item: pytest.Item) -> bool:
    """Whether a test is one of this folder."""
    return HERE in item.path.parents


WANTED: Mapping[str, Callable[[pytest.Item], bool]] = {
    "all": bool,
    "smoke": lambda item: not in_browser(item) or is_for_both(item),
    "none": lambda item: not in_browser(item),
    "only": in_browser,
}


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, for as long as the browser tests last.

    Its loop runs in the tests' thread; Django would take that for asynchronous code.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as started:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield started


@pytest.fixture(scope="package")
def launch(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    """Starts a real Chromium, one for each set of fonts; without one the test is skipped, or with
    CI=true fails."""
    folder = tmp_path_factory.mktemp("fonts")
    started: dict[FontSet | None, Browser] = {}

    def start(fonts: FontSet | None) -> Browser:
        if fonts not in started:
            program = or_skip(lambda: find_browser(Path(playwright.chromium.executable_path)))
            env = dict(os.environ) | (fonts.environment(folder / fonts.slug) if fonts else {})
            started[fonts] = playwright.chromium.launch(
                executable_path=program, args=ARGUMENTS, env=dict(env)
            )
        return started[fonts]

    yield start
    with suppress(Error):  # Ctrl-C reaches it before us
        for browser in started.values():
            browser.close()


@pytest.fixture
def fonts(request: pytest.FixtureRequest) -> FontSet | None:
    """The fonts that a test which measures layout finds; the machine's own for all others."""
    chosen: FontSet | None = getattr(request, "param", None)
    if chosen:
        or_skip(chosen.check)
    return chosen


@pytest.fixture
def browser(launch: Launch, fonts: FontSet | None) -> Browser:
    """A real Chromium, with the fonts of the test."""
    return launch(fonts)


@pytest.fixture(scope="package")
def server(django_db_setup: None) -> Iterator[LiveHall]:
    """One server process for all browser tests."""
    database = url_of(settings.DATABASES["default"]["ENGINE"], connection.settings_dict["NAME"])
    hall = LiveHall(free_port(), database, settings.HALL_DATA / "live-hall.log")
    hall.start()
    yield hall
    hall.stop()


@pytest.fixture
def live_hall(transactional_db: None, server: LiveHall) -> LiveHall:
    """The running hall, on a database that is emptied after the test."""
    return server


@pytest.fixture
def guard(live_hall: LiveHall) -> Iterator[Guard]:
    """Watches every page of the test, and fails it at the end if one misbehaved."""
    watch = Guard(live_hall.url)
    yield watch
    watch.check()


@pytest.fixture
def new_context(browser: Browser, live_hall: LiveHall, guard: Guard) -> Iterator[NewContext]:
    """Makes guarded browsers of their own: `new_context(viewport={…}, member=…)`."""
    made: list[BrowserContext] = []

    def make(member: Member | None = None, **options: object) -> BrowserContext:
        options = {"base_url": live_hall.url, "reduced_motion": "reduce"} | options
        context = browser.new_context(**options)  # type: ignore[arg-type]
        made.append(context)
        guard.watch(context)
        if member:
            sign_in(context, member, live_hall.url)
        return context

    yield make
    with suppress(Error):
        for context in made:
            context.close()


@pytest.fixture
def context(new_context: NewContext) -> BrowserContext:
    """One guarded browser."""
    return new_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """One guarded page."""
    return context.new_page()


def sign_in(context: BrowserContext, member: Member, url: str) -> None:
    """Give a browser the session of a member."""
    client = Client()
    client.force_login(member, backend="staff.backends.ByGrants")
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])
