"""The way between the pages of the staff, and where a member's day begins.

Each page is plugged in by the app that owns it, with the permission that it asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from hall.plugs import Socket
from staff import access
from staff.rights import Right


@dataclass(frozen=True)
class Place:
    """A page of the staff: who may open it, the name of its address, and what leads to it."""

    right: Right
    url_name: str
    label: str | Promise = ""


# What stands in the menu, and where a day may begin; of the latter the first that fits is taken.
PLACES: Socket[Place] = Socket("menu")
LANDINGS: Socket[Place] = Socket("landings")


@dataclass(frozen=True)
class Link:
    """A place to go to, and whether we are there."""

    address: str
    label: str | Promise
    is_current: bool


def links(request: HttpRequest) -> dict[str, Callable[[], list[Link]]]:
    """``staff_links`` for every template; nothing is asked unless a template asks."""
    return {"staff_links": lambda: places(request)}


def places(request: HttpRequest) -> list[Link]:
    """Where the member may go, on pages of the staff; nothing on those of visitors."""
    known = [(place, reverse(place.url_name)) for place in PLACES]
    if not any(request.path.startswith(address) for _place, address in known):
        return []
    # A page that says what went wrong may come before it is known who asks.
    member = access.signed_in(request) if hasattr(request, "user") else None
    if member is None:
        return []
    found = [
        Link(address, place.label, request.path.startswith(address))
        for place, address in known
        if access.may(member, place.right)
    ]
    if access.may(member, Right.ADMINISTRATION):
        found.append(Link(reverse("admin:index"), gettext_lazy("Administration"), False))
    return found


def landing(may: Callable[[Right], bool]) -> str:
    """The address where the day of a member with these rights begins."""
    names = (place.url_name for place in LANDINGS if may(place.right))
    return reverse(next(names, "hall:start"))
