"""What the kiosk offers: each service with its line, and what is left of its tickets of the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from hall.models import Branch, Offering
from queueing import numbering
from queueing.figures import waits

# So few may be gone before the visitor has read to the end, so they are told.
FEW: Final = 5


@dataclass(frozen=True)
class Stock:
    """How many tickets may still be taken today; None: as many as come."""

    left: int | None = None

    @property
    def is_gone(self) -> bool:
        return self.left == 0

    @property
    def is_low(self) -> bool:
        return self.left is not None and 0 < self.left <= FEW


@dataclass(frozen=True)
class OnOffer:
    """A service as the kiosk offers it at this moment."""

    line: waits.Line
    stock: Stock

    @property
    def can_be_taken(self) -> bool:
        return self.line.offering.is_open and not self.stock.is_gone


def on_offer(branch: Branch, categories: Iterable[int]) -> list[OnOffer]:
    """The services of these categories; one query more than the lines if one has a limit."""
    queues = waits.queues(branch)
    wanted = set(categories)
    lines = [each for each in queues.lines if each.offering.service.category_id in wanted]
    left = numbering.left([each.offering for each in lines], queues.now)
    return [OnOffer(each, Stock(left.get(each.offering.pk))) for each in lines]


def stock(offering: Offering, now: dt.datetime | None = None) -> Stock:
    """What is left of one service (one query if it has a limit)."""
    return Stock(numbering.left([offering], now or timezone.now()).get(offering.pk))


def all_taken(offerings: Iterable[Offering]) -> set[int]:
    """Which of the offerings, by id, have no ticket left today."""
    left = numbering.left(offerings, timezone.now())
    return {pk for pk, count in left.items() if count == 0}
