"""A filtered list with pages: what somebody asked for, what of it was understood, and which page.

Each value stands by itself: one that is not understood gets a sentence beside its field, and the
others still hold. Markup is ours (``staff/supervisor/filter.html``, ``components/pages.html``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django_filters import DateFilter
from django_filters.filterset import FilterSet

from hall.forms import DayField

PER_PAGE: Final = 50
M = TypeVar("M", bound=Model)


class DayFilter(DateFilter):
    field_class = DayField


class Filter(FilterSet):
    """The fields above a list.

    ``initial`` is what the list opens with, and falls back to; ``choices`` the rows from which a
    field may choose here, by its name.
    """

    def __init__(
        self,
        asked: Any,
        rows: QuerySet[Any],
        initial: Mapping[str, Any],
        choices: Mapping[str, QuerySet[Any]] | None = None,
    ) -> None:
        # None: a list that is opened without a question is not a form with mistakes.
        super().__init__(asked or None, queryset=rows)  # type: ignore[no-untyped-call]
        self.initial = initial
        for name, found in (choices or {}).items():
            self.filters[name].field.queryset = found
        for name, value in initial.items():
            self.form.fields[name].initial = value

    def value(self, name: str) -> Any:
        """What is asked for; ``initial`` if nothing is, or if it was not understood."""
        # Asking for its errors is what makes the form clean its fields.
        known = self.form.cleaned_data if self.is_bound and self.form.errors is not None else {}
        return known.get(name) or self.initial.get(name)

    def whole(self, rows: QuerySet[Any], _name: str, _value: object) -> QuerySet[Any]:
        """Of a field that chooses no rows by itself: the list asks for its ``value``."""
        return rows


@dataclass(frozen=True)
class Listed(Generic[M]):
    """One page of a list, and what the addresses of its other pages have in common."""

    page: Page[M]
    asked: str


def page_of(request: HttpRequest, rows: QuerySet[M]) -> Listed[M]:
    """The page that the address asks for; the first if it is no number, the last if there is
    none of it."""
    asked = request.GET.copy()
    number = asked.pop("page", [""])[-1]
    return Listed(Paginator(rows, PER_PAGE).get_page(number), asked.urlencode())
