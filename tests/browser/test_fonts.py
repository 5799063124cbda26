"""Letters and digits are Hall's own on every machine; characters are the machine's."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NewContext
from tests.cast import Cast
from tests.fonts import FONT_SETS, FontSet

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
each_set = pytest.mark.parametrize(
    "fonts", FONT_SETS, ids=[each.slug for each in FONT_SETS], indirect=True
)
SAMPLE = "A012 B003 Please come to counter 14, 9:05–16:30"
# The widths of two lines of text, in our face and in another one.
WIDTHS = """([text, family]) => ["", family].map((family) => {
  const line = document.createElement("span");
  line.textContent = text;
  line.style.cssText = "position: absolute; white-space: nowrap; font-size: 200px";
  line.style.fontFamily = family;
  document.body.append(line);
  return [line.getBoundingClientRect().width, line.offsetHeight];
})"""


def fonts_of(page: Page, selector: str) -> set[str]:
    """The fonts that Chromium really drew the words of an element with."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})
    used = session.send("CSS.getPlatformFontsForNode", node)["fonts"]
    return {font["familyName"] for font in used}


@each_set
@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_letters_are_ours_and_characters_are_the_machines(
    cast: Cast, new_context: NewContext, fonts: FontSet, language: str
) -> None:
    page = new_context().new_page()
    page.goto(f"/board/nanshan/?lang={language}")
    assert fonts_of(page, ".time") == {"Hall Sans"}
    written = fonts_of(page, ".board-head h1")
    if language == "en":
        assert written == {"Hall Sans"}
    else:
        assert len(written) == 1
        assert written <= set(fonts.chinese)


@each_set
def test_an_english_text_has_our_signs_and_a_chinese_one_the_machines(
    cast: Cast, new_context: NewContext, fonts: FontSet
) -> None:
    page = new_context().new_page()
    page.goto("/?lang=en")
    for language, drawn in (("en", {"Hall Sans"}), ("zh-Hans", set(fonts.chinese))):
        page.evaluate(
            """language => { const text = document.body.appendChild(document.createElement("p"));
              text.id = language; text.lang = language; text.textContent = "“…”" }""",
            language,
        )
        assert fonts_of(page, f"#{language}") <= drawn, language


@pytest.mark.parametrize("fonts", FONT_SETS[:1], ids=["noto"], indirect=True)
def test_our_letters_are_those_of_noto_sans_cjk(cast: Cast, new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto("/sign-in/")
    ours, theirs = page.evaluate(WIDTHS, [SAMPLE, "Noto Sans CJK SC"])
    assert ours[0] == pytest.approx(theirs[0], rel=0.005)
    page.evaluate("document.body.style.lineHeight = 'normal'")
    ours, theirs = page.evaluate(WIDTHS, [SAMPLE, "Noto Sans CJK SC"])
    assert ours[1] == pytest.approx(theirs[1], abs=1)
