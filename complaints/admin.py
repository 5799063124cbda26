"""Looking a matter up, for those who handle them. Nothing is changed here."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from complaints.models import Entry, Matter
from queueing.admin import ReadOnly
from staff.rights import Right

ENTRY_COLUMNS = ("at", "move", "from_state", "to_state", "by", "owner", "due_on", "text")
LISTED = ("printed_reference", "branch", "kind", "source", "state", "owner", "day", "due_on")
SHOWN = (
    *LISTED,
    "text",
    "name",
    "contact",
    "counter",
    "service",
    "department",
    "received_at",
    "contact_due_on",
    "contacted_at",
    "extended_at",
    "replied_at",
    "closed_at",
)


class ForHandlers(ReadOnly):
    """Matters are changed by actions alone, and seen by those who may handle them."""

    right = Right.HANDLE


class EntryInline(ForHandlers, admin.TabularInline[Entry, Matter]):
    model = Entry
    fk_name = "matter"
    fields = ENTRY_COLUMNS
    readonly_fields = ENTRY_COLUMNS


@admin.register(Matter)
class MatterAdmin(ForHandlers, admin.ModelAdmin[Matter]):
    list_display = LISTED
    list_filter = ["branch", "state", "kind", "source"]
    list_select_related = ["branch", "owner"]
    date_hierarchy = "day"
    search_fields = ["=reference"]
    # A page does not wait until all matters that there ever were are counted.
    show_full_result_count = False
    inlines = [EntryInline]
    fields = SHOWN
    readonly_fields = SHOWN

    def get_queryset(self, request: HttpRequest) -> QuerySet[Matter]:
        """Matters of the member's branch, none of them about the member."""
        return Matter.objects.visible_to(self.looking(request))
