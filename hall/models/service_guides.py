"""The texts of the service guides."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from hall.models.place import Service


class ServiceGuide(models.Model):
    """The published guide to a service, in one language.

    The name of the service and these texts are the eleven elements of the national catalogue
    (社会保险领域基层政务公开标准目录), with policy basis, conditions, steps and best time beside
    them. Texts are plain; in ``documents``, ``conditions`` and ``steps`` each line is an item.
    """

    class Language(models.TextChoices):
        ZH_HANS = "zh-hans", _("Simplified Chinese")
        ZH_HANT = "zh-hant", _("Traditional Chinese")
        EN = "en", _("English")

    service = models.ForeignKey(
        Service, models.CASCADE, related_name="guides", verbose_name=_("service")
    )
    language = models.CharField(_("language"), max_length=7, choices=Language)
    summary = models.TextField(_("summary"))
    documents = models.TextField(_("documents needed"))
    handling = models.TextField(_("way of handling"))
    time_limit = models.TextField(_("time limit"))
    delivery = models.TextField(_("how the result is delivered"))
    fee = models.TextField(_("fee and its basis"))
    hours = models.TextField(_("hours"))
    place = models.TextField(_("office and place"))
    asking = models.TextField(_("how to ask"))
    complaining = models.TextField(_("how to complain"))
    basis = models.TextField(_("policy basis"), blank=True)
    conditions = models.TextField(_("conditions"), blank=True)
    steps = models.TextField(_("steps"), blank=True)
    best_time = models.TextField(_("best time to come"), blank=True)

    class Meta:
        verbose_name = _("service guide")
        verbose_name_plural = _("service guides")
        constraints = [
            models.UniqueConstraint(fields=["service", "language"], name="one_guide_per_language")
        ]

    def __str__(self) -> str:
        return f"{self.service} ({self.language})"
