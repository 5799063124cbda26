"""The hardware of the hall, and where each piece of it stands."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hall.models.place import Branch, Counter


class Device(models.Model):
    """A screen of the hall: it shows a code until somebody pairs it with a place.

    The screen holds a secret in a cookie; only its hash is kept here.
    """

    class Kind(models.TextChoices):
        KIOSK = "kiosk", _("kiosk")
        BOARD = "board", _("board")
        DISPLAY = "display", _("counter display")
        PAD = "pad", _("rating pad")

    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    code = models.CharField(_("pairing code"), max_length=8, blank=True)
    code_expires_at = models.DateTimeField(_("code runs out"), null=True)
    branch = models.ForeignKey(
        Branch, models.CASCADE, null=True, related_name="devices", verbose_name=_("branch")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, blank=True)
    counter = models.ForeignKey(
        Counter, models.CASCADE, null=True, related_name="devices", verbose_name=_("counter")
    )
    paired_at = models.DateTimeField(_("paired"), null=True)
    revoked_at = models.DateTimeField(_("taken out"), null=True)
    seen_at = models.DateTimeField(_("last seen"), null=True)

    class Meta:
        ordering = ["branch", "kind", "counter__number", "id"]
        verbose_name = _("screen")
        verbose_name_plural = _("screens")
        permissions = [("pair_device", _("Can pair screens"))]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=~Q(code=""), name="pairing_code_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(paired_at=None) | (Q(branch__isnull=False) & ~Q(kind="")),
                name="a_paired_screen_has_a_place",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
