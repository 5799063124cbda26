"""How well it went: ratings of visits, and the monthly summaries."""

from __future__ import annotations

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import Matter
from hall.calendar import Month
from hall.languages import in_language
from hall.models import Branch, Counter, Department, Device, Service
from queueing.models import Ticket
from staff import access
from staff.models import Member
from staff.rights import Right

COMMENT_LIMIT = 500


class Grade(models.TextChoices):
    """The three grades of the pad; in the national five they are 4, 3 and 2 (GB/T 39734-2020)."""

    SATISFIED = "satisfied", _("satisfied")
    BASICALLY = "basically", _("basically satisfied")
    DISSATISFIED = "dissatisfied", _("not satisfied")


# A table, no rule of a hall. Of the national five the lowest two are bad, so of these three the
# last alone (GB/T 39734-2020, GB/T 39735-2020).
NATIONAL = {Grade.SATISFIED: 4, Grade.BASICALLY: 3, Grade.DISSATISFIED: 2}


class Aspect(models.TextChoices):
    """What a reason is about."""

    ATTITUDE = "attitude", _("attitude")
    QUALITY = "quality", _("quality")
    EFFICIENCY = "efficiency", _("efficiency")


class Reason(models.TextChoices):
    """Why a visitor gave the grade; each belongs to an aspect (``ASPECT_OF``)."""

    FRIENDLY = "friendly", _("friendly and patient")
    CLEAR = "clear", _("explained clearly")
    QUICK = "quick", _("quick")
    UNFRIENDLY = "unfriendly", _("unfriendly")
    IMPATIENT = "impatient", _("impatient")
    UNCLEAR = "unclear", _("not explained clearly")
    UNSOLVED = "unsolved", _("my matter was not settled")
    WAITED = "waited", _("waited too long")
    SLOW = "slow", _("slow at the counter")
    AGAIN = "again", _("had to come several times")


ASPECT_OF = {
    Reason.FRIENDLY: Aspect.ATTITUDE,
    Reason.CLEAR: Aspect.QUALITY,
    Reason.QUICK: Aspect.EFFICIENCY,
    Reason.UNFRIENDLY: Aspect.ATTITUDE,
    Reason.IMPATIENT: Aspect.ATTITUDE,
    Reason.UNCLEAR: Aspect.QUALITY,
    Reason.UNSOLVED: Aspect.QUALITY,
    Reason.WAITED: Aspect.EFFICIENCY,
    Reason.SLOW: Aspect.EFFICIENCY,
    Reason.AGAIN: Aspect.EFFICIENCY,
}
PRAISE = (Reason.FRIENDLY, Reason.CLEAR, Reason.QUICK)
# What is offered to choose from, by grade.
REASONS = {
    Grade.SATISFIED: PRAISE,
    Grade.BASICALLY: tuple(each for each in Reason if each not in PRAISE),
    Grade.DISSATISFIED: tuple(each for each in Reason if each not in PRAISE),
}


class Via(models.TextChoices):
    """Where a rating was given."""

    PAD = "pad", _("rating pad")
    PHONE = "phone", _("the visitor's own page")


class RatingQuerySet(models.QuerySet["Rating"]):
    def visible_to(self, member: Member) -> RatingQuerySet:
        """Ratings of the branches that the member watches over; none of a case about the member.

        A bad rating is a case in the box; whom the case is about sees neither.
        """
        cases = Matter.objects.not_about(member)
        rows = self.filter(Q(matter=None) | Q(matter__in=cases))
        return rows.filter(access.within(member, Right.WATCH))


class Rating(models.Model):
    """One visit's evaluation by the visitor: at most one, given once, never changed.

    Branch, service, department, counter and member are the visit's at the time. ``day`` is the
    branch's day on which it was given.
    """

    # One visit, one rating (一次一评, GB/T 39734-2020): the row decides between pad and phone.
    ticket = models.OneToOneField(
        Ticket, models.PROTECT, related_name="rating", verbose_name=_("ticket")
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="ratings", verbose_name=_("branch")
    )
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="+", verbose_name=_("service")
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, related_name="+", verbose_name=_("department")
    )
    counter = models.ForeignKey(
        Counter, models.PROTECT, null=True, related_name="+", verbose_name=_("counter")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="ratings", verbose_name=_("member of staff")
    )
    grade = models.CharField(_("grade"), max_length=12, choices=Grade)
    via = models.CharField(_("given on"), max_length=8, choices=Via)
    # A screen may be taken away; what was given on it stays.
    device = models.ForeignKey(
        Device, models.SET_NULL, null=True, related_name="+", verbose_name=_("screen")
    )
    given_at = models.DateTimeField(_("given"))
    day = models.DateField(_("day"))
    comment = models.TextField(
        _("comment"), blank=True, validators=[MaxLengthValidator(COMMENT_LIMIT)]
    )
    explained_at = models.DateTimeField(_("reasons given"), null=True)
    matter = models.OneToOneField(
        Matter, models.PROTECT, null=True, related_name="rating", verbose_name=_("matter")
    )

    objects = RatingQuerySet.as_manager()

    class Meta:
        ordering = ["-given_at"]
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        permissions = [("read_summaries", _("Can read the monthly summaries"))]
        constraints = [
            models.CheckConstraint(condition=Q(grade__in=Grade.values), name="grade_is_known")
        ]
        indexes = [models.Index(fields=["branch", "day"], name="rating_by_day")]

    def __str__(self) -> str:
        return f"{self.get_grade_display()} {self.day}"


class Remark(models.Model):
    """A reason that the visitor chose for the grade."""

    rating = models.ForeignKey(Rating, models.CASCADE, related_name="remarks")
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)

    class Meta:
        verbose_name = _("reason of a rating")
        verbose_name_plural = _("reasons of ratings")
        constraints = [
            models.UniqueConstraint(fields=["rating", "reason"], name="reason_given_once")
        ]

    def __str__(self) -> str:
        return self.get_reason_display()


class SummaryQuerySet(models.QuerySet["Summary"]):
    def visible_to(self, member: Member) -> SummaryQuerySet:
        """Summaries of the branches whose summaries the member may read."""
        return self.filter(access.within(member, Right.SUMMARIES))

    def of(self, branch: Branch, month: Month) -> SummaryQuerySet:
        """Every version of a branch's month, the newest first."""
        return self.filter(branch=branch, first_day=month.first).order_by("-version")


class Summary(models.Model):
    """A branch's month in figures, frozen. A correction is a new version beside it."""

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="summaries", verbose_name=_("branch")
    )
    first_day = models.DateField(_("month"), help_text=_("the first day of the month"))
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("made by")
    )
    reason = models.CharField(_("reason of the correction"), max_length=200, blank=True)

    objects = SummaryQuerySet.as_manager()

    class Meta:
        ordering = ["-first_day", "branch", "-version"]
        verbose_name = _("monthly summary")
        verbose_name_plural = _("monthly summaries")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "first_day", "version"], name="one_summary_a_month"
            )
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.month}"

    @property
    def month(self) -> Month:
        return Month.of(self.first_day)


class Row(models.Model):
    """One line of a summary: the figures of a branch, or of a part of its month.

    What each figure counts is said in ``ratings.figures``. Names are kept as they were when the
    summary was made. A field that a scope has no figure for is null: ratings and matters of a
    half hour, matters of a day or of a person, the spread of no lengths. A department or service
    that is null is the row of what has none.
    """

    class Scope(models.TextChoices):
        BRANCH = "branch", _("branch")
        DEPARTMENT = "department", _("department")
        SERVICE = "service", _("service")
        PERSON = "person", _("member of staff")
        DAY = "day", _("day")
        SLOT = "slot", _("half hour")

    summary = models.ForeignKey(Summary, models.PROTECT, related_name="rows")
    scope = models.CharField(_("of"), max_length=10, choices=Scope)
    order = models.PositiveIntegerField(_("order"))
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    service = models.ForeignKey(Service, models.PROTECT, null=True, related_name="+")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    day = models.DateField(_("day"), null=True)
    slot = models.TimeField(_("half hour from"), null=True)
    name_zh_hans = models.CharField(_("name (Simplified Chinese)"), max_length=120, blank=True)
    name_zh_hant = models.CharField(_("name (Traditional Chinese)"), max_length=120, blank=True)
    name_en = models.CharField(_("name (English)"), max_length=160, blank=True)
    staff_number = models.CharField(_("staff number"), max_length=20, blank=True)

    issued = models.PositiveIntegerField(_("tickets"), default=0)
    done = models.PositiveIntegerField(_("served"), default=0)
    no_show = models.PositiveIntegerField(_("did not come"), default=0)
    cancelled = models.PositiveIntegerField(_("cancelled"), default=0)
    abandoned = models.PositiveIntegerField(_("left waiting"), default=0)
    closed_by_day_end = models.PositiveIntegerField(_("closed by the end of the day"), default=0)
    waits = models.PositiveIntegerField(_("waits measured"), default=0)
    wait_median = models.DurationField(_("median wait"), null=True)
    wait_p90 = models.DurationField(_("wait, 90th percentile"), null=True)
    services = models.PositiveIntegerField(_("visits measured"), default=0)
    service_median = models.DurationField(_("median length of service"), null=True)
    service_p90 = models.DurationField(_("length of service, 90th percentile"), null=True)
    satisfied = models.PositiveIntegerField(_("satisfied"), null=True)
    basically = models.PositiveIntegerField(_("basically satisfied"), null=True)
    dissatisfied = models.PositiveIntegerField(_("not satisfied"), null=True)
    unrated = models.PositiveIntegerField(_("not rated"), null=True)
    received = models.PositiveIntegerField(_("matters received"), null=True)
    answered_in_time = models.PositiveIntegerField(_("answered in time"), null=True)
    answered_late = models.PositiveIntegerField(_("answered late"), null=True)
    overdue = models.PositiveIntegerField(_("overdue"), null=True)
    open = models.PositiveIntegerField(pgettext_lazy("matters", "open"), null=True)

    class Meta:
        ordering = ["scope", "order"]
        verbose_name = _("row of a summary")
        verbose_name_plural = _("rows of a summary")
        constraints = [
            models.UniqueConstraint(
                fields=["summary", "scope", "order"], name="one_row_of_a_summary"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.name}"

    @property
    def name(self) -> str:
        """The name in the active language, as it was."""
        return in_language(self, "name")

    @property
    def rated(self) -> int:
        return (self.satisfied or 0) + (self.basically or 0) + (self.dissatisfied or 0)

    @property
    def finished(self) -> int:
        """Visits that a member of staff finished."""
        return self.done - self.closed_by_day_end

    @property
    def answered(self) -> int:
        """Matters answered in the month."""
        return (self.answered_in_time or 0) + (self.answered_late or 0)
