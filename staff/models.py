"""Who works here: members of staff, who sign in with their staff number."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hall.languages import in_language
from hall.models import Branch, Department


class MemberManager(BaseUserManager["Member"]):
    def create_user(self, staff_number: str, password: str | None = None, **fields: Any) -> Member:
        """A new member; without a password nobody can sign in as them yet."""
        member = self.model(staff_number=staff_number, **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def create_superuser(
        self, staff_number: str, password: str | None = None, **fields: Any
    ) -> Member:
        """A member who may do everything, everywhere."""
        return self.create_user(
            staff_number, password, **{"is_staff": True, "is_superuser": True, **fields}
        )


class Member(AbstractBaseUser, PermissionsMixin):
    """One person on the staff. What they may do follows from their roles (groups)."""

    staff_number = models.CharField(
        _("staff number"),
        max_length=20,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9-]+$", _("Letters, digits and hyphens only."))],
    )
    name_zh_hans = models.CharField(
        pgettext_lazy("person", "name (Simplified Chinese)"), max_length=60
    )
    name_zh_hant = models.CharField(
        pgettext_lazy("person", "name (Traditional Chinese)"), max_length=60, blank=True
    )
    name_en = models.CharField(pgettext_lazy("person", "name (English)"), max_length=80, blank=True)
    title_zh_hans = models.CharField(_("title (Simplified Chinese)"), max_length=60, blank=True)
    title_zh_hant = models.CharField(_("title (Traditional Chinese)"), max_length=60, blank=True)
    title_en = models.CharField(_("title (English)"), max_length=80, blank=True)
    photo = models.ImageField(_("photo"), upload_to="portraits", blank=True)
    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("branch"),
        help_text=_("none: sees all branches"),
    )
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("department"),
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may open the administration"), default=False)

    objects: ClassVar[MemberManager] = MemberManager()

    USERNAME_FIELD = "staff_number"
    REQUIRED_FIELDS = ["name_zh_hans"]

    class Meta:
        ordering = ["staff_number"]
        verbose_name = _("member of staff")
        verbose_name_plural = _("members of staff")

    def __str__(self) -> str:
        return f"{self.name} ({self.staff_number})"

    @property
    def name(self) -> str:
        """The name in the active language."""
        return in_language(self, "name")

    @property
    def title(self) -> str:
        """The title in the active language."""
        return in_language(self, "title")

    def works_at(self, branch: Branch) -> bool:
        """Whether this member may see the branch: their own, or any if they have none."""
        return self.branch_id is None or self.branch_id == branch.pk


class Duty(models.Model):
    """Who leads, or guides visitors, at a branch on a day: a row of the roster."""

    class Role(models.TextChoices):
        LEADER = "leader", _("duty leader")
        GUIDE = "guide", _("guide of the day")

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="duties", verbose_name=_("branch")
    )
    day = models.DateField(_("day"))
    role = models.CharField(_("role"), max_length=8, choices=Role)
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="duties", verbose_name=_("member of staff")
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    changed_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("changed by")
    )

    class Meta:
        ordering = ["day", "role", "member__staff_number"]
        verbose_name = _("duty")
        verbose_name_plural = _("duty roster")
        permissions = [("plan_duty", _("Can plan the duty roster"))]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "day"], condition=Q(role="leader"), name="one_leader_a_day"
            ),
            models.UniqueConstraint(
                fields=["branch", "day", "role", "member"], name="on_duty_once_a_day"
            ),
        ]
        indexes = [models.Index(fields=["-changed_at"], name="duty_changed")]

    def __str__(self) -> str:
        return f"{self.day} {self.get_role_display()}: {self.member}"
