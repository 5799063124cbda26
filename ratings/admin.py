"""Looking ratings and summaries up. Nothing is changed here."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from queueing.admin import ReadOnly
from ratings.models import Rating, Remark, Summary
from staff.rights import Right

RATING = ("day", "branch", "service", "counter", "member", "grade", "via")


class RemarkInline(ReadOnly, admin.TabularInline[Remark, Rating]):
    model = Remark
    fields = readonly_fields = ("reason",)


@admin.register(Rating)
class RatingAdmin(ReadOnly, admin.ModelAdmin[Rating]):
    list_display = RATING
    list_filter = ["branch", "grade", "via"]
    list_select_related = ["branch", "service", "counter__branch", "member"]
    date_hierarchy = "day"
    # A page does not wait until all ratings that there ever were are counted.
    show_full_result_count = False
    inlines = [RemarkInline]
    fields = readonly_fields = (*RATING, "department", "given_at", "explained_at", "comment")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rating]:
        """Ratings of the member's own branch, but none that opened a case about the member."""
        return Rating.objects.visible_to(self.looking(request))


@admin.register(Summary)
class SummaryAdmin(ReadOnly, admin.ModelAdmin[Summary]):
    right = Right.SUMMARIES
    list_display = ("first_day", "branch", "version", "made_at", "reason")
    list_filter = ["branch"]
    list_select_related = ["branch"]
    fields = readonly_fields = ("branch", "first_day", "version", "made_at", "made_by", "reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Summary]:
        return Summary.objects.visible_to(self.looking(request))

    def view_on_site(self, summary: Summary) -> str:
        """The page with the figures."""
        where = {"branch": summary.branch.slug, "month": summary.month}
        return f"{reverse('ratings:summary', kwargs=where)}?version={summary.version}"
