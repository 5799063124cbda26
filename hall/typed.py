"""What people type, and addresses say, as what it means: one function a kind.

Each answers None for what is not one of its kind: nothing is guessed, and nothing is an error page.
Digits may be full-width, as a Chinese keyboard gives them; those of other scripts are none, for
nobody here can check them by eye. Every number is one that the database's column holds.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import uuid
from typing import Final

LONGEST: Final = 200  # of a code or a number; what is longer is neither
ID: Final = 2**63 - 1  # the largest id of a row
SMALL: Final = 32_767  # the largest number in a small column, as a counter's
YEARS: Final = range(1970, 9999)  # so that the days beside them can be computed, too
FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９", "0123456789")
APART: Final = re.compile(r"[\s\-\u2010-\u2015\u2212_.·、,]+")
# Neither database, nor the other's driver, keeps a NUL or half of a pair of surrogates.
UNKEPT: Final = re.compile("[\x00\ud800-\udfff]")
DAY: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")


# --- words ---


def clean(text: str) -> str:
    """The text without the marks that no database keeps."""
    return UNKEPT.sub("", text)


def words(text: str) -> str:
    """A long text, with one kind of line break, so that a browser's two do not count double."""
    return clean(text).replace("\r\n", "\n").replace("\r", "\n").strip()


def line(text: str) -> str:
    """A short text on one line, whatever was pasted."""
    return " ".join(clean(text).split())


# --- numbers ---


def number(text: str | None, *, most: int = ID) -> int | None:
    """A whole number from nought on, as an id is."""
    digits = (text or "")[:LONGEST].strip().translate(FULL_WIDTH)
    # As many digits as ID has: no longer text is worth turning into a number.
    if not re.fullmatch("[0-9]{1,19}", digits):
        return None
    return int(digits) if int(digits) <= most else None


def compact(text: str) -> str:
    """Full-width signs made plain, in capitals, without spaces, dashes and invisible marks."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST])
    seen = "".join(sign for sign in plain if unicodedata.category(sign)[0] != "C" or sign.isspace())
    return APART.sub("", seen).upper()


def ticket_code(text: str) -> tuple[str, int] | None:
    """Prefix and number of a ticket's code such as A042."""
    found = re.fullmatch(r"([A-Z]{1,2})([0-9]{1,6})", compact(text))
    return (found[1], int(found[2])) if found and len(text) <= LONGEST else None


def digits(text: str, fewest: int, most: int) -> str | None:
    """Digits, so many of them, however they are grouped: a reference number, or a part of one."""
    found = re.fullmatch(rf"[0-9]{{{fewest},{most}}}", compact(text))
    return found[0] if found and len(text) <= LONGEST else None


def letters_and_digits(text: str) -> str | None:
    """A code such as a device shows, in capitals."""
    found = re.fullmatch(r"[0-9A-Z]+", compact(text))
    return found[0] if found and len(text) <= LONGEST else None


def has_no_letter(text: str) -> bool:
    """Whether somebody means a number, be it a right one or not."""
    return not any(sign.isalpha() for sign in text)


# --- days ---


def month(text: str | None) -> tuple[int, int] | None:
    """The year and the number of a month such as 2026-10."""
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text or "")
    return (int(found[1]), int(found[2])) if found and int(found[1]) in YEARS else None


def day(text: str | None) -> dt.date | None:
    """A day such as 2026-03-06, 2026/3/6 or 2026年3月6日."""
    found = DAY.fullmatch((text or "").strip().translate(FULL_WIDTH))
    if found is None or int(found[1]) not in YEARS:
        return None
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


# --- names in addresses and forms ---


def token(text: str | None) -> str | None:
    """The unguessable name of a ticket or a matter."""
    return text if text and re.fullmatch(r"[0-9A-Za-z_-]{1,24}", text) else None


def slug(text: str | None) -> str | None:
    """The name of a branch or a service in an address."""
    return text if text and re.fullmatch(r"[0-9A-Za-z_-]{1,50}", text) else None


def key(text: str | None) -> uuid.UUID | None:
    """The key of a form."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
