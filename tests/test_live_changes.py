"""An event renders what it can change and nothing else; what cannot be rendered harms no other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.db import OperationalError, transaction
from django.template import TemplateSyntaxError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from complaints import actions as complaints
from complaints.models import Kind
from hall import calendar, events, live
from hall.events import Event, publish
from hall.live import Key, Live, pace, rooms
from hall.live.hub import changes
from hall.models import Branch
from queueing import actions, streams
from queueing.models import Sitting, Ticket
from queueing.screens import board as board_screen
from ratings import actions as ratings
from ratings.models import Grade, Via
from staff.actions.duty import put_on_duty
from tests.cast import Cast
from tests.watching import BOARD, Screen, do, play, watching

pytestmark = pytest.mark.django_db(transaction=True)

DESK = "/live/desk/nanshan/"
PAD = "/live/pad/nanshan/3/"
SAID: Final = "13800138000"  # what an error may hold of somebody's words


@pytest.fixture(autouse=True)
def alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No Redis, nothing of an earlier test, and no look at the markers unless a test wants one."""
    settings.REDIS_URL = ""
    monkeypatch.setattr(events, "publisher", events.Publisher())
    monkeypatch.setattr(pace, "POLL_EVERY", 60.0)
    live.FAULTS.failed_at.clear()
    yield
    live.FAULTS.failed_at.clear()


# --- each event and each source ---


@dataclass
class Hall:
    """A hall at work: one is served at counter 3, one was, two wait, and counter 4 is free."""

    cast: Cast
    done: Ticket
    here: Ticket
    first: Ticket
    second: Ticket
    free: Sitting

    @property
    def screens(self) -> dict[str, str]:
        """Every kind of stream that there is, by what stands there."""
        phones = {"served": self.done, "here": self.here, "first": self.first, "next": self.second}
        category = self.cast.pension.service.category_id
        return {
            "board": BOARD,
            "board elsewhere": "/live/board/shekou/",
            "kiosk": f"/live/kiosk/nanshan/{category}/",
            "desk": DESK,
            "matters": "/live/matters/nanshan/",
            "matters of all": "/live/matters/all/",
            "panels": "/live/panels/nanshan/",
            **{f"display {number}": f"/live/display/nanshan/{number}/" for number in (3, 4)},
            **{f"pad {number}": f"/live/pad/nanshan/{number}/" for number in (3, 4)},
            **{f"phone {who}": f"/live/ticket/{each.token}/" for who, each in phones.items()},
        }


@pytest.fixture
def hall(cast: Cast) -> Hall:
    seat = cast.sit(3)
    free = cast.sit(4, cast.colleague)

    def served() -> Ticket:
        ticket = cast.ticket()
        actions.call(ticket=ticket, sitting=seat, by=cast.clerk)
        actions.start(ticket=ticket, by=cast.clerk)
        return ticket

    done = served()
    actions.finish(ticket=done, by=cast.clerk)
    return Hall(cast, done, served(), cast.ticket(), cast.ticket(), free)


def say(event: Event) -> Callable[[Hall], object]:
    """The event itself, where nothing else of it matters here."""

    def tell(hall: Hall) -> None:
        with transaction.atomic():
            publish(hall.cast.branch.pk, event)

    return tell


def new_place(hall: Hall) -> None:
    with transaction.atomic():
        publish(None, Event.PLACE_CHANGED)


def on_duty(hall: Hall) -> object:
    day = calendar.local_day(hall.cast.branch, timezone.now())
    return put_on_duty(
        branch=hall.cast.branch, day=day, role="leader", member=hall.cast.supervisor, by=None
    )


def spoken(hall: Hall) -> None:
    here = hall.here
    actions.announced(branch=hall.cast.branch, calls=[(here.prefix, here.number, here.call_count)])


LINES: Final = {"board", "kiosk", "desk", "panels", "phone first", "phone next"}
AT_3: Final = {"display 3", "pad 3"}
AT_4: Final = {"display 4", "pad 4"}
PHONES: Final = {"phone served", "phone here", "phone first", "phone next"}
# What happens, and which screens it can change. An event that is missing here fails a test.
TABLE: Final[dict[Event, tuple[Callable[[Hall], object], set[str]]]] = {
    Event.TICKET_ISSUED: (lambda hall: hall.cast.ticket(), LINES),
    Event.TICKET_CALLED: (
        lambda hall: actions.call_next(sitting=hall.free, by=hall.cast.colleague),
        LINES | AT_4,
    ),
    Event.TICKET_CHANGED: (
        lambda hall: actions.hold(ticket=hall.here, by=hall.cast.clerk),
        LINES | AT_3 | {"phone here"},
    ),
    Event.VISIT_FINISHED: (
        lambda hall: actions.finish(ticket=hall.here, by=hall.cast.clerk),
        LINES | AT_3 | {"phone here"},
    ),
    Event.CALL_ANNOUNCED: (spoken, {"board", "desk"}),
    Event.COUNTER_CHANGED: (lambda hall: actions.leave(by=hall.cast.colleague), LINES | AT_4),
    Event.PLACE_CHANGED: (
        new_place,
        {"board", "board elsewhere", "kiosk", "desk", *AT_3, *AT_4, *PHONES},
    ),
    Event.DUTY_CHANGED: (on_duty, {"board", "panels"}),
    Event.MATTER_CHANGED: (
        lambda hall: complaints.receive(
            branch=hall.cast.branch, kind=Kind.SUGGESTION, text="More chairs."
        ),
        {"matters", "matters of all", "panels"},
    ),
    Event.RATING_GIVEN: (
        lambda hall: ratings.rate(ticket=hall.done, grade=Grade.SATISFIED, via=Via.PHONE),
        {"pad 3", "phone served", "panels"},
    ),
    Event.OUTBOX_CHANGED: (say(Event.OUTBOX_CHANGED), {"panels"}),
    Event.SUMMARY_MADE: (say(Event.SUMMARY_MADE), set()),
    Event.DEVICE_CHANGED: (say(Event.DEVICE_CHANGED), set()),
    Event.RIGHTS_CHANGED: (say(Event.RIGHTS_CHANGED), set()),
}
# What another process did is found by a row that is new; of these there is none.
WITHOUT_ROWS: Final = {
    Event.PLACE_CHANGED,
    Event.OUTBOX_CHANGED,
    Event.SUMMARY_MADE,
    Event.DEVICE_CHANGED,
    Event.RIGHTS_CHANGED,
}


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> set[Key]:
    """Every fragment that was rendered."""
    keys: set[Key] = set()

    def noted(render: Callable[[int, list[Key]], Any]) -> Callable[[int, list[Key]], Any]:
        def note(branch_id: int, asked: list[Key]) -> Any:
            keys.update(asked)
            return render(branch_id, asked)

        return note

    for source in live.SOURCES:
        monkeypatch.setattr(source, "render", noted(source.render))
    return keys


def test_the_table_knows_every_event_and_every_source(hall: Hall) -> None:
    assert set(TABLE) == set(Event)
    watched = {path.split("/")[2] for path in hall.screens.values()}
    assert watched == {name for name, _source in live.SOURCES.items()}
    some = {name for _action, names in TABLE.values() for name in names}
    assert some == set(hall.screens)


@contextlib.asynccontextmanager
async def all_screens(stage: Live, hall: Hall) -> Any:
    """All of them, each with its first state; and the name of each key."""
    async with contextlib.AsyncExitStack() as stack:
        names: dict[Key, str] = {}
        screens: list[Screen] = []
        for name, path in hall.screens.items():
            before = {key for room in stage.hub.rooms.values() for key in room.watches}
            screens.append(await stack.enter_async_context(watching(stage, path)))
            after = {key for room in stage.hub.rooms.values() for key in room.watches}
            names |= dict.fromkeys(after - before, name)
        for screen in screens:
            await screen.next()
        await asyncio.sleep(2 * pace.RENDER_AT_MOST_EVERY)
        yield names


@pytest.mark.once
@pytest.mark.parametrize("event", list(Event))
def test_an_event_renders_what_it_can_change(hall: Hall, rendered: set[Key], event: Event) -> None:
    action, changed = TABLE[event]

    async def scene(stage: Live) -> None:
        async with all_screens(stage, hall) as names:
            rendered.clear()
            await do(lambda: action(hall))
            await asyncio.sleep(3 * pace.RENDER_AT_MOST_EVERY)
            assert {names[key] for key in rendered} == changed

    play(scene)


@pytest.mark.parametrize("event", [each for each in Event if each not in WITHOUT_ROWS])
def test_the_same_is_rendered_if_another_process_did_it_and_there_is_no_redis(
    hall: Hall, rendered: set[Key], event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    action, changed = TABLE[event]
    if event != Event.DUTY_CHANGED:  # the roster's marker is of a branch that has one
        on_duty(hall)
    monkeypatch.setattr(pace, "POLL_EVERY", 0.3)
    monkeypatch.setattr(events.Publisher, "send", lambda _self, _message: None)

    async def scene(stage: Live) -> None:
        async with all_screens(stage, hall) as names:
            await asyncio.sleep(0.8)  # the first look knows nothing yet, and renders all
            rendered.clear()
            await do(lambda: action(hall))
            await asyncio.sleep(1.2)
            assert {names[key] for key in rendered} == changed

    play(scene)


def test_what_happened_while_a_page_was_being_rendered_is_not_missed(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of one who comes back into line answers by a line in which they were not yet."""
    page = live.SOURCES.get("ticket")
    assert isinstance(page, streams.TicketPage)

    async def scene(stage: Live) -> None:
        async with watching(stage, f"/live/ticket/{hall.first.token}/") as phone:
            await phone.next()
            (room,) = stage.hub.rooms.values()
            (key,) = room.watches
            monkeypatch.setattr(page, "_in_line", {})
            change = events.change_of(hall.cast.branch.pk, Event.TICKET_ISSUED, ticket=0)
            room.stale.clear()
            room.hear(change)
            assert not room.stale
            room.in_flight = {key}
            room.hear(change)
            assert room.stale == {key}

    play(scene)


def test_more_news_than_a_marker_reads_is_anything() -> None:
    some: dict[Hashable, events.Change] = {
        pk: events.change_of(1, Event.TICKET_ISSUED, ticket=pk) for pk in range(live.LOOK_BACK)
    }
    assert changes(some, set(some) - {7}) == [some[7]]
    assert changes(some, {999}) == [events.Change()]
    assert changes(some, None) == [events.Change()]
    assert changes({}, {999}) == []


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ('{"branch": 3, "event": "rating-given", "ticket": [7]}', (3, Event.RATING_GIVEN)),
        ('{"branch": null, "event": "place-changed"}', (None, Event.PLACE_CHANGED)),
        ('{"branch": 3, "event": "rating-given", "ticket": 7}', (None, None)),
        ('{"branch": 3, "event": "of a newer Hall"}', (None, None)),
        ('{"event": "rating-given"}', (None, None)),
        (b"[]", (None, None)),
        (b"7", (None, None)),
        (b"not even that", (None, None)),
    ],
)
def test_a_message_is_read_and_one_that_nobody_knows_is_anything(
    message: str | bytes, told: tuple[int | None, Event | None]
) -> None:
    change = events.Change.parse(message)
    assert (change.branch_id, change.event) == told
    assert change.touches("ticket", 7) and change.touches("counter", 7)
    assert change.touches("ticket", 8) == (change.event != Event.RATING_GIVEN)
    assert events.Change.parse(str(change)) == change


def test_a_message_that_nobody_knows_renders_everything(hall: Hall, rendered: set[Key]) -> None:
    async def scene(stage: Live) -> None:
        async with all_screens(stage, hall) as names:
            rendered.clear()
            stage.hub.wake(events.Change.parse(b"not even that"))
            await asyncio.sleep(3 * pace.RENDER_AT_MOST_EVERY)
            assert {names[key] for key in rendered} == set(hall.screens)

    play(scene)


# --- what fails, fails alone ---


def called(cast: Cast) -> Ticket:
    cast.ticket()
    ticket = actions.call_next(sitting=cast.sit(), by=cast.clerk)
    assert ticket is not None
    return ticket


@pytest.fixture
def faults(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The lines about live screens in the log."""
    caplog.set_level(logging.WARNING)

    def lines() -> list[str]:
        records = [each for each in caplog.records if each.name.startswith("hall.live")]
        return [str(each.msg) for each in records]

    return lines


def board_fails_at(slug: str, error: Exception) -> Callable[[Branch], board_screen.BoardState]:
    board = board_screen.board

    def fail(branch: Branch) -> board_screen.BoardState:
        if branch.slug == slug:
            raise error
        return board(branch)

    return fail


async def pings(screen: Screen) -> bool:
    """Whether pings come now, after whatever was said before."""
    while not screen.events.empty():
        screen.events.get_nowait()
    return not await screen.silent("ping", 0.6)


@pytest.mark.once
@pytest.mark.parametrize("error", [OperationalError(SAID), KeyError(SAID), TemplateSyntaxError()])
def test_a_board_that_fails_leaves_the_others_and_other_branches_alone(
    cast: Cast,
    client: Client,
    faults: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    monkeypatch.setattr(pace, "PING_EVERY", 0.1)
    works, fails = board_screen.board, board_fails_at("nanshan", error)

    async def scene(stage: Live) -> None:
        async with (
            watching(stage) as board,
            watching(stage, DESK) as desk,
            watching(stage, PAD) as pad,
            watching(stage, "/live/board/shekou/") as elsewhere,
        ):
            screens = (board, desk, pad, elsewhere)
            for screen in screens:
                await screen.next()
            monkeypatch.setattr(board_screen, "board", fails)
            ticket = await do(lambda: called(cast))
            await desk.next()
            await asyncio.sleep(0.4)
            assert [await pings(screen) for screen in screens] == [False, True, True, True]
            await do(lambda: cast.ticket(cast.other_pension))
            await elsewhere.next_with("Apply for retirement")
            said = await do(lambda: client.get("/readyz", headers={"accept": "text/plain"}))
            assert said.status_code == 200
            assert f"cannot be rendered: board at branch {cast.branch.pk}\n" in said.text
            monkeypatch.setattr(board_screen, "board", works)
            await board.next_with(ticket.code, within=6.0)
            assert await pings(board)
            said = await do(lambda: client.get("/readyz", headers={"accept": "text/plain"}))
            assert "LiveScreens(): OK" in said.text

    play(scene)
    (line,) = faults()
    assert "live_source_failed" in line and "'board'" in line
    assert type(error).__name__ in line and "test_live_changes.py:" in line
    assert SAID not in line


@pytest.mark.once
def test_a_screen_that_comes_back_to_what_fails_is_told_nothing(
    cast: Cast, faults: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A silent stream is opened again every ten seconds: a first ping would say that all is well,
    and each time would be a line in the log."""
    monkeypatch.setattr(pace, "PING_EVERY", 0.1)
    monkeypatch.setattr(board_screen, "board", board_fails_at("nanshan", KeyError()))

    async def scene(stage: Live) -> None:
        for _time in range(3):
            async with watching(stage) as board:
                assert await board.silent("ping", 0.5)

    play(scene)
    assert len(faults()) == 1


def test_a_page_that_fails_leaves_the_pages_of_the_others(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "PING_EVERY", 0.1)
    render = streams.fragment
    asked: list[int] = []

    def fragment(template: str, key: Key, **context: Any) -> str:
        asked.append(int(key.subject))
        if key.subject == str(hall.first.pk):
            raise KeyError(SAID)
        return render(template, key, **context)

    async def scene(stage: Live) -> None:
        async with (
            watching(stage, f"/live/ticket/{hall.first.token}/") as broken,
            watching(stage, f"/live/ticket/{hall.second.token}/") as second,
            watching(stage, f"/live/ticket/{hall.here.token}/") as here,
        ):
            for screen in (broken, second, here):
                await screen.next()
            monkeypatch.setattr(streams, "fragment", fragment)
            await do(lambda: actions.cancel(ticket=hall.first))
            await second.next()
            assert [await pings(each) for each in (broken, second, here)] == [False, True, True]

    play(scene)


def test_if_the_source_itself_fails_its_pages_are_not_tried_one_by_one(cast: Cast) -> None:
    asked: list[int] = []

    class Broken(streams.Board):
        def render(self, branch_id: int, keys: list[Key]) -> Any:
            asked.append(len(keys))
            raise KeyError

    keys = [Key("board", cast.branch.pk, "", str(language)) for language in range(40)]
    done = rooms.Rendered()
    rooms._render_group(Broken(), cast.branch.pk, keys, done)
    assert asked == [40, *[1] * rooms.TRIED_ALONE]
    assert done.failed.keys() == set(keys) and not done.contents


@pytest.mark.once
def test_what_fails_is_not_tried_five_times_a_second_in_a_rush(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def fail(branch: Branch) -> board_screen.BoardState:
        tries.append(branch.pk)
        raise KeyError

    def rush() -> None:
        for _visitor in range(20):
            cast.ticket()

    async def scene(stage: Live) -> None:
        async with watching(stage) as board, watching(stage, DESK) as desk:
            await board.next()
            await desk.next()
            monkeypatch.setattr(board_screen, "board", fail)
            for _second in range(8):
                await do(rush)
                await asyncio.sleep(0.25)
            assert 1 <= len(tries) <= 3

    play(scene)


def test_without_a_database_everything_is_silent_and_one_line_says_so(
    cast: Cast, faults: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "PING_EVERY", 0.1)
    works = rooms.check_database

    def away() -> None:
        raise OperationalError(SAID)

    async def scene(stage: Live) -> None:
        async with watching(stage) as board, watching(stage, DESK) as desk:
            await board.next()
            await desk.next()
            monkeypatch.setattr(board_screen, "board", board_fails_at("nanshan", KeyError()))
            monkeypatch.setattr(rooms, "check_database", away)
            await do(lambda: called(cast))
            await asyncio.sleep(0.5)
            assert not await pings(board) and not await pings(desk)
            monkeypatch.setattr(rooms, "check_database", works)
            await desk.next(within=6.0)
            assert await pings(desk)

    play(scene)
    away_line, source_line = faults()
    assert "live_database_away" in away_line and SAID not in away_line
    assert "live_source_failed" in source_line
