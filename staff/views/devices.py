"""A supervisor's page of a branch's screens: pair one by its code, take one out of use."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from hall import devices
from hall.models import Branch, Counter, Device
from hall.refusal import Refused
from staff import actions
from staff.access import branch_for, requires
from staff.models import Member
from staff.rights import Right

# A device is noted once a minute: two that are missed may be the network, three are not.
QUIET_AFTER = dt.timedelta(minutes=3)


@dataclass(frozen=True)
class PairedDevice:
    """A screen in use, where it leads, and whether it has been heard of lately."""

    device: Device
    address: str
    is_quiet: bool


class CounterChoice(forms.ModelChoiceField[Counter]):
    def label_from_instance(self, obj: Counter) -> str:
        return _("Counter %(number)s") % {"number": obj.number}


class PairForm(forms.Form):
    """The code on a screen, and the place that it shall have."""

    code = forms.CharField(
        label=gettext_lazy("Code on the screen"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What this screen is"),
        choices=Device.Kind.choices,
        widget=forms.RadioSelect,
    )
    counter = CounterChoice(
        label=gettext_lazy("Counter"),
        help_text=gettext_lazy("for a counter display or a rating pad"),
        queryset=Counter.objects.none(),
        required=False,
        empty_label=gettext_lazy("none"),
    )

    def __init__(self, branch: Branch, data: Any = None) -> None:
        super().__init__(data)
        counters = branch.counters.filter(is_active=True).order_by("number")
        field = self.fields["counter"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = counters

    def clean(self) -> dict[str, Any]:
        """Only a screen at a counter has one, and it must."""
        values = self.cleaned_data
        if values.get("kind") not in actions.AT_COUNTERS:
            values["counter"] = None
        elif not values.get("counter") and "counter" not in self.errors:
            self.add_error("counter", _("Please choose the counter at which this screen stands."))
        return values


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.PAIR)
def devices_of_branch(request: HttpRequest, member: Member, branch: str) -> HttpResponse:
    """The screens of the branch, and the form that pairs one more."""
    place = branch_for(member, Right.PAIR, branch)
    form = PairForm(place, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            device = actions.pair_device(branch=place, by=member, **form.cleaned_data)
        except Refused as refusal:
            form.add_error("code", str(refusal))
        else:
            text = _("%(screen)s is paired. It goes to its place by itself in a few seconds.")
            messages.success(request, text % {"screen": told(device)})
            return redirect("staff:devices", branch)
    context = {"branch": place, "form": form, "devices": in_use(place)}
    return render(request, "staff/devices/page.html", context)


@require_POST
@requires(Right.PAIR)
def revoke(request: HttpRequest, member: Member, branch: str, pk: int) -> HttpResponse:
    rows = Device.objects.filter(
        branch=branch_for(member, Right.PAIR, branch), paired_at__isnull=False
    )
    device = get_object_or_404(rows.select_related("branch", "counter"), pk=pk)
    actions.revoke_device(device=device, by=member)
    text = _("%(screen)s is out of use. It shows a pairing code again by itself.")
    messages.success(request, text % {"screen": told(device)})
    return redirect("staff:devices", branch)


def in_use(branch: Branch) -> list[PairedDevice]:
    now = timezone.now()
    rows = branch.devices.filter(paired_at__isnull=False, revoked_at=None)
    return [
        PairedDevice(
            device,
            devices.place_of(device),
            device.seen_at is None or now - device.seen_at > QUIET_AFTER,
        )
        for device in rows.select_related("branch", "counter")
    ]


def told(device: Device) -> str:
    """What a screen is called at the beginning of a sentence."""
    kind = capfirst(device.get_kind_display())
    if device.counter is None:
        return kind
    return _("%(kind)s at counter %(number)s") % {"kind": kind, "number": device.counter.number}
