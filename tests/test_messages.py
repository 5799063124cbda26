"""Every string that people see is marked, and translated into both Chinese scripts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from django.template.base import Lexer, Token, TokenType
from django.utils import translation
from django.utils.translation import ngettext

from tools import messages
from tools.catalogues import BASE, path_of, read

pytestmark = pytest.mark.once

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
WORDS = re.compile(r"[A-Za-z]{2,}|[\u3400-\u9fff]")
ARGUMENT = re.compile(r"""\w+=(["'])([A-Z].*?)\1""")
SPOKEN_ATTRIBUTES = {"alt", "title", "aria-label", "aria-description", "placeholder", "label"}
# Names that are the same in every language.
ALLOWED = {"Hall", "QR", "简体中文", "繁體中文", "English", "API"}
# What a script or a style says, and what is printed on a key.
NOT_READ = {"script", "style", "kbd"}
# Pieces of attributes, not text.
IN_TAGS = {"components/kind.html", "queueing/ticket/data.html"}
PAGES = [
    path
    for path in messages.templates()
    if path.relative_to(BASE / "templates").as_posix() not in IN_TAGS
]
Found = tuple[int, str]


@pytest.fixture(scope="module")
def needed() -> Catalog:
    """What the sources ask to be translated."""
    return messages.collected()


@pytest.fixture(params=[messages.SOURCE, messages.MADE])
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    """One of the kept catalogues."""
    if not path_of(request.param).exists() and not os.environ.get("CI"):
        pytest.skip(f"There is no {path_of(request.param).relative_to(BASE)} yet: make messages.")
    return read(path_of(request.param))


def test_every_string_has_a_translation(needed: Catalog, catalogue: Catalog) -> None:
    """A new string in the sources fails here until it is translated."""
    assert untranslated(needed, catalogue) == []


def test_translations_keep_their_placeholders(catalogue: Catalog) -> None:
    """A lost placeholder would hide a number; an unknown one would break the page."""
    wrong = [message.id for message in catalogue if message.id and not same_placeholders(message)]
    assert wrong == []


def test_no_translation_is_left_without_a_use(needed: Catalog, catalogue: Catalog) -> None:
    """What nobody asks for any more is dropped by `make messages`."""
    assert [m.id for m in catalogue if m.id and not needed.get(key(m), m.context)] == []


def test_traditional_chinese_is_what_the_tool_makes(catalogue: Catalog) -> None:
    """Nobody edits it by hand: `make messages` would undo that."""
    made = messages.traditional(read(path_of(messages.SOURCE)))
    assert path_of(messages.MADE).read_bytes() == messages.as_bytes(made)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(BASE).as_posix())
def test_templates_hold_no_unmarked_text(path: Path) -> None:
    """Words outside `translate` stay in one language for ever."""
    assert list(unmarked(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Please wait</p>", [(1, "Please wait")]),
        ("\n<p>{{ name }} waits</p>", [(2, "waits")]),
        ("<p>请稍候</p>", [(1, "请稍候")]),
        ('<img alt="A queue">', [(1, "A queue")]),
        ('<input placeholder="{{ x }} Name">', [(1, "Name")]),
        ('{% include "a.html" with title="Sorry" %}', [(1, "Sorry")]),
        ("{% comment %}Please wait{% endcomment %}{# wait #}<!-- wait -->", []),
        ("{% blocktranslate %}Please {{ name }} wait{% endblocktranslate %}", []),
        ('<p class="big" title="{% translate "Big" %}">{% translate "Wait" %} · {{ x }}</p>', []),
        ('{% include "a.html" with title=_("Sorry") tone="good" %}', []),
        ("{% block body_class %}framed{% endblock %}", []),
        ("<button>{{ name }} <kbd>Enter</kbd></button>", []),
        ("<title>Hall</title><script>const answer = 42</script>", []),
    ],
)
def test_the_search_for_unmarked_text(source: str, found: list[Found]) -> None:
    """The search finds what it should, and no more."""
    assert list(unmarked(source)) == found


@pytest.mark.parametrize(
    ("string", "flags", "complete"),
    [("您好", (), True), ("", (), False), ("您好", ("fuzzy",), False), (None, (), False)],
)
def test_the_search_for_translations(string: str | None, flags: tuple[str], complete: bool) -> None:
    """An empty, a doubtful and a missing translation are all found."""
    wanted, kept = Catalog(), Catalog()
    wanted.add("Good day")
    if string is not None:
        kept.add("Good day", string, flags=flags)
    assert untranslated(wanted, kept) == ([] if complete else ["Good day"])


def test_both_kinds_of_sources_are_read(tmp_path: Path) -> None:
    """Code and templates, with plurals, contexts, trimmed blocks and arguments of tags."""
    code, page = tmp_path / "code.py", tmp_path / "page.html"
    code.write_text('_("One")\nngettext("%(n)s day", "%(n)s days", 2)\npgettext_lazy("c", "Two")\n')
    page.write_text(
        '{% translate "Three" %}\n  {% blocktranslate trimmed %}\n  Four\n  {{ x }}\n'
        '  {% endblocktranslate %}\n{% include "a" with title=_("Five") %}'
        "{% blocktranslate count n=n %}{{ n }} ticket{% plural %}{{ n }} tickets"
        "{% endblocktranslate %}"
    )
    found = [*messages.strings(code), *messages.strings(page)]
    assert found == [
        (None, "One"),
        (None, ("%(n)s day", "%(n)s days")),
        ("c", "Two"),
        (None, "Three"),
        (None, "Four %(x)s"),
        (None, "Five"),
        (None, ("%(n)s ticket", "%(n)s tickets")),
    ]


def test_terms_of_the_glossary_win() -> None:
    """The converter alone would write 信息 and keep a window a window by luck."""
    assert messages.to_traditional("请到 %(number)s 号窗口登录") == "請到 %(number)s 號窗口登入"


def test_english_plurals_need_no_catalogue() -> None:
    """English is the language of the sources."""
    with translation.override("en"):
        assert [ngettext("one day", "days", n) for n in (1, 2)] == ["one day", "days"]


def key(message: Message) -> str:
    """What a catalogue files a string under."""
    return message.id if isinstance(message.id, str) else message.id[0]


def untranslated(wanted: Catalog, kept: Catalog) -> list[str]:
    """The strings that are missing, empty in one of their forms, or marked as doubtful."""
    return [key(m) for m in wanted if m.id and not is_done(kept.get(key(m), m.context))]


def is_done(message: Message | None) -> bool:
    """Whether there is a translation to rely on."""
    return bool(message and not message.fuzzy and messages.all_forms(message.string))


def same_placeholders(message: Message) -> bool:
    """Whether each form of a translation has the placeholders of the (plural) string."""
    source = message.id if isinstance(message.id, str) else message.id[-1]
    forms = [message.string] if isinstance(message.string, str) else message.string or []
    wanted = set(PLACEHOLDER.findall(source))
    return all(set(PLACEHOLDER.findall(form)) == wanted for form in forms if form)


def unmarked(source: str) -> Iterator[Found]:
    """Line and text of each piece of a template that people read and nobody can translate."""
    tokens = list(marked_off(Lexer(source).tokenize()))
    yield from (found for token in tokens for found in literal_arguments(token))
    finder = TextFinder()
    finder.feed("".join(visible(token) for token in tokens))
    finder.close()
    yield from finder.found


def marked_off(tokens: list[Token]) -> Iterator[Token]:
    """The tokens outside comments and translated blocks; of those only their line breaks."""
    end = ""
    for token in tokens:
        tag = token.contents.split()[0] if token.token_type == TokenType.BLOCK else ""
        if end:
            yield Token(TokenType.TEXT, "\n" * token.contents.count("\n"), lineno=token.lineno)
            end = "" if tag == end else end
        elif tag in ("comment", "blocktranslate", "blocktrans") or is_class_block(token):
            end = f"end{tag}"
        else:
            yield token


def is_class_block(token: Token) -> bool:
    """Whether a block holds CSS classes, as its name says."""
    words = token.contents.split()
    return token.token_type == TokenType.BLOCK and words[0] == "block" and "class" in words[1]


def visible(token: Token) -> str:
    """A token's text; of a tag only its line breaks."""
    is_text = token.token_type == TokenType.TEXT
    return token.contents if is_text else "\n" * token.contents.count("\n")


def literal_arguments(token: Token) -> Iterator[Found]:
    """Sentences that a tag hands on without marking them: `with title="Sorry"`."""
    if token.token_type == TokenType.BLOCK and token.contents.startswith(("include ", "with ")):
        for _quote, text in ARGUMENT.findall(token.contents):
            yield token.lineno or 0, text


class TextFinder(HTMLParser):
    """Collects words between tags, and in attributes that people read or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Found] = []
        self.unread = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at the attributes; see whether to read on."""
        self.unread = tag in NOT_READ
        for name, value in attrs:
            if name in SPOKEN_ATTRIBUTES:
                self.note(value or "")

    def handle_endtag(self, tag: str) -> None:
        """Read on."""
        self.unread = False

    def handle_data(self, data: str) -> None:
        """Look at the text."""
        if not self.unread:
            self.note(data)

    def note(self, text: str) -> None:
        """Keep a text with words in it."""
        words = " ".join(text.split())
        if WORDS.search(words) and words not in ALLOWED:
            blank = text[: len(text) - len(text.lstrip())]
            self.found.append((self.getpos()[0] + blank.count("\n"), words))
