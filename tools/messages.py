"""Brings the translations up to date with the sources.

    python -m tools.messages

Collects every string that the code and the templates hand to gettext. Simplified Chinese
(locale/zh_Hans) keeps its translations, gets new strings with an empty one, and loses those
that nobody uses any more. Traditional Chinese (locale/zh_Hant) is made from it: by OpenCC's
`s2hk`, except for the terms in zh_hant_glossary.txt. English is the language of the sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po
from django.utils.translation.template import templatize
from opencc import OpenCC

from tools.catalogues import BASE, compile_all, path_of, read

APPS = ("hall", "staff", "queueing", "complaints", "ratings")
GLOSSARY = Path(__file__).with_name("zh_hant_glossary.txt")
SOURCE, MADE = "zh_Hans", "zh_Hant"
# Which arguments hold a string ("c": its context); None: the first one.
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
# Headers that would differ each time, or name a person.
VOLATILE = re.compile(
    rb'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team'
    rb"|Report-Msgid-Bugs-To|Generated-By|Project-Id-Version): .*\n",
    re.MULTILINE,
)
Text = str | tuple[str, ...]
Translation = str | tuple[str, ...] | list[str] | None


def code() -> list[Path]:
    """Every file of Python that speaks to people."""
    found = (path for app in APPS for path in (BASE / app).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)


def templates() -> list[Path]:
    """Every template."""
    return sorted(path for path in (BASE / "templates").rglob("*") if path.suffix)


def collected() -> Catalog:
    """The strings of all sources, each with the files that use it."""
    catalogue = Catalog()
    for path in code() + templates():
        place = path.relative_to(BASE).as_posix()
        for context, text in strings(path):
            catalogue.add(text, context=context, locations=[(place, 0)])
    return catalogue


def strings(path: Path) -> Iterator[tuple[str | None, Text]]:
    """Each string of one file, with its context."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        source = as_python(source, str(path))
    for _line, text, _comments, context in extract("python", BytesIO(source.encode()), KEYWORDS):
        yield context, text


def as_python(template: str, origin: str) -> str:
    """A template as calls of gettext; its indents would mean something to Python."""
    return "\n".join(line.strip() for line in templatize(template, origin).splitlines())


def simplified(found: Catalog) -> Catalog:
    """The Simplified Chinese catalogue with the strings that were found."""
    catalogue = read(path_of(SOURCE))
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    for message in catalogue:
        message.string = message.string or ""
    return catalogue


def traditional(source: Catalog) -> Catalog:
    """The Traditional Chinese catalogue that follows from the Simplified one."""
    catalogue = Catalog(locale=MADE)
    for message in source:
        if message.id:
            catalogue.add(
                message.id,
                converted(message.string),
                locations=message.locations,
                flags=message.flags,
                context=message.context,
            )
    return catalogue


def converted(text: Translation) -> Text:
    """A translation, or each of its plural forms, in Traditional Chinese."""
    if isinstance(text, str):
        return to_traditional(text)
    return tuple(map(to_traditional, text or ()))


def to_traditional(text: str) -> str:
    """Simplified text in the Traditional Chinese of Hong Kong; the glossary's terms as it says."""
    terms, pattern = glossary()
    parts = pattern.split(text)
    return "".join(terms[part] if part in terms else converter().convert(part) for part in parts)


@cache
def converter() -> OpenCC:
    """OpenCC, which is slow to load."""
    return OpenCC("s2hk")


@cache
def glossary() -> tuple[dict[str, str], re.Pattern[str]]:
    """The terms that OpenCC would not get as the hall writes them, and what finds them."""
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    terms: dict[str, str] = dict(pairs)
    longest_first = sorted(terms, key=len, reverse=True)
    return terms, re.compile(f"({'|'.join(map(re.escape, longest_first))})")


def as_bytes(catalogue: Catalog) -> bytes:
    """A catalogue as it is kept: sorted, and the same for the same strings."""
    catalogue.fuzzy = False
    catalogue.header_comment = ""
    file = BytesIO()
    write_po(file, catalogue, width=96, sort_output=True, include_lineno=False)
    return VOLATILE.sub(b"", file.getvalue()).lstrip()


def write(locale: str, catalogue: Catalog) -> None:
    """Keep a catalogue, unless it says what it said before."""
    path, content = path_of(locale), as_bytes(catalogue)
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def main() -> None:
    """Update both catalogues and say what is left to translate."""
    source = simplified(collected())
    write(SOURCE, source)
    write(MADE, traditional(source))
    compile_all()
    missing = sum(not all_forms(message.string) for message in source if message.id)
    print(f"{len(source)} strings, {missing} of them without a translation in {path_of(SOURCE)}")


def all_forms(text: Translation) -> bool:
    """Whether a translation is there, in each of its forms."""
    return bool(text) and all(text or ())


if __name__ == "__main__":
    main()
