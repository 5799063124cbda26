"""Looking a matter up, for those who handle them. Nothing is changed here."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from complaints.models import Entry, Matter
from queueing.admin import ReadOnly
from staff.models import Member

PERMISSION = "complaints.handle_matters"
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

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may handle matters."""
        return request.user.has_perm(PERMISSION)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who may handle matters."""
        return request.user.has_perm(PERMISSION)


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
    show_full_result_count = False
    inlines = [EntryInline]
    fields = SHOWN
    readonly_fields = SHOWN

    def get_queryset(self, request: HttpRequest) -> QuerySet[Matter]:
        """Matters of the member's branch, none of them about the member."""
        member = request.user
        assert isinstance(member, Member)
        return Matter.objects.visible_to(member)
