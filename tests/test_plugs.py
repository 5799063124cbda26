"""What higher apps plug into lower ones: typed, under a name of its own, in a fixed order."""

from __future__ import annotations

import pytest

from hall import live
from hall.plugs import Socket, register
from staff import nav, panels


def test_order_decides_then_the_name_never_who_came_first() -> None:
    for names in (["b", "a", "late", "first"], ["first", "late", "a", "b"]):
        socket: Socket[str] = Socket("letters")
        for name in names:
            register(socket, name.upper(), name=name, order={"first": -1, "late": 1}.get(name, 0))
        assert list(socket) == ["FIRST", "A", "B", "LATE"]
        assert [name for name, _thing in socket.items()] == ["first", "a", "b", "late"]


def test_a_name_is_registered_once() -> None:
    socket: Socket[int] = Socket("numbers")
    register(socket, 1, name="one")
    with pytest.raises(ValueError, match=r"numbers: 'one' is registered already\."):
        register(socket, 11, name="one")
    assert (list(socket), socket.get("one"), socket.get("two")) == ([1], 1, None)


def test_the_pages_of_the_staff_keep_their_order() -> None:
    in_order = ["alarms", "duty", "floor", "lines", "ratings", "matters"]
    assert [name for name, _panel in panels.PANELS.items()] == in_order
    apps = ["queueing", "ratings", "complaints", "staff"]
    assert [name for name, _columns in panels.OVERVIEW.items()] == apps
    menu = ["counter", "supervision", "matters", "summaries"]
    assert [name for name, _place in nav.PLACES.items()] == menu
    begins = ["administration", "supervision", "counter", "kiosk", "matters"]
    assert [name for name, _place in nav.LANDINGS.items()] == begins


def test_every_app_brings_what_its_screens_watch() -> None:
    sources = {"board", "display", "ticket", "kiosk", "desk", "matters", "pad", "panels"}
    assert {name for name, _source in live.SOURCES.items()} == sources
    markers = {"notices", "steps", "seats", "matters", "ratings", "duty", "outbox", "announcements"}
    assert {name for name, _marker in live.MARKERS.items()} == markers
