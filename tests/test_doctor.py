"""`manage.py doctor` says in one line what a machine lacks; so do the tests of fonts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from hall import doctor
from tests import fonts
from tests.fonts import FONT_SETS, FontSet
from tests.needs import or_skip
from tests.servers import Missing

pytestmark = pytest.mark.once
NOWHERE = FontSet("Nobody's + Noto", "nobodys", "Nobody's Sans", ("Noto Sans CJK SC",), ("a", "b"))


def said() -> str:
    """What the command says."""
    output = io.StringIO()
    call_command("doctor", stdout=output)
    return output.getvalue()


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with fontconfig and not one font."""
    if doctor.families("") is None:
        pytest.skip("no fontconfig here")
    config = tmp_path / "fonts.conf"
    config.write_text(fonts.CONFIG.format(fonts=tmp_path / "none", cache=tmp_path))
    monkeypatch.setenv("FONTCONFIG_FILE", str(config))
    fonts.files_of.cache_clear()
    yield
    fonts.files_of.cache_clear()


@pytest.fixture(params=FONT_SETS, ids=[each.slug for each in FONT_SETS])
def furnished(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FontSet:
    """A machine that has one of the sets alone."""
    chosen: FontSet = request.param
    or_skip(chosen.check)
    for name, value in chosen.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    return chosen


def test_no_chinese_font_is_one_plain_line(bare: None) -> None:
    assert said() == f"{doctor.NO_CHINESE}\n"


def test_without_fontconfig_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert said() == f"{doctor.CANNOT_TELL}\n"


def test_where_nothing_is_missing_it_says_so(furnished: FontSet) -> None:
    assert said() == "Nothing is missing here.\n"


def test_a_fault_is_an_error_and_comes_after_the_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    fault, hint = doctor.Finding("It is broken.", is_fault=True), doctor.Finding("By the way.")
    monkeypatch.setattr(doctor, "CHECKS", [lambda: [fault], lambda: [hint]])
    output = io.StringIO()
    with pytest.raises(CommandError, match="It is broken"):
        call_command("doctor", stdout=output)
    assert output.getvalue() == "By the way.\n"


def test_a_browser_finds_the_fonts_of_a_set_and_no_others(furnished: FontSet) -> None:
    found = doctor.families("") or set()
    assert furnished.latin in found
    assert any(family in found for family in furnished.chinese)
    others = {
        name for each in FONT_SETS if each is not furnished for name in (each.latin, *each.chinese)
    }
    assert not found & others


def test_a_set_that_is_not_here_says_what_to_install() -> None:
    with pytest.raises(Missing, match=r"^Layout was not measured with Nobody's .*install a b$"):
        NOWHERE.check()


def test_the_tests_say_that_there_is_no_chinese_font(bare: None) -> None:
    assert list(fonts.lacking()) == [fonts.NO_CHINESE]


def test_the_tests_say_which_set_is_missing(furnished: FontSet) -> None:
    fonts.files_of.cache_clear()
    (sentence,) = fonts.lacking()
    (other,) = (each for each in FONT_SETS if each is not furnished)
    fonts.files_of.cache_clear()
    assert sentence.startswith(f"Layout was not measured with {other.name}: apt-get install ")
