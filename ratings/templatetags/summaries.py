"""How figures are written on a summary's page."""

from __future__ import annotations

from django import template

from ratings.screens import summary_words as words

register = template.Library()
register.filter("number", words.number)
register.filter("row_name", words.name_of)


@register.filter
def share(part: int | None, whole: int | None) -> str:
    """A part in percent of the whole; blank where there is nothing to be a part of."""
    return words.share(part, whole) if whole else ""
