"""Forms of the administration: those that ask whom they leave standing, and a branch's rules.

Beside them the field for a day, which every app's forms use.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.forms import BoundField
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hall import ledger, rules, stranded, typed
from hall.actions.rule import set_rule
from hall.models import Branch, Counter, Service
from hall.rules import Rule

M = TypeVar("M", bound=Model)
# What closes a thing when it is unticked, and what moves it when it is changed.
CLOSING: Final = frozenset({"is_open", "is_active"})
MOVING: Final = frozenset({"branch", "service"})


class DayField(forms.DateField):
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    default_error_messages = {"invalid": _("Please write the day like this: 2026-03-06.")}

    def to_python(self, value: Any) -> dt.date | None:
        """As ``typed.day`` reads it."""
        if isinstance(value, str) and value.strip():
            found = typed.day(value)
            if found is None:
                raise ValidationError(self.error_messages["invalid"], code="invalid")
            return found
        return super().to_python(value)


class AskingForm(forms.ModelForm[M]):
    """Says whom it strands if what is open is closed, or what stands somewhere is moved.

    The first press changes nothing and shows the sentences, and asks what becomes of them: one of
    several ways, or a box to tick where there is nothing to choose. With an answer the same press
    goes through. Every ModelAdmin of a thing that people stand in uses it.
    """

    # Which ways there are is not known before the rest of the form is read.
    becomes = forms.CharField(
        label=_("What becomes of those who wait?"), required=False, widget=forms.HiddenInput
    )

    strands_seen = forms.BooleanField(
        label=_("I have seen whom this leaves here, and what becomes of them is settled."),
        required=False,
        widget=forms.HiddenInput,
    )

    # What was chosen, for who saves the form to take.
    way: stranded.Way | None = None

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk is not None:
            before = type(self.instance)._base_manager.get(pk=self.instance.pk)
            going = self._is_going(values)
            found = stranded.by([before]) if going else list(self.left_by(before, values))
            if found and not self._is_answered(stranded.ways(before) if going else {}):
                raise ValidationError([_("Nothing was changed yet."), *found])
        return values

    def left_by(self, _before: Any, _values: Mapping[str, Any], /) -> Iterable[str]:
        """Whom it strands though the thing itself stays open, and where it was."""
        return ()

    def _is_answered(self, ways: Mapping[str, stranded.Way]) -> bool:
        """Whether it was said what becomes of them; else the form asks."""
        if not ways:
            self.fields["strands_seen"].widget = forms.CheckboxInput()
            return bool(self.cleaned_data.get("strands_seen"))
        words = [(name, way.label) for name, way in ways.items()]
        self.fields["becomes"].widget = forms.RadioSelect(choices=words)
        self.way = ways.get(self.cleaned_data.get("becomes", ""))
        return self.way is not None

    def _is_going(self, values: dict[str, Any]) -> bool:
        """Whether it is closed or moved."""
        changed = set(self.changed_data)
        return bool(MOVING & changed) or any(not values.get(name) for name in CLOSING & changed)


class CounterForm(AskingForm[Counter]):
    """Asks as well if a counter gives up a service that is served nowhere else."""

    def left_by(self, before: Counter, values: Mapping[str, Any], /) -> Iterable[str]:
        """Who waits for what the counter gives up."""
        kept = {service.pk for service in values.get("services", ())}
        return stranded.by_giving_up(before, kept)


@dataclass(frozen=True)
class RuleLine:
    """A rule on the form: what it is, what it says now, and where to type another value."""

    rule: Rule[Any]
    field: BoundField
    now: str
    services: Sequence[tuple[Service, BoundField]]

    @property
    def default(self) -> str:
        """What it says where nothing is set."""
        return self.rule.say(self.rule.default)

    @property
    def has_own(self) -> bool:
        """Whether one of the services has a value of its own, or a mistake in it."""
        return any(field.initial is not None or field.errors for _service, field in self.services)


@dataclass(frozen=True)
class RuleGroup:
    """The rules of one app, under its name."""

    name: str | Promise
    lines: Sequence[RuleLine]


class RulesForm(forms.Form):
    """Every declared rule of a branch; what is left empty is the default.

    Only what somebody changed on this very form is set: each field carries what it showed, so that
    two who have it open at once do not undo each other.
    """

    def __init__(self, *args: Any, branch: Branch, now: dt.datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.branch, self.now = branch, now
        offered = Service.objects.filter(offerings__branch=branch).distinct()
        self.services = list(offered)
        self.places: dict[str, tuple[Rule[Any], Service | None]] = {}
        for rule in rules.declared().values():
            self._add(rule, None)
            for service in self.services if rule.per_service else ():
                self._add(rule, service)

    def _add(self, rule: Rule[Any], service: Service | None) -> None:
        name = field_name(rule, service)
        field = rule.field()
        service_id = service.pk if service else None
        field.initial = self.branch.rule_value(rule.name, service_id, self.now)
        # Django then compares with what this form showed, and not with what is stored by now.
        field.show_hidden_initial = True
        self.fields[name] = field
        self.places[name] = rule, service

    def groups(self) -> Iterator[RuleGroup]:
        """The rules by the apps that declare them."""
        by_app: dict[str, list[RuleLine]] = {}
        for rule, service in self.places.values():
            if service is None:
                by_app.setdefault(rule.app, []).append(self._line(rule))
        for app, lines in by_app.items():
            yield RuleGroup(apps.get_app_config(app).verbose_name, lines)

    def _line(self, rule: Rule[Any]) -> RuleLine:
        own = self.services if rule.per_service else ()
        return RuleLine(
            rule,
            self[field_name(rule, None)],
            rule.say(rule.at(self.branch, self.now)),
            [(service, self[field_name(rule, service)]) for service in own],
        )

    def save(self, *, by: ledger.By) -> list[str]:
        """Set what was changed, from now on; returns the labels of those rules."""
        with transaction.atomic():
            for name in self.changed_data:
                rule, service = self.places[name]
                value = self.cleaned_data[name]
                set_rule(
                    branch=self.branch, rule=rule, value=value, service=service, by=by, now=self.now
                )
        with translation.override(None):  # the log is translated for each who reads it
            return [str(self.fields[name].label) for name in self.changed_data]


def field_name(rule: Rule[Any], service: Service | None) -> str:
    """What the form calls a rule, or a service's own value of it."""
    return f"{rule.name}@{service.pk}" if service else rule.name
