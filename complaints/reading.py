"""Reading what people type: ticket codes and reference numbers, however they copy them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from complaints.models import REFERENCE_DIGITS

LONGEST: Final = 200  # of a code or a number; what is longer is neither
APART: Final = re.compile(r"[\s\-\u2010-\u2015\u2212_.·、,]+")


def compact(typed: str) -> str:
    """Full-width signs made plain, in capitals, without spaces, dashes and invisible marks."""
    plain = unicodedata.normalize("NFKC", typed[:LONGEST])
    seen = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    return APART.sub("", seen).upper()


def as_code(typed: str) -> tuple[str, int] | None:
    """Prefix and number of a ticket's code such as A042."""
    found = re.fullmatch(r"([A-Z]{1,2})([0-9]{1,6})", compact(typed))
    return (found[1], int(found[2])) if found else None


def as_reference(typed: str) -> str | None:
    """A reference number, if what was typed has its form."""
    digits = compact(typed)
    is_one = re.fullmatch(rf"[0-9]{{{REFERENCE_DIGITS}}}", digits) is not None
    return digits if is_one and len(typed) <= LONGEST else None


def is_number(typed: str) -> bool:
    """Whether somebody means a number: there is not one letter in it."""
    return not any(sign.isalpha() for sign in typed)
