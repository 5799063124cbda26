"""The way between the pages of the staff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from staff.access import WATCH
from staff.models import Member

PLACES: Final = [
    ("queueing.serve_visitors", "queueing:counter", gettext_lazy("Counter")),
    (WATCH, "staff:supervisor", gettext_lazy("Supervision")),
    ("complaints.handle_matters", "complaints:desk", pgettext_lazy("menu", "Matters")),
    ("ratings.read_summaries", "ratings:summaries", gettext_lazy("Summaries")),
]


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
    known = [(permission, reverse(name), label) for permission, name, label in PLACES]
    member: Any = getattr(request, "user", None)
    if not any(request.path.startswith(address) for _permission, address, _label in known):
        return []
    if not isinstance(member, Member):
        return []
    found = [
        Link(address, label, request.path.startswith(address))
        for permission, address, label in known
        if member.has_perm(permission)
    ]
    if member.is_staff:
        found.append(Link(reverse("admin:index"), gettext_lazy("Administration"), False))
    return found
