"""The place: branches, their zones and departments, services, what is offered, counters."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from hall.languages import in_language


def validate_timezone(name: str) -> None:
    """Accept only zones of the IANA database; raises ValidationError."""
    if name not in available_timezones():
        raise ValidationError(_("No such time zone: %(name)s"), params={"name": name})


class Named(models.Model):
    """What people call a thing, in three languages; blank ones fall back to zh-Hans."""

    name_zh_hans = models.CharField(_("name (Simplified Chinese)"), max_length=120)
    name_zh_hant = models.CharField(_("name (Traditional Chinese)"), max_length=120, blank=True)
    name_en = models.CharField(_("name (English)"), max_length=160, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self, "name")


class Branch(Named):
    """One hall or station: it has its own counters, lines, boards and figures."""

    class Kind(models.TextChoices):
        MAIN = "main", _("main hall")
        STATION = "station", _("management station")

    slug = models.SlugField(_("address name"), unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.MAIN)
    timezone = models.CharField(
        _("time zone"), max_length=64, default="Asia/Shanghai", validators=[validate_timezone]
    )
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    address_zh_hans = models.CharField(
        _("address (Simplified Chinese)"), max_length=200, blank=True
    )
    address_zh_hant = models.CharField(
        _("address (Traditional Chinese)"), max_length=200, blank=True
    )
    address_en = models.CharField(_("address (English)"), max_length=200, blank=True)
    guide_desk_zh_hans = models.CharField(
        _("place of the guide desk (Simplified Chinese)"), max_length=120, blank=True
    )
    guide_desk_zh_hant = models.CharField(
        _("place of the guide desk (Traditional Chinese)"), max_length=120, blank=True
    )
    guide_desk_en = models.CharField(
        _("place of the guide desk (English)"), max_length=120, blank=True
    )
    is_active = models.BooleanField(_("open to the public"), default=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "slug"]
        verbose_name = _("branch")
        verbose_name_plural = _("branches")

    @cached_property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def rule_value(self, name: str, service_id: int | None, moment: dt.datetime) -> object:
        """What the branch has set of a rule as of a moment (see ``hall.rules``); None: nothing."""
        values = self._rules_set.get((name, service_id), ())
        return next((value for since, value in reversed(values) if since <= moment), None)

    @cached_property
    def _rules_set(self) -> dict[tuple[str, int | None], list[tuple[dt.datetime, object]]]:
        """All that is set, oldest first: one query for as long as this object lives, which is a
        request or a rendering."""
        found: dict[tuple[str, int | None], list[tuple[dt.datetime, object]]] = defaultdict(list)
        for row in self.rules.all():
            found[row.name, row.service_id].append((row.valid_from, row.value))
        return found

    def forget_rules(self) -> None:
        """Ask for the rules once more, after one of them was set."""
        vars(self).pop("_rules_set", None)
        getattr(self, "_prefetched_objects_cache", {}).pop("rules", None)

    @property
    def address(self) -> str:
        return in_language(self, "address")

    @property
    def guide_desk(self) -> str:
        return in_language(self, "guide_desk")


class Zone(Named):
    """A part of a floor: where visitors of some services wait and are served."""

    branch = models.ForeignKey(
        Branch, models.CASCADE, related_name="zones", verbose_name=_("branch")
    )
    floor = models.SmallIntegerField(_("floor"), default=1)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["branch", "floor", "order"]
        verbose_name = _("zone")
        verbose_name_plural = _("zones")


class Department(Named):
    """A section or office of a branch."""

    branch = models.ForeignKey(
        Branch, models.CASCADE, related_name="departments", verbose_name=_("branch")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["branch", "order"]
        verbose_name = _("department")
        verbose_name_plural = _("departments")


class Category(Named):
    """A kind of services, as the kiosk's first question offers them."""

    icon = models.SlugField(
        _("icon"), default="general", help_text=_("name of a drawing in static/icons")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("category")
        verbose_name_plural = _("categories")


class Service(Named):
    """A kind of business that people come for, the same in every branch."""

    category = models.ForeignKey(
        Category, models.PROTECT, related_name="services", verbose_name=_("category")
    )
    slug = models.SlugField(_("address name"), unique=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["category__order", "order", "id"]
        verbose_name = _("service")
        verbose_name_plural = _("services")


class Offering(models.Model):
    """A service at a branch: its ticket prefix, where to wait, whether it is open."""

    branch = models.ForeignKey(
        Branch, models.CASCADE, related_name="offerings", verbose_name=_("branch")
    )
    service = models.ForeignKey(
        Service, models.CASCADE, related_name="offerings", verbose_name=_("service")
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name=_("department")
    )
    zone = models.ForeignKey(
        Zone, models.PROTECT, null=True, blank=True, verbose_name=_("where to wait")
    )
    prefix = models.CharField(
        _("prefix of ticket codes"),
        max_length=2,
        validators=[RegexValidator(r"^[A-Z]{1,2}$", _("One or two capital letters."))],
    )
    typical_minutes = models.PositiveSmallIntegerField(
        _("typical length of a visit, minutes"),
        default=8,
        validators=[MinValueValidator(1)],
        help_text=_("for estimates until today's visits tell better"),
    )
    daily_limit = models.PositiveIntegerField(_("tickets a day at most"), null=True, blank=True)
    is_open = models.BooleanField(_("open"), default=True)

    class Meta:
        ordering = ["branch", "service__category__order", "service__order", "id"]
        verbose_name = _("service offered")
        verbose_name_plural = _("services offered")
        constraints = [
            models.UniqueConstraint(fields=["branch", "service"], name="one_offering_per_service")
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.service}"


class Counter(models.Model):
    """A numbered window where a clerk serves."""

    branch = models.ForeignKey(
        Branch, models.CASCADE, related_name="counters", verbose_name=_("branch")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    zone = models.ForeignKey(
        Zone, models.PROTECT, null=True, blank=True, related_name="counters", verbose_name=_("zone")
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name=_("department")
    )
    services = models.ManyToManyField(
        Service, related_name="counters", blank=True, verbose_name=_("services")
    )
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["branch", "number"]
        verbose_name = _("counter")
        verbose_name_plural = _("counters")
        constraints = [
            models.UniqueConstraint(fields=["branch", "number"], name="counter_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.number}"
