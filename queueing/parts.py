"""What other parts of the hall add to a visitor's page; named by the settings, so from above."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from queueing.models import Ticket

Add = Callable[[Sequence[Ticket], HttpRequest | None], Mapping[int, str]]


@cache
def _adders() -> list[Add]:
    return [import_string(path) for path in settings.HALL_TICKET_PARTS]


def on_tickets(
    tickets: Sequence[Ticket], request: HttpRequest | None = None
) -> Mapping[int, list[str]]:
    """The added parts of each ticket's page, by ticket, in the active language.

    All tickets at once, so that the queries are as many for one as for a hundred.
    """
    parts: dict[int, list[str]] = defaultdict(list)
    for add in _adders():
        for pk, html in add(tickets, request).items():
            parts[pk].append(html)
    return parts
