"""What somebody typed is read in one place: what it means, or None; never an error page."""

from __future__ import annotations

import ast
import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django import forms
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as some

from hall import typed
from hall.calendar import Month
from hall.forms import DayField
from hall.models import Counter
from tests.cast import Cast
from tests.test_architecture import ROOT, modules

pytestmark = pytest.mark.once

ODD = [
    "",
    " ",
    "\x00",
    "x",
    "-1",
    "+1",
    "1.5",
    "1e3",
    "٣",
    "²",
    "Ⅳ",
    "𝟘",
    "9" * 30,
    "1\x002",
    "\ud800",
]


@pytest.mark.parametrize("text", [*ODD, None, str(2**63)])
def test_no_number(text: str | None) -> None:
    assert typed.number(text) is None


def test_numbers_as_people_type_them() -> None:
    assert [typed.number(each) for each in ("0", "007", " 12 ", "１２", str(2**63 - 1))] == [
        0,
        7,
        12,
        12,
        2**63 - 1,
    ]
    assert typed.number("32767", most=typed.SMALL) == 32_767
    assert typed.number("32768", most=typed.SMALL) is None


def test_codes_and_reference_numbers_however_they_are_copied() -> None:
    assert (
        typed.compact("Ａ－０４２")
        == typed.compact(" a 042 ")
        == typed.compact("A\u200b042")
        == "A042"
    )
    assert typed.ticket_code("A042") == typed.ticket_code("a42") == ("A", 42)
    assert not any(map(typed.ticket_code, ("ABC1", "A1234567", "042", "A٣", "")))
    assert typed.digits("1234 5678－９012 3456", 16, 16) == "1234567890123456"
    assert not typed.digits("1" * 15, 16, 16) and not typed.digits("٣" * 16, 16, 16)
    assert typed.digits(" " * 300 + "1" * 16, 16, 16) is None
    assert typed.digits("1" * 16 + " " * 300, 16, 16) is None
    assert (
        typed.letters_and_digits("acd-efg") == typed.letters_and_digits("ＡＣＤ ＥＦＧ") == "ACDEFG"
    )
    assert not any(map(typed.letters_and_digits, ("", "-", "'; --", "é", "字")))


@pytest.mark.parametrize(
    "text", ["2026-03-06", "2026/3/6", "2026.03.06", "２０２６年３月６日", " 2026-3-6 "]
)
def test_a_day(text: str) -> None:
    assert typed.day(text) == dt.date(2026, 3, 6)


@pytest.mark.parametrize("text", [*ODD, None, "2026-02-30", "0001-01-01", "9999-12-31", "20260306"])
def test_no_day_and_no_month(text: str | None) -> None:
    assert typed.day(text) is None and typed.month(text) is None


def test_a_month_has_neighbours_however_far_it_is() -> None:
    for text in ("1970-01", "9998-12"):
        month = Month(*(typed.month(text) or ()))
        assert month.previous < month < month.next
    assert typed.month("1969-12") is typed.month("9999-01") is typed.month("2026-13") is None


def test_names_in_addresses() -> None:
    assert typed.token("a-_Z9") == typed.slug("a-_Z9") == "a-_Z9"
    for text in ("", None, "a\x00b", "a b", "a/b", "é", "a" * 65, "a\n"):
        assert typed.token(text) is typed.slug(text) is None
    key = uuid.uuid4()
    assert typed.key(str(key)) == key and typed.key("no") is typed.key(None) is None


def test_words_lose_what_no_database_keeps_and_nothing_else() -> None:
    assert typed.words(" a\x00b\r\nc\rd\ud800 ") == "ab\nc\nd"
    assert typed.line(" a\x00\n b\t c ") == "a b c"
    assert typed.words("👩‍👩‍👧 字\u200b") == "👩‍👩‍👧 字\u200b"


READERS: list[Callable[[str], object]] = [
    typed.number,
    typed.ticket_code,
    typed.letters_and_digits,
    typed.month,
    typed.day,
    typed.token,
    typed.slug,
    typed.key,
    typed.words,
    typed.line,
    lambda text: typed.digits(text, 4, 16),
]


@given(some.text(alphabet=some.characters(codec=None, exclude_categories=()), max_size=60))
def test_nothing_that_can_be_typed_is_an_error(text: str) -> None:
    for read in READERS:
        said = read(text)
        if isinstance(said, str):
            assert "\x00" not in said
            said.encode()  # no half of a pair of surrogates


def test_what_was_read_can_be_asked_of_the_database(cast: Cast) -> None:
    for text in ("32767", "9223372036854775807"):
        assert not Counter.objects.filter(number=typed.number(text) or 0).exists()
    assert Counter.objects.filter(branch=cast.branch, number=typed.number("３") or 0).exists()


def test_a_day_in_a_form_says_how_to_write_it() -> None:
    class Form(forms.Form):
        day = DayField()

    assert Form({"day": "2026年3月6日"}).is_valid()
    with translation.override("en"):
        for wrong in ("banana", "2026-02-30", "0001-01-01"):
            assert Form({"day": wrong}).errors["day"] == [
                "Please write the day like this: 2026-03-06."
            ]


# --- no other place ---


def read_elsewhere(source: str) -> Iterator[str]:
    """Where code looks at digits or at marks that no database keeps by itself."""
    for node in ast.walk(ast.parse(source)):
        if getattr(node, "attr", "") in {"isdecimal", "isdigit", "isnumeric", "isascii"}:
            yield ast.unparse(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\x00" in node.value:
            yield repr(node.value)


@pytest.mark.parametrize("path", list(modules()), ids=str)
def test_no_other_code_reads_digits(path: Path) -> None:
    if path != ROOT / "hall" / "typed.py":
        assert not list(read_elsewhere(path.read_text()))


def test_this_rule_can_fail() -> None:
    assert list(read_elsewhere("text.isdecimal()"))
    assert list(read_elsewhere(r"text.replace('\x00', '')"))
