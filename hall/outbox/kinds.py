"""The kinds of parcels. An app declares its own, and registers them when it is ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise

from hall.models import Parcel
from hall.plugs import Socket

Trouble = Parcel.Trouble
# Seconds between one try and the next: a gateway that is away over night is still tried again.
PATIENT: Final = (10, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800)


class Undelivered(Exception):
    """It did not get there, surely, and may be tried again."""

    def __init__(self, trouble: Trouble = Trouble.UNREACHABLE) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


class InDoubt(Undelivered):
    """It may have got there, or not."""


class Hopeless(Undelivered):
    """It did not get there, and never will."""


class Needless(Exception):
    """There is nobody to deliver it to any more."""


@dataclass(frozen=True)
class Content:
    """What is delivered. The ``key`` is the same however often it is tried."""

    key: str
    payload: Mapping[str, Any]
    body: bytes = b""


@dataclass(frozen=True)
class Kind:
    """One kind of parcel.

    ``deliver`` returns when it got there, or raises one of the above. What ``comes_once`` waits
    for a person when its outcome is unknown; everything else is tried again, and may come twice.
    """

    name: str
    label: Promise
    deliver: Callable[[Content], None]
    comes_once: bool = False
    pauses: Sequence[int] = PATIENT


KINDS: Final[Socket[Kind]] = Socket("kinds of parcels")
