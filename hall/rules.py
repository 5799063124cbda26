"""Rules that a hall may set: declared where they are used, kept as rows, read as of a moment.

    RETURN_AFTER = rules.number(
        "queueing.return_after", default=3, most=50, label=_("visitors who go before …")
    )
    RETURN_AFTER.at(branch, now)

The name begins with the app that declares it. The newest row that is valid by the moment decides:
the service's before the branch's (for a rule that services may have of their own), then the
default. A row without a value says *as if nothing were set*. What changes later than the moment
asked for changes nothing; each declaration says which moment that is.

A value that cannot be read counts as the default: one bad row must not take a kiosk down. ``check``
names it, and the log does, once.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

import structlog
from django import forms
from django.urls import get_resolver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

T = TypeVar("T")
# Since when a rule holds that was set before rows had a moment.
BEGINNING: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Names that were declared once and no longer are: a hall may keep their rows.
RETIRED: Final[frozenset[str]] = frozenset()

log = structlog.get_logger(__name__)
_declared: dict[str, Rule[Any]] = {}
_told: set[tuple[str, str]] = set()


class Place(Protocol):
    """What may have rules of its own: a branch."""

    def rule_value(self, name: str, service_id: int | None, moment: dt.datetime) -> object:
        """What is stored, as of a moment, for all services or for one; None: nothing."""


@dataclass(frozen=True, kw_only=True)
class Rule(ABC, Generic[T]):
    """One rule, whatever its kind."""

    name: str
    default: T
    label: StrOrPromise
    per_service: bool = False

    def at(self, place: Place, moment: dt.datetime, service_id: int | None = None) -> T:
        """What the rule says at the place, and for the service, at this moment."""
        if service_id is not None and self.per_service:
            own = place.rule_value(self.name, service_id, moment)
            if own is not None:
                return self._or_default(own)
        general = place.rule_value(self.name, None, moment)
        return self.default if general is None else self._or_default(general)

    def _or_default(self, stored: object) -> T:
        try:
            return self.read(stored)
        except ValueError:
            if (self.name, repr(stored)) not in _told:
                _told.add((self.name, repr(stored)))
                log.warning("rule_unreadable", rule=self.name)
            return self.default

    @property
    def app(self) -> str:
        return self.name.partition(".")[0]

    @abstractmethod
    def read(self, stored: object) -> T:
        """What is stored as JSON, as a value; raises ValueError with a sentence for people."""

    @abstractmethod
    def say(self, value: T) -> str:
        """A value as people say it."""

    @abstractmethod
    def field(self) -> forms.Field:
        """What somebody types a value into; left empty, it gives None."""


@dataclass(frozen=True, kw_only=True)
class WholeNumber(Rule[int]):
    """So many of something."""

    least: int = 0
    most: int
    unit: StrOrPromise = ""

    def read(self, stored: object) -> int:
        """A whole number within the bounds; True is none, though Python counts with it."""
        if type(stored) is not int or not self.least <= stored <= self.most:
            bounds = {"least": self.least, "most": self.most}
            raise ValueError(_("A whole number from %(least)s to %(most)s.") % bounds)
        return stored

    def say(self, value: int) -> str:
        """The number; its unit stands beside it."""
        return str(value)

    def field(self) -> forms.Field:
        return forms.IntegerField(
            label=self.label, required=False, min_value=self.least, max_value=self.most
        )


@dataclass(frozen=True, kw_only=True)
class YesNo(Rule[bool]):
    """Whether something is so."""

    unit: StrOrPromise = ""

    def read(self, stored: object) -> bool:
        """True or false, and nothing that only counts as one of them."""
        if not isinstance(stored, bool):
            raise ValueError(_("Yes or no."))
        return stored

    def say(self, value: bool) -> str:
        return _("yes") if value else _("no")

    def field(self) -> forms.Field:
        # No checkbox: left open means the default, and a checkbox has no third state.
        choices = [("", "–"), ("True", gettext_lazy("yes")), ("False", gettext_lazy("no"))]
        return forms.TypedChoiceField(
            label=self.label,
            required=False,
            choices=choices,
            coerce=lambda word: word == "True",
            empty_value=None,
        )


def number(
    name: str,
    *,
    default: int,
    label: StrOrPromise,
    most: int,
    least: int = 0,
    unit: StrOrPromise = "",
    per_service: bool = False,
) -> Rule[int]:
    """Declare a rule that says how many."""
    return _declare(
        WholeNumber(
            name=name,
            default=default,
            label=label,
            per_service=per_service,
            least=least,
            most=most,
            unit=unit,
        )
    )


def seconds(name: str, **about: Any) -> Rule[int]:
    return number(name, unit=gettext_lazy("seconds"), **about)


def minutes(name: str, **about: Any) -> Rule[int]:
    return number(name, unit=gettext_lazy("minutes"), **about)


def days(name: str, **about: Any) -> Rule[int]:
    """Declare a rule that says how many working days."""
    return number(name, unit=gettext_lazy("working days"), **about)


def yes_no(
    name: str, *, default: bool, label: StrOrPromise, per_service: bool = False
) -> Rule[bool]:
    """Declare a rule that says whether."""
    return _declare(YesNo(name=name, default=default, label=label, per_service=per_service))


def _declare(rule: Rule[T]) -> Rule[T]:
    if rule.name in _declared:
        raise ValueError(f"Two rules of one name: {rule.name}")
    # A default out of its own bounds is a mistake of the declaration: found at the start.
    rule.read(rule.default)
    _declared[rule.name] = rule
    return rule


def declared() -> dict[str, Rule[Any]]:
    """Every rule of the hall, by name."""
    _addresses = get_resolver().url_patterns  # what a hall does is reached, and so imported, there
    return dict(sorted(_declared.items()))


def fault(name: str, value: object, is_for_service: bool) -> str | None:
    """What is wrong with a stored value, in a sentence; None: nothing."""
    rule = declared().get(name)
    if rule is None:
        return None if name in RETIRED else _("There is no such rule: %(name)s") % {"name": name}
    if is_for_service and not rule.per_service:
        return _("This rule is the same for all services.")
    try:
        rule.read(value) if value is not None else None
    except ValueError as error:
        return str(error)
    return None
