"""Who works here: members of staff, who sign in with their staff number, and what they may do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from hall.languages import in_language
from hall.ledger import Actor
from hall.models import Branch, Department, LedgerRow
from staff import roles
from staff.rights import Right


class MemberManager(BaseUserManager["Member"]):
    def create_user(self, staff_number: str, password: str | None = None, **fields: Any) -> Member:
        """A new member; without a password nobody can sign in as them yet."""
        member = self.model(staff_number=staff_number, **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member


class Member(AbstractBaseUser):
    """One person on the staff. What they may do follows from their grants (``staff.access``)."""

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
        help_text=_("where the person works; what they may do, and where, is granted"),
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

    objects: ClassVar[MemberManager] = MemberManager()
    is_superuser: ClassVar[bool] = False  # opens nothing in a hall; Django's administration asks
    # What staff.access found for this request; with the next one the member is read anew.
    held: Mapping[str, frozenset[int | None]] | None = None
    # Whether the save that is under way moves the member to another branch (queueing.guards).
    is_moving: bool = False

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
        return in_language(self, "name")

    @property
    def title(self) -> str:
        return in_language(self, "title")

    @property
    def signature(self) -> Actor:
        """Who this is, as the ledger keeps it: the same in whatever language one works."""
        return Actor(LedgerRow.Actor.MEMBER, self.pk, self.staff_number, self.name_zh_hans)

    @property
    def is_staff(self) -> bool:
        """Whether the administration may be opened: Django's word for it."""
        return self.has_perm(Right.ADMINISTRATION)

    # What Django's administration and templates ask; the backend asks staff.access.

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's question for a right; Hall's own code asks ``access.may``."""
        found = (getattr(each, "has_perm", None) for each in get_backends())
        return any(ask(self, perm, obj) for ask in found if ask)

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        found = (getattr(each, "has_module_perms", None) for each in get_backends())
        return any(ask(self, app_label) for ask in found if ask)


class Role(models.Model):
    """A bundle of rights under a name. The rows are the table of rights and roles."""

    slug = models.CharField(_("name"), max_length=150, unique=True)

    class Meta:
        ordering = ["slug"]
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        return roles.called(self.slug)


class RoleRight(models.Model):
    role = models.ForeignKey(Role, models.CASCADE, related_name="rights")
    right = models.CharField(_("right"), max_length=150)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "right"], name="right_once_a_role")]

    def __str__(self) -> str:
        return f"{self.role}: {self.right}"


# Why there is a grant that no person made: by a migration, by a command.
OWN_REASONS = (
    gettext_noop("held before grants were kept"),
    gettext_noop("could open the administration before grants were kept"),
    gettext_noop("was a superuser before grants were kept"),
    BY_COMMAND := gettext_noop("made an administrator by a command of the installation"),
)


class GrantQuerySet(models.QuerySet["Grant"]):
    def standing(self, at: dt.datetime) -> GrantQuerySet:
        """Grants in force at this moment."""
        has_not_ended = Q(ends_at=None) | Q(ends_at__gt=at)
        is_not_revoked = Q(revoked_at=None) | Q(revoked_at__gt=at)
        return self.filter(has_not_ended, is_not_revoked, starts_at__lte=at)

    def of(self, right: str) -> GrantQuerySet:
        """Grants that hold this right, by themselves or by their role."""
        return self.filter(Q(right=right) | Q(role__in=Role.objects.filter(rights__right=right)))

    def reaching(self, branch: Branch) -> GrantQuerySet:
        """Grants for this branch, or for all."""
        return self.filter(Q(branch=branch) | Q(branch=None))


class Grant(models.Model):
    """That a member holds a role, or a single right: where, since when, until when, by whom.

    A row is never deleted: it ends by its date, or by being revoked. Nobody grants to themselves.
    """

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="grants", verbose_name=_("member of staff")
    )
    role = models.ForeignKey(
        Role, models.PROTECT, null=True, blank=True, related_name="grants", verbose_name=_("role")
    )
    right = models.CharField(_("single right"), max_length=150, blank=True)
    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("branch"),
        help_text=_("none: all branches"),
    )
    starts_at = models.DateTimeField(pgettext_lazy("grant", "from"))
    ends_at = models.DateTimeField(
        pgettext_lazy("grant", "until"), null=True, blank=True, help_text=_("none: for good")
    )
    reason = models.CharField(_("reason"), max_length=200)
    granted_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("granted by")
    )
    made_at = models.DateTimeField(_("granted"))
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    revoked_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("revoked by")
    )

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["member", "starts_at", "pk"]
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            # The last guard: whatever happens, nobody has a right from themselves.
            models.CheckConstraint(
                condition=Q(granted_by=None) | ~Q(granted_by=F("member")),
                name="nobody_grants_to_themselves",
            ),
            models.CheckConstraint(
                condition=Q(role=None) & ~Q(right="") | Q(role__isnull=False, right=""),
                name="a_role_or_a_single_right",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.what}"

    @property
    def why(self) -> str:
        """The reason; one that Hall wrote itself in the active language."""
        return gettext(self.reason)

    @property
    def what(self) -> str:
        """What is held, as people call it."""
        if self.role is not None:
            return str(self.role)
        return str(Right(self.right).label) if self.right in Right.values else self.right


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
