"""What people may send about a ticket, and which tickets somebody asks for."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import ChoiceFilter, ModelChoiceFilter
from django_filters.fields import ModelChoiceField

from hall import calendar, lists, typed
from hall.models import Branch, Counter, Service
from queueing import spans
from queueing.models import OUTCOMES, Lane, State, Ticket
from staff.models import Member

OPEN: Final = "open"
LONGEST: Final = "longest"
STATES: Final = [(OPEN, gettext_lazy("in the hall now")), *State.choices]


class CounterField(ModelChoiceField):
    """A counter by its number, in the list and in the address."""

    def label_from_instance(self, obj: Counter) -> str:
        return _("Counter %(number)s") % {"number": obj.number}


class CounterFilter(ModelChoiceFilter):
    field_class = CounterField


class TicketFilter(lists.Filter):
    """Which tickets of a branch; nothing chosen means all of today's, the newest first."""

    day = lists.DayFilter(label=gettext_lazy("Day"), method="whole")
    state = ChoiceFilter(
        label=gettext_lazy("State"),
        choices=STATES,
        empty_label=gettext_lazy("all states"),
        method="in_state",
    )
    service = ModelChoiceFilter(
        label=gettext_lazy("Service"),
        queryset=Service.objects.none(),
        empty_label=gettext_lazy("all services"),
    )
    counter = CounterFilter(
        label=gettext_lazy("Counter"),
        queryset=Counter.objects.none(),
        to_field_name="number",
        empty_label=gettext_lazy("all counters"),
    )
    member = ModelChoiceFilter(
        label=gettext_lazy("Clerk"),
        queryset=Member.objects.none(),
        to_field_name="staff_number",
        empty_label=gettext_lazy("all clerks"),
    )
    order = ChoiceFilter(
        label=gettext_lazy("Order"),
        choices=[(LONGEST, gettext_lazy("the longest wait first"))],
        empty_label=gettext_lazy("the newest first"),
        method="whole",
    )

    def __init__(self, branch: Branch, now: dt.datetime, asked: Any = None) -> None:
        self.branch, self.now = branch, now
        today = calendar.local_day(branch, now)
        day = typed.day((asked or {}).get("day")) or today
        tickets = Ticket.objects.of_day(branch, day)
        offered = Q(pk__in=branch.offerings.values("service"))
        of_here = Q(branch=branch) | Q(branch=None)
        # Of the day, too: a service that is offered no more, or a clerk who went to another branch,
        # has tickets in figures and alarms, whose rows are asked for here.
        choices: dict[str, QuerySet[Any]] = {
            "service": Service.objects.filter(offered | Q(pk__in=tickets.values("service"))),
            "counter": Counter.objects.filter(branch=branch).order_by("number"),
            "member": Member.objects.filter(of_here | Q(pk__in=tickets.values("member"))),
        }
        super().__init__(asked, Ticket.objects.all(), {"day": today}, choices)

    @property
    def day_asked(self) -> dt.date:
        day: dt.date = self.value("day")
        return day

    def in_state(self, tickets: QuerySet[Ticket], _name: str, state: str) -> QuerySet[Ticket]:
        """One state, or whoever is in the hall."""
        if state == OPEN:
            return tickets.exclude(state__in=OUTCOMES)
        return tickets.filter(state=state)

    def tickets(self) -> QuerySet[Ticket]:
        """The tickets asked for, in order, with their time in line."""
        tickets: QuerySet[Ticket] = self.qs
        tickets = tickets.filter(branch=self.branch, day=self.day_asked)
        tickets = tickets.annotate(in_line=spans.in_line(self.now))
        if self.value("order") == LONGEST:
            return tickets.order_by("-in_line", "id")
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
