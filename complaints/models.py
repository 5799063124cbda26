"""What must be answered: matters put in the box, and their time line."""

from __future__ import annotations

import datetime as dt
import secrets

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hall import clocks
from hall.fields import EncryptedTextField
from hall.formats import moment_digits
from hall.models import Branch, Counter, Department, Service
from queueing.models import Ticket, new_token
from staff import access
from staff.models import Member
from staff.rights import Right

TEXT_LIMIT = 10_000
# Digits alone: people read it out, and type it on a keypad. So many that none is found by trying.
REFERENCE_DIGITS = 16


def new_reference() -> str:
    """A reference number of 16 digits that cannot be guessed (53 random bits)."""
    return str(secrets.randbelow(9 * 10 ** (REFERENCE_DIGITS - 1)) + 10 ** (REFERENCE_DIGITS - 1))


class Kind(models.TextChoices):
    COMPLAINT = "complaint", _("complaint")
    SUGGESTION = "suggestion", _("suggestion")
    PRAISE = "praise", _("praise")
    HELP = "help", _("request for help")


class Source(models.TextChoices):
    BOX = "box", _("the box")
    RATING = "rating", _("a rating")


class State(models.TextChoices):
    RECEIVED = "received", pgettext_lazy("matter", "received")
    IN_HAND = "in_hand", pgettext_lazy("matter", "being handled")
    CLOSED = "closed", pgettext_lazy("matter", "closed")


OPEN = (State.RECEIVED, State.IN_HAND)


class MatterQuerySet(models.QuerySet["Matter"]):
    def visible_to(self, member: Member) -> MatterQuerySet:
        """Matters of the branches at which the member handles them, but none about the member."""
        return self.not_about(member).filter(access.within(member, Right.HANDLE))

    def not_about(self, member: Member) -> MatterQuerySet:
        """Matters that this member is not the subject of."""
        about = Matter.about.through.objects.filter(member=member)
        return self.exclude(models.Exists(about.filter(matter=models.OuterRef("pk"))))

    def open(self) -> MatterQuerySet:
        return self.filter(state__in=OPEN)

    def listed(self) -> MatterQuerySet:
        """Without what a list does not show, and need not decrypt: who it is from."""
        return self.defer("name", "contact")

    def unanswered(self) -> MatterQuerySet:
        return self.filter(replied_at=None)

    def overdue(self, today: dt.date) -> MatterQuerySet:
        """Unanswered matters whose due date is past."""
        return self.unanswered().filter(clocks.late("due_on", today))


class Matter(models.Model):
    """A complaint, suggestion, praise or request for help: it has an owner, a due date, a reply.

    ``state`` is assigned by ``complaints.states`` alone. Who it is ``about`` never sees it.
    ``due_on`` and ``contact_due_on`` are days of the branch, by whose end the reply, or the first
    contact, is due. ``owner`` is empty only while nobody may handle it. ``news_since`` is set while
    the visitor has had the last word.
    """

    token = models.CharField(max_length=24, unique=True, default=new_token, editable=False)
    reference = models.CharField(
        _("reference number"), max_length=16, unique=True, default=new_reference, editable=False
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="matters", verbose_name=_("branch")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    source = models.CharField(_("came by"), max_length=10, choices=Source, default=Source.BOX)
    text = models.TextField(_("text"), validators=[MaxLengthValidator(TEXT_LIMIT)])
    # Encrypted: whoever gets hold of a copy of the database does not learn who it is from.
    name = EncryptedTextField(pgettext_lazy("person", "name"), blank=True)
    contact = EncryptedTextField(_("telephone or e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=7, default="zh-hans")
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, null=True, related_name="matters", verbose_name=_("ticket")
    )
    counter = models.ForeignKey(
        Counter, models.PROTECT, null=True, related_name="matters", verbose_name=_("counter")
    )
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, related_name="matters", verbose_name=_("service")
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, related_name="matters", verbose_name=_("department")
    )
    # Kept, not worked out anew: who sat there that day is settled when the matter comes in.
    about = models.ManyToManyField(
        Member, related_name="matters_about", verbose_name=_("about"), blank=True
    )
    owner = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="matters_owned", verbose_name=_("owner")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RECEIVED)
    state_since = models.DateTimeField(_("in this state since"))
    received_at = models.DateTimeField(_("received"))
    day = models.DateField(_("day"))
    due_on = models.DateField(_("answer due"))
    contact_due_on = models.DateField(_("first contact due"), null=True)
    extended_at = models.DateTimeField(_("put off"), null=True)
    contacted_at = models.DateTimeField(_("first contact"), null=True)
    replied_at = models.DateTimeField(_("answered"), null=True)
    closed_at = models.DateTimeField(pgettext_lazy("matter", "closed"), null=True)
    news_since = models.DateTimeField(_("the visitor added something"), null=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    # One matter for a form and its words: a press may come twice.
    request_id = models.UUIDField(unique=True, null=True, editable=False)

    objects = MatterQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        verbose_name = _("matter")
        verbose_name_plural = _("matters")
        permissions = [("handle_matters", _("Can handle matters"))]
        constraints = [
            # The last guard: whatever happens, nothing closes without a reply.
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(replied_at__isnull=False),
                name="nothing_closes_without_a_reply",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="matter_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["branch", "day"], name="matter_by_day"),
            models.Index(
                fields=["branch", "due_on"], condition=~Q(state="closed"), name="matter_open"
            ),
            models.Index(
                fields=["branch"], condition=Q(news_since__isnull=False), name="matter_news"
            ),
            # Without Redis the newest rows are asked for every second (streams.matter_marks).
            models.Index(fields=["-changed_at"], name="matter_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def printed_reference(self) -> str:
        """The reference number in groups of four, as people copy it."""
        return " ".join(self.reference[start : start + 4] for start in range(0, 16, 4))

    def get_absolute_url(self) -> str:
        """The page on which the visitor follows the matter."""
        return reverse("complaints:matter", args=[self.token])


class Entry(models.Model):
    """A row of a matter's time line. Written once, never changed.

    ``text`` is what was said: to the visitor where ``is_public`` is set, else among the staff.
    """

    matter = models.ForeignKey(
        Matter, models.CASCADE, related_name="entries", verbose_name=_("matter")
    )
    at = models.DateTimeField(_("at"))
    move = models.CharField(_("move"), max_length=12)
    from_state = models.CharField(_("from"), max_length=10, choices=State, blank=True)
    to_state = models.CharField(_("to"), max_length=10, choices=State)
    by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    owner = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("owner")
    )
    due_on = models.DateField(_("answer due"))
    text = models.TextField(_("text"), blank=True)
    is_public = models.BooleanField(_("the visitor sees it"), default=False)

    class Meta:
        ordering = ["id"]
        verbose_name = _("entry")
        verbose_name_plural = _("time line")

    def __str__(self) -> str:
        return f"{self.move} {moment_digits(self.at)}"
