"""When a branch is open: the week's rule, and the days that break it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hall.formats import time_of_day
from hall.models.place import Branch


class OpeningHours(models.Model):
    """A span of a weekday in which the branch is open; a day may have several."""

    branch = models.ForeignKey(
        Branch, models.CASCADE, related_name="opening_hours", verbose_name=_("branch")
    )
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        choices=[
            (0, _("Monday")),
            (1, _("Tuesday")),
            (2, _("Wednesday")),
            (3, _("Thursday")),
            (4, _("Friday")),
            (5, _("Saturday")),
            (6, _("Sunday")),
        ],
    )
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        ordering = ["branch", "weekday", "opens"]
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        constraints = [
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="closes_after_it_opens")
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {time_of_day(self.opens)}–{time_of_day(self.closes)}"


class SpecialDay(models.Model):
    """A day that breaks the week's rule: a holiday, or a weekend that is worked."""

    branch = models.ForeignKey(
        Branch,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="special_days",
        verbose_name=_("branch"),
        help_text=_("none: all branches"),
    )
    date = models.DateField(_("date"))
    is_working = models.BooleanField(_("is worked"), default=False)
    reason = models.CharField(_("reason"), max_length=80, blank=True)

    class Meta:
        ordering = ["date"]
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "date"],
                name="one_special_day_per_branch",
            )
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.reason}"
