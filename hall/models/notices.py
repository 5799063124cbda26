"""What the hall tells everybody."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hall.languages import in_language
from hall.models.place import Branch


class NoticeQuerySet(models.QuerySet["Notice"]):
    def shown_at(self, branch: Branch, now: dt.datetime) -> NoticeQuerySet:
        """Notices of this branch, or of all, whose time is now."""
        return self.filter(
            Q(branch=branch) | Q(branch=None),
            Q(starts_at=None) | Q(starts_at__lte=now),
            Q(ends_at=None) | Q(ends_at__gt=now),
        )


class Notice(models.Model):
    """A line of text that runs on the board and stands on the counter screens."""

    branch = models.ForeignKey(
        Branch,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("branch"),
        help_text=_("none: all branches"),
    )
    text_zh_hans = models.CharField(_("text (Simplified Chinese)"), max_length=300)
    text_zh_hant = models.CharField(_("text (Traditional Chinese)"), max_length=300, blank=True)
    text_en = models.CharField(_("text (English)"), max_length=300, blank=True)
    starts_at = models.DateTimeField(_("shown from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("shown until"), null=True, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("notice")
        verbose_name_plural = _("notices")

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        return in_language(self, "text")
