"""How a form names a visit or a rating: signed for one counter, for a short while, and no key.

The same visit is signed alike each time, so that a live fragment changes only with its content.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from hall.models import Counter

VISIT: Final = "ratings.visit"
RATING: Final = "ratings.rating"


def name(kind: str, pk: int, counter: Counter, until: dt.datetime) -> str:
    """The signed name of a row, good at this counter until this moment."""
    # Not TimestampSigner: it signs the moment as well, and the fragment would change each time.
    return Signer(salt=kind).sign_object([pk, counter.pk, int(until.timestamp())])


def opened(kind: str, text: str, counter: Counter, now: dt.datetime | None = None) -> int | None:
    """The row that a signed name means; None if it is forged, of another counter, or too old."""
    try:
        pk, place, until = Signer(salt=kind).unsign_object(text)
    except (BadSignature, ValueError):
        return None
    moment = now or timezone.now()
    # Of one counter: a form from a pad elsewhere in the hall rates nobody here.
    return int(pk) if place == counter.pk and moment.timestamp() <= until else None
