"""What people may send: to the box, about a matter, to the inquiry."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, ModelChoiceFilter

from complaints.models import REFERENCE_DIGITS, TEXT_LIMIT, Kind, Matter
from complaints.screens import desk as desk_screen
from hall import calendar, lists, typed
from hall.formats import day_long
from hall.forms import DayField
from hall.models import Branch, Counter
from queueing.models import Ticket

KINDS = [
    (Kind.COMPLAINT.value, gettext_lazy("I want to complain")),
    (Kind.SUGGESTION.value, gettext_lazy("I have a suggestion")),
    (Kind.PRAISE.value, gettext_lazy("I want to praise somebody")),
    (Kind.HELP.value, gettext_lazy("I need help")),
]


class Words(forms.CharField):
    """A long text: kept as it was typed, but for the marks that no database keeps."""

    widget = forms.Textarea(attrs={"rows": 8})

    def to_python(self, value: Any) -> str:
        """With one kind of line break, so that a browser's two do not count double."""
        return typed.words(str(super().to_python(value) or ""))

    def validate(self, value: str) -> None:
        """Also says how much too long a text is."""
        super().validate(value)
        if len(value) > TEXT_LIMIT:
            told = _("Please shorten the text: it has %(length)s characters, and %(limit)s fit.")
            raise forms.ValidationError(told % {"length": len(value), "limit": TEXT_LIMIT})


class Line(forms.CharField):
    """A short text on one line, whatever was pasted."""

    def to_python(self, value: Any) -> str:
        """Without line breaks and marks that no database keeps."""
        return typed.line(str(super().to_python(value) or ""))


FEWEST_DIGITS = 4  # of a reference number, to look for it


class DigitsField(forms.CharField):
    """A reference number, or a part of one."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 18})

    def to_python(self, value: Any) -> str:
        """Its digits alone, however they are grouped."""
        text = str(super().to_python(value) or "")
        found = typed.digits(text, FEWEST_DIGITS, REFERENCE_DIGITS) if text else ""
        if found is None:
            said = _("Please write from %(fewest)s to %(most)s digits of the number.")
            bounds = {"fewest": FEWEST_DIGITS, "most": REFERENCE_DIGITS}
            raise forms.ValidationError(said % bounds, code="invalid")
        return found


class DigitsFilter(CharFilter):
    field_class = DigitsField


class MatterFilter(lists.Filter):
    """Which matters somebody wants to see, of those that they may; nothing chosen: all open."""

    show = ChoiceFilter(
        label=gettext_lazy("Which matters"),
        choices=list(desk_screen.LABELS.items()),
        widget=forms.HiddenInput,  # the tabs choose it
        method="whole",
    )
    branch = ModelChoiceFilter(
        label=gettext_lazy("Branch"),
        queryset=Branch.objects.none(),
        to_field_name="slug",
        empty_label=pgettext_lazy("branches", "All"),
        method="whole",
    )
    kind = ChoiceFilter(
        label=gettext_lazy("Kind"),
        choices=Kind.choices,
        empty_label=pgettext_lazy("kinds", "All"),
        method="whole",
    )
    q = DigitsFilter(  # type: ignore[no-untyped-call]
        label=gettext_lazy("Reference number"), method="whole"
    )

    def __init__(self, branches: QuerySet[Branch], asked: Any = None) -> None:
        rows = {"branch": branches}
        super().__init__(asked, Matter.objects.none(), {"show": "open"}, rows)

    def wanted(self, page: int) -> desk_screen.Wanted:
        """What was understood."""
        branch = self.value("branch")
        return desk_screen.Wanted(
            tab=self.value("show"),
            kind=self.value("kind") or "",
            branch=branch.slug if branch else "",
            digits=self.value("q") or "",
            page=page,
        )


class BoxForm(forms.Form):
    """A matter for the box. An unknown ticket or counter is asked about once, then let be."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of message"),
        choices=KINDS,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Please choose one of the four."),
            "invalid_choice": gettext_lazy("Please choose one of the four."),
        },
    )
    text = Words(
        label=gettext_lazy("What you want to tell us"),
        error_messages={"required": gettext_lazy("Please write a few words.")},
    )
    code = Line(label=gettext_lazy("Ticket number"), max_length=20, required=False)
    day = DayField(label=gettext_lazy("Day of the visit"), required=False)
    counter = Line(label=gettext_lazy("Counter number"), max_length=10, required=False)
    name = Line(label=gettext_lazy("Your name"), max_length=80, required=False)
    contact = Line(label=gettext_lazy("Telephone or e-mail"), max_length=120, required=False)

    def __init__(self, branch: Branch, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.branch = branch
        self.today = calendar.local_day(branch, timezone.now())
        self.ticket: Ticket | None = None
        self.desk: Counter | None = None
        self.doubts = ""
        self.remark = ""
        self.fields["day"].widget.attrs["max"] = self.today.isoformat()
        for field, hint in (("name", "name"), ("contact", "tel")):
            self.fields[field].widget.attrs["autocomplete"] = hint
        self.fields["code"].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        self.fields["counter"].widget.attrs |= {"autocomplete": "off", "inputmode": "numeric"}

    @property
    def form_id(self) -> uuid.UUID:
        """What a form is known by, so that sending it twice is one matter."""
        return typed.key(self.data.get("form_id")) or uuid.uuid4()

    @property
    def request_id(self) -> uuid.UUID:
        """The same for the same words on the same form; who goes back and writes more is heard."""
        said = "\x1f".join(f"{each}={self.cleaned_data.get(each)}" for each in self.fields)
        return uuid.uuid5(self.form_id, f"{self.branch.pk}\x1f{said}")

    @property
    def visited_on(self) -> dt.date:
        """The day of the visit; today, if not told."""
        return self.cleaned_data.get("day") or self.today

    def clean_day(self) -> dt.date | None:
        """Not in the future."""
        day: dt.date | None = self.cleaned_data["day"]
        if day and day > self.today:
            raise forms.ValidationError(_("This day is still to come."))
        return day

    def clean(self) -> None:
        """Find the ticket and the counter; ask once about what is not found."""
        if self.errors.keys() & {"code", "day", "counter"}:
            return
        doubts = self._find_ticket() | self._find_counter()
        if not doubts:
            return
        asked = [typed.compact(self.cleaned_data[each]) for each in ("code", "counter")]
        self.doubts = "/".join([str(self.visited_on), *asked])
        # Asked once: who sends the same again is let be, and the doubt is told to the staff alone.
        # Other doubts are asked about anew.
        if self.data.get("doubts") == self.doubts:
            self.remark = " ".join(doubts.values())
            return
        for field, told in doubts.items():
            self.add_error(field, told + " " + _("Not sure? Just send it once more, as it is."))

    def _find_ticket(self) -> dict[str, str]:
        said = self.cleaned_data["code"]
        code = typed.ticket_code(said)
        if code:
            tickets = Ticket.objects.filter(branch=self.branch, day=self.visited_on)
            found = tickets.filter(prefix=code[0], number=code[1])
            self.ticket = found.select_related("service", "counter").first()
        if not said or self.ticket:
            return {}
        told = {"code": said, "day": day_long(self.visited_on)}
        return {"code": _("There is no ticket %(code)s on %(day)s.") % told}

    def _find_counter(self) -> dict[str, str]:
        said = self.cleaned_data["counter"]
        number = typed.number(typed.compact(said), most=typed.SMALL)
        if number is not None:
            self.desk = self.branch.counters.filter(number=number).first()
        if not said or self.desk:
            return {}
        return {"counter": _("There is no counter %(number)s here.") % {"number": said}}


class WordsForm(forms.Form):
    """What the visitor adds to a matter."""

    text = Words(
        label=gettext_lazy("What you want to add"),
        error_messages={"required": gettext_lazy("Please write a few words.")},
    )


class InquiryForm(forms.Form):
    """One field for everything."""

    q = Line(
        label=gettext_lazy("Ticket number, reference number, or what you look for"),
        max_length=200,
        error_messages={
            "required": gettext_lazy("Please type a number or a few words."),
            "max_length": gettext_lazy("That is too long: please type a number or a few words."),
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
