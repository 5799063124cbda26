"""The hall's languages, and which text of a row a person reads."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.utils import translation

HTML_TAG: Final = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant", "en": "en"}


def known(language: str | None) -> str:
    """The language itself if the hall speaks it, else the hall's default."""
    return language if language in HTML_TAG else settings.LANGUAGE_CODE


def in_language(row: object, field: str, language: str | None = None) -> str:
    """The text of ``field`` in the active (or given) language.

    Rows keep a text in three columns (``name_zh_hans``, ``name_zh_hant``, ``name_en``).
    Simplified Chinese is always there; a blank one falls back to it.
    """
    code = known(language or translation.get_language()).replace("-", "_")
    text: str = getattr(row, f"{field}_{code}") or getattr(row, f"{field}_zh_hans")
    return text
