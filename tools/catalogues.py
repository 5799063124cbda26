"""Compiles the translations: every locale/*/LC_MESSAGES/django.po to the .mo beside it.

    python -m tools.catalogues

Needs Babel alone, which a hall has anyway.
"""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

BASE = Path(__file__).resolve().parent.parent
LOCALES = BASE / "locale"


def path_of(locale: str) -> Path:
    """Where the catalogue of a locale is kept."""
    return LOCALES / locale / "LC_MESSAGES" / "django.po"


def read(path: Path) -> Catalog:
    """A catalogue as it is kept; empty if there is none yet."""
    locale = path.parent.parent.name
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as source:
        return read_po(source, locale=locale, abort_invalid=True)


def compile_all(locales: Path = LOCALES) -> None:
    """Compile each catalogue that is newer than what was compiled of it."""
    for source in sorted(locales.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            compile_one(source, target)


def compile_one(source: Path, target: Path) -> None:
    """Compile one catalogue; readers see the old one or the new one, never half."""
    unfinished = target.with_suffix(".tmp")
    with unfinished.open("wb") as file:
        write_mo(file, read(source))
    unfinished.replace(target)


if __name__ == "__main__":
    compile_all()
