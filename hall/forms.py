"""Forms of the administration that ask before they leave somebody standing."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from hall import stranded

M = TypeVar("M", bound=Model)
# What closes a thing when it is unticked, and what moves it when it is changed.
CLOSING: Final = frozenset({"is_open", "is_active"})
MOVING: Final = frozenset({"branch", "service"})


class AskingForm(forms.ModelForm[M]):
    """Says whom it strands if what is open is closed, or what stands somewhere is moved.

    The first press changes nothing and shows the sentences with a box to tick; with the tick the
    same press goes through. Every ModelAdmin of a thing that people stand in uses it.
    """

    strands_seen = forms.BooleanField(
        label=_("I have seen whom this leaves here, and what becomes of them is settled."),
        required=False,
        widget=forms.HiddenInput,
    )

    def clean(self) -> dict[str, Any]:
        """Ask, unless it was asked."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self._is_going(values) and not values.get("strands_seen"):
            found = stranded.by([type(self.instance)._base_manager.get(pk=self.instance.pk)])
            if found:
                self.fields["strands_seen"].widget = forms.CheckboxInput()
                raise ValidationError([_("Nothing was changed yet."), *found])
        return values

    def _is_going(self, values: dict[str, Any]) -> bool:
        """Whether something that is there is closed or moved."""
        if self.instance.pk is None:
            return False
        changed = set(self.changed_data)
        return bool(MOVING & changed) or any(not values.get(name) for name in CLOSING & changed)
