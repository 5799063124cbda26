"""What a branch has set of the rules that the apps declare (see hall.rules)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hall import rules
from hall.models.place import Branch, Service


class RuleRow(models.Model):
    """A rule has this value at the branch, or for one of its services, from a moment on.

    Without a value it is again as if nothing were set. Rows are added, not changed: what was
    under way keeps the value of its time.
    """

    branch = models.ForeignKey(
        Branch, models.CASCADE, related_name="rules", verbose_name=_("branch")
    )
    service = models.ForeignKey(
        Service,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("service"),
        help_text=_("none: all services"),
    )
    name = models.CharField(_("rule"), max_length=100)
    value = models.JSONField(_("value"), null=True, blank=True)
    valid_from = models.DateTimeField(_("valid from"))

    class Meta:
        ordering = ["name", "valid_from"]
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        # Two, since no NULL equals another: one of all four columns would let a branch have two.
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "name", "valid_from"],
                condition=Q(service=None),
                name="one_value_of_a_rule_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["branch", "name", "service", "valid_from"],
                condition=Q(service__isnull=False),
                name="one_value_for_a_service_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"

    def clean(self) -> None:
        """Raises ValidationError for a name that nobody declares, or a value that does not fit."""
        fault = rules.fault(self.name, self.value, self.service_id is not None)
        if fault:
            raise ValidationError(fault)

    def save(self, *args: Any, **options: Any) -> None:
        """Store the row; raises ValidationError for one that could not be read."""
        self.clean()
        super().save(*args, **options)


def fetch_rules(branches: Iterable[Branch]) -> None:
    """Read the rules of several branches in one query, before each asks for its own."""
    models.prefetch_related_objects(list(branches), "rules")
