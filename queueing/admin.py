"""Looking a ticket up: its time line, for those who may watch the hall. Nothing is changed here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from queueing.models import Step, Ticket
from staff import access
from staff.models import Member
from staff.rights import Right

STEP_COLUMNS = ("at", "move", "from_state", "to_state", "service", "counter", "member", "reason")
LISTED = ("code", "day", "branch", "service", "lane", "state", "issued_at", "counter")
SHOWN = (*LISTED, "first_called_at", "last_called_at", "call_count", "member")


class ReadOnly:
    """What actions alone change is shown to those who have a right, and never changed here."""

    right: Right = Right.WATCH

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who has the right, somewhere; the rows are those of where (``get_queryset``)."""
        member = access.signed_in(request)
        return member is not None and access.may(member, self.right)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def looking(self, request: HttpRequest) -> Member:
        member = access.signed_in(request)
        assert member is not None
        return member


class StepInline(ReadOnly, admin.TabularInline[Step, Ticket]):
    model = Step
    fields = STEP_COLUMNS
    readonly_fields = STEP_COLUMNS


@admin.register(Ticket)
class TicketAdmin(ReadOnly, admin.ModelAdmin[Ticket]):
    list_display = LISTED
    list_filter = ["branch", "state", "lane"]
    list_select_related = ["branch", "service", "counter__branch"]
    date_hierarchy = "day"
    search_fields = ["=number", "=token"]
    # Counting all tickets that were ever issued takes longer than showing a page of them.
    show_full_result_count = False
    inlines = [StepInline]
    fields = SHOWN
    readonly_fields = SHOWN

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        return Ticket.objects.visible_to(self.looking(request), self.right)
