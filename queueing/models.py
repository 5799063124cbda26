"""Who is served when: tickets, their time line, the numbers of a day, who sits where."""

from __future__ import annotations

import datetime as dt
import secrets

from django.contrib import admin
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hall.formats import time_to_second
from hall.models import Branch, Counter, Department, Service
from staff import access
from staff.models import Member
from staff.rights import Right


def new_token() -> str:
    """A public identifier that cannot be guessed (128 random bits)."""
    return secrets.token_urlsafe(16)


class Lane(models.TextChoices):
    """Why a ticket ranks as it does."""

    ORDINARY = "ordinary", _("ordinary")
    APPOINTMENT = "appointment", _("appointment")
    ASSISTED = "assisted", _("assisted")
    EXPRESS = "express", _("express")


class State(models.TextChoices):
    """Where a ticket is; the last four are outcomes (a missed visitor may still come back)."""

    WAITING = "waiting", _("waiting")
    CALLED = "called", _("called")
    SERVING = "serving", _("being served")
    HELD = "held", _("on hold")
    DONE = "done", _("served")
    NO_SHOW = "no_show", _("did not come")
    CANCELLED = "cancelled", _("cancelled")
    ABANDONED = "abandoned", _("left waiting")


AT_COUNTER = (State.CALLED, State.SERVING)
OUTCOMES = (State.DONE, State.NO_SHOW, State.CANCELLED, State.ABANDONED)


class Numbering(models.Model):
    """The last number given for a prefix on a branch's day; the next is an upsert away."""

    branch = models.ForeignKey(Branch, models.CASCADE)
    day = models.DateField()
    prefix = models.CharField(max_length=2)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["branch", "day", "prefix"], name="one_numbering")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.prefix}{self.last}"


class Issued(models.Model):
    """How many tickets of a service a branch has issued on a day: what a daily limit counts.

    Not asked of the tickets: a transfer takes them to another service, and a count of rows is
    of a moment before.
    """

    branch = models.ForeignKey(Branch, models.CASCADE)
    day = models.DateField()
    service = models.ForeignKey(Service, models.CASCADE)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["branch", "day", "service"], name="one_count")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.service_id}: {self.count}"


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, member: Member, right: Right) -> TicketQuerySet:
        """Tickets of the branches at which the member has this right."""
        return self.filter(access.within(member, right))

    def of_day(self, branch: Branch, day: dt.date) -> TicketQuerySet:
        """Tickets that the branch issued on this day."""
        return self.filter(branch=branch, day=day)

    def waiting(self) -> TicketQuerySet:
        return self.filter(state=State.WAITING)

    def at_counters(self) -> TicketQuerySet:
        """Tickets that are called or being served."""
        return self.filter(state__in=AT_COUNTER)


class Ticket(models.Model):
    """One visitor's place in line for one service.

    ``state`` is assigned by ``queueing.states`` alone; ``issued_at`` is written once and never
    again. Every duration is derived from the time line (``Step``).
    """

    # The visitor's pages are found by it: ids count up, and the next one is somebody else's.
    token = models.CharField(
        _("token"), max_length=24, unique=True, default=new_token, editable=False
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="tickets", verbose_name=_("branch")
    )
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="tickets", verbose_name=_("service")
    )
    # Whose line it is in, as of when it came into it: a service may move to another department
    # before the month is summed up.
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, related_name="+", verbose_name=_("department")
    )
    day = models.DateField(_("day"))
    prefix = models.CharField(_("prefix"), max_length=2)
    number = models.PositiveIntegerField(_("number"))
    lane = models.CharField(_("lane"), max_length=12, choices=Lane, default=Lane.ORDINARY)
    language = models.CharField(_("language"), max_length=7, default="zh-hans")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    # Written once: what comes back to the line moves its rank alone. Other systems overwrite the
    # arrival, and with it the wait.
    issued_at = models.DateTimeField(_("issued"))
    rank_at = models.DateTimeField(_("ranks as of"))
    state_since = models.DateTimeField(_("in this state since"))
    first_called_at = models.DateTimeField(_("first called"), null=True)
    last_called_at = models.DateTimeField(_("last called"), null=True)
    call_count = models.PositiveSmallIntegerField(_("calls"), default=0)
    requeue_count = models.PositiveSmallIntegerField(_("times back in line"), default=0)
    closed_by_day_end = models.BooleanField(_("closed by the end of the day"), default=False)
    counter = models.ForeignKey(
        Counter, models.PROTECT, null=True, related_name="tickets", verbose_name=_("counter")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="tickets", verbose_name=_("member of staff")
    )
    issued_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("issued by")
    )
    # One ticket for a request: a tap may come twice.
    request_id = models.UUIDField(_("request"), unique=True, null=True, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        permissions = [
            ("serve_visitors", _("Can serve visitors at a counter")),
            ("issue_for_visitors", _("Can take tickets for visitors")),
            ("watch_hall", _("Can watch over the hall")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "day", "prefix", "number"], name="number_given_once"
            ),
            # The last guard: whatever happens, a counter has one visitor.
            models.UniqueConstraint(
                fields=["counter"],
                condition=Q(state__in=["called", "serving"]),
                name="one_visitor_at_a_counter",
            ),
            # Choices are checked by forms alone; the statements of dispatch pass them by.
            models.CheckConstraint(condition=Q(state__in=State.values), name="state_is_known"),
        ]
        indexes = [
            # The line itself: small however many tickets the past holds.
            models.Index(
                fields=["branch", "day", "rank_at", "id"],
                condition=Q(state="waiting"),
                name="line_order",
            ),
            models.Index(fields=["branch", "day", "state"], name="day_by_state"),
            models.Index(
                fields=["branch", "day", "last_called_at"],
                condition=Q(last_called_at__isnull=False),
                name="day_by_call",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.day}"

    @property
    @admin.display(description=_("code"))
    def code(self) -> str:
        """What is printed and called: the prefix and at least three digits."""
        return f"{self.prefix}{self.number:03d}"

    @property
    def is_over(self) -> bool:
        return self.state in OUTCOMES

    def get_absolute_url(self) -> str:
        """The visitor's own page."""
        return reverse("queueing:ticket", args=[self.token])


class Step(models.Model):
    """A row of the time line: at this moment the ticket moved. Written once, never changed.

    A step lasts until the next one of its ticket, so that all of them add up to the visit.
    """

    ticket = models.ForeignKey(
        Ticket, models.CASCADE, related_name="steps", verbose_name=_("ticket")
    )
    at = models.DateTimeField(_("at"))
    move = models.CharField(_("move"), max_length=12)
    from_state = models.CharField(_("from"), max_length=10, choices=State, blank=True)
    to_state = models.CharField(_("to"), max_length=10, choices=State)
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="+", verbose_name=_("service")
    )
    counter = models.ForeignKey(
        Counter, models.PROTECT, null=True, related_name="+", verbose_name=_("counter")
    )
    member = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,  # the first column of by_member
        verbose_name=_("member of staff"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        # Not by the moment: two moves of one action have the same.
        ordering = ["id"]
        verbose_name = _("step")
        verbose_name_plural = _("time line")
        indexes = [
            models.Index(fields=["ticket", "id"], name="time_line"),
            # What somebody did last, which is what they can undo.
            models.Index(fields=["member", "id"], name="by_member"),
        ]

    def __str__(self) -> str:
        return f"{self.move} {time_to_second(self.at)}"

    @property
    def why(self) -> str:
        """The reason; one that the hall gave itself in the active language."""
        return gettext(self.reason) if self.reason and self.member_id is None else self.reason


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def of_day(self, branch_id: int, day: dt.date) -> AnnouncementQuerySet:
        """What was spoken for tickets that the branch issued on this day."""
        return self.filter(ticket__branch=branch_id, ticket__day=day)


class Announcement(models.Model):
    """A call that a paired board says it has spoken: which one of its ticket, counted from one."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="announcements")
    call = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints = [
            # A hall may have several boards, and each of them reports.
            models.UniqueConstraint(fields=["ticket", "call"], name="announced_once"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.call}"


class SittingQuerySet(models.QuerySet["Sitting"]):
    def unended(self) -> SittingQuerySet:
        """Those that nobody has ended yet. Whether somebody sits there is asked of ``seats``."""
        return self.filter(ended_at=None)


class Sitting(models.Model):
    """A member of staff at a counter, from sitting down to leaving."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="sittings")
    counter = models.ForeignKey(Counter, models.PROTECT, related_name="sittings")
    member = models.ForeignKey(Member, models.PROTECT, related_name="sittings")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    # A seat's marker tells a change by it: leaving changes the row, too.
    changed_at = models.DateTimeField(auto_now=True)

    objects = SittingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["counter"], condition=Q(ended_at=None), name="one_member_at_a_counter"
            ),
            models.UniqueConstraint(
                fields=["member"], condition=Q(ended_at=None), name="one_counter_for_a_member"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="sitting_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(fields=["branch"], condition=Q(ended_at=None), name="sits_now"),
            # Without Redis the newest rows are asked for every second (streams.seat_marks).
            models.Index(fields=["-changed_at"], name="sitting_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.member} @ {self.counter}"
