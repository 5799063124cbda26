"""What must reach the world outside: written in an action's transaction, delivered after it."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hall.models.place import Branch


class ParcelQuerySet(models.QuerySet["Parcel"]):
    def due(self, now: dt.datetime) -> ParcelQuerySet:
        """Parcels whose turn it is, the longest due first."""
        return self.filter(state=Parcel.State.WAITING, due_at__lte=now).order_by("due_at", "pk")

    def abandoned(self, now: dt.datetime) -> ParcelQuerySet:
        """Parcels on the way whose worker has not been heard of in time."""
        return self.filter(state=Parcel.State.SENDING, lease_until__lte=now)

    def for_a_person(self) -> ParcelQuerySet:
        """Parcels with which nothing happens any more until a person decides."""
        return self.filter(state__in=(Parcel.State.FAILED, Parcel.State.UNKNOWN))

    def over(self, before: dt.datetime) -> ParcelQuerySet:
        """Parcels that were settled before this moment."""
        settled = (Parcel.State.DELIVERED, Parcel.State.DROPPED)
        return self.filter(state__in=settled, state_since__lt=before)


class Parcel(models.Model):
    """Something to deliver: an e-mail, a call of a gateway, a piece of paper.

    ``state`` is assigned by ``hall.states`` alone. ``payload`` holds ids where it can: whom they
    mean is looked up on delivery. ``tries`` is also the number of the claim, so that a worker
    that comes back too late writes over nobody's outcome.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("outbox", "waiting")
        SENDING = "sending", pgettext_lazy("outbox", "on the way")
        DELIVERED = "delivered", pgettext_lazy("outbox", "delivered")
        FAILED = "failed", pgettext_lazy("outbox", "not delivered")
        UNKNOWN = "unknown", pgettext_lazy("outbox", "outcome unknown")
        DROPPED = "dropped", pgettext_lazy("outbox", "given up")

    class Trouble(models.TextChoices):
        UNREACHABLE = "unreachable", _("no connection")
        NO_ANSWER = "no-answer", _("no answer in time")
        REFUSED = "refused", _("refused by the other side")
        BROKEN_OFF = "broken-off", _("the connection broke off")
        STOPPED = "stopped", _("Hall was stopped meanwhile")
        NEEDLESS = "needless", _("no longer needed")
        FAULT = "fault", _("a fault of Hall; its log has more")

    kind = models.CharField(_("kind"), max_length=30)
    key = models.CharField(_("key"), max_length=100)
    payload = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    branch = models.ForeignKey(
        Branch, models.CASCADE, null=True, related_name="parcels", verbose_name=_("branch")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    state_since = models.DateTimeField(_("in this state since"))
    created_at = models.DateTimeField(_("written"))
    due_at = models.DateTimeField(_("next try"))
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    trouble = models.CharField(_("trouble"), max_length=12, choices=Trouble, blank=True)
    settled_by = models.CharField(_("decided by"), max_length=20, blank=True)

    objects = ParcelQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="a_parcel_is_put_once"),
        ]
        # Partial: nearly all rows are delivered ones, which nobody looks for in these ways.
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="parcel_due"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="parcel_lease"),
            models.Index(
                fields=["branch", "state_since"],
                condition=Q(state__in=("failed", "unknown")),
                name="parcel_for_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
