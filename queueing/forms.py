"""What people may send about a ticket, and which tickets somebody asks for."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hall import calendar
from hall.forms import DayField
from hall.models import Branch, Counter, Service
from queueing.models import OUTCOMES, Lane, State, Ticket
from queueing.screens import tickets as tickets_screen
from staff.models import Member

PER_PAGE: Final = 50
OPEN: Final = "open"
STATES: Final = [
    ("", gettext_lazy("all states")),
    (OPEN, gettext_lazy("in the hall now")),
    *State.choices,
]
ORDERS: Final = [
    ("", gettext_lazy("the newest first")),
    ("longest", gettext_lazy("the longest wait first")),
]


class CounterChoice(forms.ModelChoiceField[Counter]):
    """A counter by its number, in the list and in the address."""

    def label_from_instance(self, obj: Counter) -> str:
        """What stands in the list."""
        return _("Counter %(number)s") % {"number": obj.number}


class TicketFilter(forms.Form):
    """Which tickets of a branch; nothing chosen means all of today's."""

    day = DayField(label=gettext_lazy("Day"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), choices=STATES, required=False)
    service = forms.ModelChoiceField(
        label=gettext_lazy("Service"),
        queryset=Service.objects.none(),
        required=False,
        empty_label=gettext_lazy("all services"),
    )
    counter = CounterChoice(
        label=gettext_lazy("Counter"),
        queryset=Counter.objects.none(),
        to_field_name="number",
        required=False,
        empty_label=gettext_lazy("all counters"),
    )
    member = forms.ModelChoiceField(
        label=gettext_lazy("Clerk"),
        queryset=Member.objects.none(),
        to_field_name="staff_number",
        required=False,
        empty_label=gettext_lazy("all clerks"),
    )
    order = forms.ChoiceField(label=gettext_lazy("Order"), choices=ORDERS, required=False)

    def __init__(self, branch: Branch, now: dt.datetime, data: Any = None) -> None:
        self.branch, self.now = branch, now
        self.today = calendar.local_day(branch, now)
        super().__init__(data, initial={"day": self.today})
        chosen: dict[str, QuerySet[Any]] = {
            "service": Service.objects.filter(offerings__branch=branch),
            "counter": Counter.objects.filter(branch=branch).order_by("number"),
            "member": Member.objects.filter(Q(branch=branch) | Q(branch=None)),
        }
        for name, found in chosen.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = found

    @property
    def day_asked(self) -> dt.date:
        """The day, today unless told."""
        day: dt.date | None = self.cleaned_data.get("day") if self.is_bound else None
        return day or self.today

    def tickets(self) -> QuerySet[Ticket]:
        """The tickets asked for, in order; what was not understood is left out of the question."""
        asked = self.cleaned_data if self.is_bound and self.is_valid() else {}
        tickets = Ticket.objects.of_day(self.branch, self.day_asked)
        for name in ("service", "counter", "member"):
            if asked.get(name):
                tickets = tickets.filter(**{name: asked[name]})
        if asked.get("state") == OPEN:
            tickets = tickets.exclude(state__in=OUTCOMES)
        elif asked.get("state"):
            tickets = tickets.filter(state=asked["state"])
        if asked.get("order") == "longest":
            return tickets.order_by(tickets_screen.waited(self.now).desc(), "id")
        return tickets.order_by("-issued_at", "-id")


# A lane that needs proof (express) or a booking is never the visitor's own choice.
PUBLIC_LANES = [(lane.value, lane.label) for lane in (Lane.ORDINARY, Lane.ASSISTED)]


class TakeForm(forms.Form):
    """A visitor at a kiosk wants a ticket; pressing twice sends the same ``request_id``."""

    offering = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    request_id = forms.UUIDField()
    lane = forms.ChoiceField(choices=PUBLIC_LANES, required=False)

    def __init__(self, data: Any = None, *, offering: int | None = None) -> None:
        # Each form on a page has a request id of its own, made when the page is.
        super().__init__(data, initial={"offering": offering, "request_id": uuid.uuid4()})

    def clean_lane(self) -> str:
        """The ordinary lane if nothing else was asked for."""
        return self.cleaned_data["lane"] or Lane.ORDINARY.value
