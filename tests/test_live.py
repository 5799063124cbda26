"""The live screens: state, not changes; rendered once; silent rather than wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from hall import events, live
from hall.asgi import application
from hall.live import Live, pace
from hall.models import Branch, Notice
from queueing import actions
from queueing.models import Ticket
from queueing.screens import board as board_screen
from queueing.streams import Board
from tests.cast import Cast
from tests.watching import BOARD, SOON, do, parsed, play, watching

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Redis unless a test starts its own."""
    settings.REDIS_URL = ""
    monkeypatch.setattr(events, "publisher", events.Publisher())


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by the number of keys whenever the board is rendered."""
    counts: list[int] = []
    render = Board.render

    def counted(self: Board, branch_id: int, keys: list[live.Key]) -> Any:
        counts.append(len(keys))
        return render(self, branch_id, keys)

    monkeypatch.setattr(Board, "render", counted)
    return counts


def called(cast: Cast) -> Ticket:
    """A visitor takes a ticket and is called to counter 3."""
    cast.ticket()
    ticket = actions.call_next(sitting=cast.sit(), by=cast.clerk)
    assert ticket is not None
    return ticket


# --- a stream ---


def test_it_begins_with_the_fragment_that_the_page_shows(cast: Cast, client: Client) -> None:
    called(cast)
    page = client.get("/board/nanshan/?lang=en").content.decode()

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            state = await screen.next()
            assert screen.headers[b"content-type"].startswith(b"text/event-stream")
            assert screen.headers[b"cache-control"] == b"no-store"
            assert unspaced(state.data) in unspaced(page)

    play(scene)


def unspaced(html: str) -> str:
    """HTML without its white space."""
    return "".join(html.split())


def test_a_change_is_there_within_a_second(cast: Cast) -> None:
    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await screen.next()
            ticket = await do(lambda: called(cast))
            await screen.next_with(f'data-code="{ticket.code}"', within=1.0)

    play(scene)


def test_a_change_that_is_rolled_back_is_not_told(cast: Cast, renders: list[int]) -> None:
    def refused() -> None:
        with contextlib.suppress(actions.CounterTaken):
            actions.sit_down(counter=cast.counters[3], by=cast.colleague)

    cast.sit()

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await screen.next()
            await do(refused)
            assert await screen.silent("state", 0.6)
            assert len(renders) == 1

    play(scene)


@pytest.mark.parametrize("by_header", [True, False])
def test_who_comes_back_with_the_current_id_gets_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, by_header: bool
) -> None:
    monkeypatch.setattr(pace, "PING_EVERY", 0.2)

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            state = await screen.next()
        query = "lang=en" if by_header else f"lang=en&last={state.id}"
        headers = {"last_event_id": state.id} if by_header else {}
        async with watching(stage, query=query, **headers) as screen:
            assert await screen.silent("state", 0.8)

    play(scene)


def test_who_comes_back_with_an_old_id_gets_the_current_state(cast: Cast) -> None:
    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            old = await screen.next()
        ticket = await do(lambda: called(cast))
        async with watching(stage, last_event_id=old.id) as screen:
            new = await screen.next()
            assert ticket.code in new.data
            assert new.id != old.id

    play(scene)


def test_the_id_is_of_the_content_alone(cast: Cast) -> None:
    """Another process, or the same after a restart, gives the same content the same id."""
    ids: list[str] = []

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            ids.append((await screen.next()).id)

    play(scene)
    play(scene)
    assert ids[0] == ids[1] != ""


def test_pings_tell_that_all_is_well(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PING_EVERY", 0.1)

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            for _ping in range(4):
                await screen.next("ping", within=0.5)

    play(scene)


def test_it_is_rendered_again_in_any_case(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that was lost leaves no screen wrong for long."""
    monkeypatch.setattr(pace, "RENDER_AT_LEAST_EVERY", 0.3)
    monkeypatch.setattr(pace, "POLL_EVERY", 60.0)
    monkeypatch.setattr(events.Publisher, "send", lambda _self, _message: None)

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await screen.next()
            ticket = await do(lambda: called(cast))
            await screen.next_with(ticket.code, within=1.5)

    play(scene)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/live/"),
        ("GET", "/live/nothing/nanshan/"),
        ("GET", "/live/board/"),
        ("GET", "/live/board/nowhere/"),
        ("GET", "/live/board/nanshan/more/"),
        ("GET", "/live/display/nanshan/99/"),
        ("GET", "/live/display/nanshan/x/"),
        ("GET", "/live/ticket/guessed/"),
        ("POST", BOARD),
    ],
)
def test_what_is_not_there_is_not_found(cast: Cast, method: str, path: str) -> None:
    async def scene(stage: Live) -> None:
        async with watching(stage, path, method=method) as screen:
            assert screen.status == 404
        assert not stage.hub.rooms

    play(scene)


def test_the_application_sends_each_path_to_whom_it_belongs(cast: Cast) -> None:
    async def scene(stage: Live) -> None:
        async with watching(application, "/live/board/nowhere/") as screen:
            assert (screen.status, screen.headers[b"content-type"][:10]) == (404, b"text/plain")

    play(scene)


@pytest.mark.parametrize("content", ["one line", "two\nlines", "a\r\nb", "", "  indented\n\n\nend"])
def test_an_event_brings_its_content_whole(content: str) -> None:
    said = parsed(live.as_event(content, "7").decode().removesuffix("\n\n"))
    assert (said.event, said.id) == ("state", "7")
    assert said.data == "\n".join(content.splitlines())


# --- one render for all ---


def test_many_watch_and_it_is_rendered_once(cast: Cast, renders: list[int]) -> None:
    async def scene(stage: Live) -> None:
        async with contextlib.AsyncExitStack() as stack:
            wall = [await stack.enter_async_context(watching(stage)) for _screen in range(60)]
            for screen in wall:
                await screen.next()
            threads = threading.active_count()
            assert renders == [1]
            await do(lambda: cast.ticket())
            states = [await screen.next() for screen in wall]
            assert renders == [1, 1]
            assert len({(state.id, state.data) for state in states}) == 1
            assert threading.active_count() <= threads + 1  # ours, that took the ticket

    play(scene)


def test_each_language_is_rendered_from_the_same_figures(
    cast: Cast, renders: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    board = board_screen.board

    def counted(branch: Branch) -> board_screen.BoardState:
        reads.append(branch.pk)
        return board(branch)

    monkeypatch.setattr(board_screen, "board", counted)

    async def scene(stage: Live) -> None:
        async with watching(stage) as english, watching(stage, query="lang=zh-hans") as chinese:
            await english.next()
            await chinese.next()
            reads.clear()
            await do(lambda: cast.ticket())
            assert "Apply for retirement" in (await english.next()).data
            assert "职工正常退休申请" in (await chinese.next()).data
            assert renders[-1] == 2
            assert len(reads) == 1

    play(scene)


def test_an_unknown_language_is_the_halls_own(cast: Cast) -> None:
    async def scene(stage: Live) -> None:
        async with watching(stage, query="lang=tlh"), watching(stage, query=""):
            (room,) = stage.hub.rooms.values()
            assert {key.language for key in room.watches} == {"zh-hans"}

    play(scene)


def test_a_burst_is_rendered_at_most_five_times_a_second(cast: Cast, renders: list[int]) -> None:
    def burst() -> None:
        for _visitor in range(40):
            cast.ticket()

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await screen.next()
            renders.clear()
            began = time.monotonic()
            await do(burst)
            await screen.next_with('<td class="waiting num">40</td>')
            passed = time.monotonic() - began
            assert 1 <= len(renders) <= passed / pace.RENDER_AT_MOST_EVERY + 2

    play(scene)


def test_another_branch_does_not_wake_it(
    cast: Cast, renders: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "POLL_EVERY", 60.0)  # the first look renders once more

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await screen.next()
            await do(lambda: cast.ticket(cast.other_pension))
            assert await screen.silent("state", 0.6)
            assert renders == [1]

    play(scene)


def test_what_nobody_watches_is_forgotten(
    cast: Cast, renders: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "POLL_EVERY", 60.0)  # the first look renders once more

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await screen.next()
            assert stage.hub.rooms
        assert not stage.hub.rooms
        await do(lambda: cast.ticket())
        await asyncio.sleep(0.4)
        assert renders == [1]

    play(scene)


# --- nothing personal ---


@pytest.mark.parametrize("path", [BOARD, "/live/desk/nanshan/", "/live/display/nanshan/3/"])
def test_public_streams_name_no_visitor(cast: Cast, path: str) -> None:
    ticket = called(cast)
    request_id = str(Ticket.objects.get(pk=ticket.pk).request_id)

    async def scene(stage: Live) -> None:
        async with watching(stage, path) as screen:
            state = await screen.next()
            secrets = [ticket.token, request_id]
            if "display" not in path:  # the supervision card is there to be read
                secrets += [cast.clerk.name, cast.clerk.staff_number]
            assert not [secret for secret in secrets if secret in state.data]

    play(scene)


def test_a_message_carries_ids_alone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        events.Publisher, "send", lambda _self, change: sent.append(json.loads(str(change)))
    )
    ticket = called(cast)
    assert sent
    for message in sent:
        branch, event, *ids = message.values()
        assert isinstance(branch, int) and event in set(events.Event) and ids
        assert all(isinstance(each, int) for found in ids for each in found)
        assert ticket.code not in message.values()


# --- without Redis, and with one that dies ---


def test_what_another_process_did_is_found_within_two_seconds(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events.Publisher, "send", lambda _self, _message: None)  # not told here

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await screen.next()
            await asyncio.sleep(1.2)  # it has looked once
            ticket = await do(lambda: called(cast))
            await screen.next_with(f'data-code="{ticket.code}"', within=2.0)
            await do(lambda: Notice.objects.create(text_zh_hans="新", text_en="Fresh news"))
            await screen.next_with("Fresh news", within=2.0)

    play(scene)


def test_the_poll_renders_nothing_while_nothing_happens(cast: Cast, renders: list[int]) -> None:
    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await screen.next()
            await asyncio.sleep(1.3)  # the first look knows nothing yet, and renders
            renders.clear()
            await asyncio.sleep(2.2)
            assert renders == []

    play(scene)


async def heard(stage: Live) -> None:
    """Return when the hub listens to Redis."""
    async with asyncio.timeout(SOON):
        while stage.hub._redis_since is None:
            await asyncio.sleep(0.02)


def test_redis_wakes_the_screens_of_every_process(
    cast: Cast, redis_server: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "TRUST_REDIS_AFTER", -1.0)  # nobody looks at the markers

    async def scene(stage: Live) -> None:
        neighbour = Live()
        async with watching(stage) as screen, watching(neighbour) as other:
            await heard(stage)
            await heard(neighbour)
            ticket = await do(lambda: called(cast))
            await screen.next_with(ticket.code, within=1.0)
            await other.next_with(ticket.code, within=1.0)
        await neighbour.hub.stop()

    play(scene)


def test_when_redis_dies_everything_goes_on(
    cast: Cast, redis_server: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "PING_EVERY", 0.5)

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await heard(stage)
            await asyncio.to_thread(redis_server)
            ticket = await do(lambda: called(cast))
            await screen.next_with(ticket.code, within=3.0)
            await screen.next("ping", within=2.0)

    play(scene)


def test_with_redis_dead_another_process_is_still_heard(
    cast: Cast, redis_server: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await heard(stage)
            await asyncio.to_thread(redis_server)
            monkeypatch.setattr(events.Publisher, "send", lambda _self, _message: None)
            await asyncio.sleep(2.5)  # it has looked at the markers meanwhile
            ticket = await do(lambda: called(cast))
            await screen.next_with(ticket.code, within=3.0)

    play(scene)


# --- silent rather than wrong ---


def test_a_failing_render_silences_the_stream_until_it_works_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "PING_EVERY", 0.2)
    board = board_screen.board

    def fail(branch: Branch) -> board_screen.BoardState:
        raise OperationalError("the database is away")

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            await screen.next()
            await screen.next("ping")
            monkeypatch.setattr(board_screen, "board", fail)
            ticket = await do(lambda: called(cast))
            await asyncio.sleep(0.5)
            while not screen.events.empty():
                screen.events.get_nowait()
            assert await screen.silent("ping", 1.0)
            monkeypatch.setattr(board_screen, "board", board)
            await screen.next_with(ticket.code, within=3.0)
            await screen.next("ping")

    play(scene)


def test_a_database_that_cannot_be_asked_for_the_branch_is_no_404(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A screen that is told 503 comes again; a 404 would mean that there is no such board."""

    def fail(self: Board, path: list[str]) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(Board, "resolve", fail)

    async def scene(stage: Live) -> None:
        async with watching(stage) as screen:
            assert screen.status == 503

    play(scene)


def test_a_ticket_that_is_gone_leaves_the_other_screens(cast: Cast) -> None:
    ticket = cast.ticket(request_id=uuid.uuid4())

    async def scene(stage: Live) -> None:
        async with (
            watching(stage, f"/live/ticket/{ticket.token}/") as phone,
            watching(stage) as screen,
        ):
            await screen.next()
            await phone.next()
            await do(lambda: Ticket.objects.filter(pk=ticket.pk).delete())
            await do(lambda: called(cast))
            await screen.next_with("data-call-id")

    play(scene)
