"""What the voice has spoken: a paired board reports it, the board and the clerk's desk say it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from hall.live import Key
from hall.models import Branch, Device
from queueing import actions, streams
from queueing.figures import announced
from queueing.figures.announced import GIVEN_UP_AFTER, SILENT_AFTER, Told
from queueing.models import Announcement, Ticket
from queueing.screens import board as board_screen
from tests.cast import Cast
from tests.test_devices import paired

URL = "/board/nanshan/spoken/"
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def board(cast: Cast) -> Client:
    """A board that was paired with the branch."""
    return paired(cast, "board")[0]


def called(cast: Cast, number: int = 3, now: dt.datetime | None = None) -> Ticket:
    """A visitor who was called to a counter and has not come yet."""
    cast.ticket(now=now)
    person = {3: cast.clerk, 4: cast.colleague, 5: cast.supervisor}[number]
    ticket = actions.call_next(sitting=cast.sit(number, person), by=person, now=now)
    assert ticket is not None
    return ticket


def id_of(ticket: Ticket) -> str:
    """The id of its last call, as it stands on the board."""
    return f"{ticket.day:%Y%m%d}-{ticket.code}-{ticket.call_count}"


def speak(*tickets: Ticket, now: dt.datetime | None = None) -> None:
    """A board has spoken their last calls."""
    calls = [(each.prefix, each.number, each.call_count) for each in tickets]
    actions.announced(branch=tickets[0].branch, calls=calls, now=now)


def rows() -> list[tuple[int, int]]:
    """Ticket and call of what was spoken."""
    return list(Announcement.objects.order_by("id").values_list("ticket_id", "call"))


# --- the report ---


def test_a_paired_board_reports_what_it_has_spoken(cast: Cast, board: Client) -> None:
    one, other = called(cast), called(cast, 4)
    assert [each.id for each in board_screen.board(cast.branch).calls] == [id_of(other), id_of(one)]
    assert board.post(URL, {"call": [id_of(one), id_of(other)]}).status_code == 204
    assert board.post(URL, {"call": id_of(one)}).status_code == 204  # a second board, or once more
    assert rows() == [(one.pk, 1), (other.pk, 1)]


def test_nobody_else_is_believed(cast: Cast, client: Client) -> None:
    report = {"call": id_of(called(cast))}
    kiosk, _device = paired(cast, "kiosk")
    board, device = paired(cast, "board")
    assert client.post(URL, report).status_code == 403
    assert kiosk.post(URL, report).status_code == 403
    assert board.post("/board/shekou/spoken/", report).status_code == 403
    Device.objects.filter(pk=device.pk).update(revoked_at=timezone.now())
    assert board.post(URL, report).status_code == 403
    assert rows() == []


def test_what_is_no_call_of_today_is_passed_over(cast: Cast, board: Client) -> None:
    ticket = called(cast)
    waiting = cast.ticket()
    today, yesterday = (f"{day:%Y%m%d}-" for day in (ticket.day, ticket.day - dt.timedelta(days=1)))
    hostile = ["", "-", today, "x" * 5000, f"{yesterday}{ticket.code}-1", f"{ticket.code}-1"]
    hostile += [f"{today}{ticket.code}-{count}" for count in ("2", "0", "-1", "1e9", "9" * 30, "")]
    hostile += [f"{today}{waiting.code}-1", f"{today}P999999-1", f"{today}P{'0' * 40}1-1"]
    assert board.post(URL, {"call": hostile}).status_code == 204
    assert rows() == []


def test_a_board_that_reports_without_end_has_to_wait(cast: Cast, board: Client) -> None:
    answers = {board.post(URL, {"call": "x"}).status_code for _ in range(61)}
    assert answers == {204, 429}


def test_only_a_paired_board_has_where_to_report(cast: Cast, board: Client, client: Client) -> None:
    assert f'data-spoken="{URL}"' in board.get("/board/nanshan/").content.decode()
    assert "data-spoken" not in client.get("/board/nanshan/").content.decode()


# --- the board ---


def test_every_board_knows_what_one_of_them_has_spoken(cast: Cast, client: Client) -> None:
    ticket = called(cast)
    assert "data-announced" not in client.get("/board/nanshan/").content.decode()
    speak(ticket)
    assert "data-announced" in client.get("/board/nanshan/").content.decode()
    actions.recall(ticket=ticket, by=cast.clerk)  # it is spoken again
    assert "data-announced" not in client.get("/board/nanshan/").content.decode()


# --- the desk ---


def told(ticket: Ticket, now: dt.datetime | None = None) -> Told | None:
    return announced.told(Ticket.objects.get(pk=ticket.pk), now or timezone.now())


def test_where_no_board_reports_the_desk_makes_no_noise(cast: Cast) -> None:
    ticket = called(cast)
    assert told(ticket) is None
    assert told(ticket, timezone.now() + GIVEN_UP_AFTER * 2) is None


def test_the_desk_says_what_was_spoken_and_how_many_come_before(cast: Cast, client: Client) -> None:
    first, second, third = called(cast, 4), called(cast, 5), called(cast)
    client.force_login(cast.clerk)
    client.cookies["django_language"] = "en"
    assert "nnounced" not in client.get("/counter/").content.decode()
    speak(first)
    assert told(third) == Told(is_spoken=False, before=1, is_missed=False)
    assert "Not announced yet: 1 call before it" in client.get("/counter/").content.decode()
    speak(second)
    assert "Not announced yet" in client.get("/counter/").content.decode()
    speak(third)
    assert told(third) == Told(is_spoken=True, before=0, is_missed=False)
    assert "Announced" in client.get("/counter/").content.decode()
    actions.start(ticket=third, by=cast.clerk)
    assert told(third) is None


def test_a_voice_that_fell_silent_is_told_to_the_clerk(cast: Cast, client: Client) -> None:
    begin = timezone.now() - SILENT_AFTER * 2
    speak(called(cast, 4, begin), now=begin)
    ticket = called(cast, 3, begin + SECOND)
    late = begin + SECOND + SILENT_AFTER
    assert told(ticket, late) == Told(is_spoken=False, before=0, is_missed=False)
    assert told(ticket, late + SECOND) == Told(is_spoken=False, before=0, is_missed=True)
    client.force_login(cast.clerk)
    client.cookies["django_language"] = "en"
    page = client.get("/counter/").content.decode()
    assert "Not announced: call again, or by voice." in page


def test_a_voice_that_works_through_a_rush_is_not_called_silent(cast: Cast) -> None:
    begin = timezone.now()
    other, ticket = called(cast, 4, begin), called(cast, 3, begin + SECOND)
    late = begin + SILENT_AFTER * 2
    speak(other, now=late - SECOND)
    assert told(ticket, late) == Told(is_spoken=False, before=0, is_missed=False)
    after = begin + GIVEN_UP_AFTER + 2 * SECOND
    speak(other, now=after)  # whatever it speaks, it does not come round to this one
    assert told(ticket, after) == Told(is_spoken=False, before=0, is_missed=True)


def test_the_desks_are_nudged_when_the_voice_owes_them_a_call(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = timezone.now()
    ticket = called(cast, 3, begin)
    assert nudge(cast.branch, monkeypatch, begin) == nudge(
        cast.branch, monkeypatch, begin + SILENT_AFTER * 2
    )
    speak(called(cast, 4, begin), now=begin)
    soon = nudge(cast.branch, monkeypatch, begin + SECOND)
    late = nudge(cast.branch, monkeypatch, begin + SILENT_AFTER * 2)
    assert soon != late
    speak(ticket, now=begin)
    assert nudge(cast.branch, monkeypatch, begin + SILENT_AFTER * 2) not in (soon, late)


def nudge(branch: Branch, monkeypatch: pytest.MonkeyPatch, now: dt.datetime) -> str:
    """What the stream of the desks says at this moment."""
    monkeypatch.setattr(timezone, "now", lambda: now)
    key = Key("desk", branch.pk, "", "en")
    return streams.Desk().render(branch.pk, [key])[key]
