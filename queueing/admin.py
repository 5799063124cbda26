"""Looking a ticket up: its time line, for those who may watch the hall. Nothing is changed here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from queueing.models import Step, Ticket
from staff.models import Member

STEP_COLUMNS = ("at", "move", "from_state", "to_state", "service", "counter", "member", "reason")
LISTED = ("code", "day", "branch", "service", "lane", "state", "issued_at", "counter")
SHOWN = (*LISTED, "first_called_at", "last_called_at", "call_count", "member")


class ReadOnly:
    """Tickets and steps are changed by actions alone."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may watch the hall."""
        return request.user.has_perm("queueing.watch_hall")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who may watch the hall."""
        return request.user.has_perm("queueing.watch_hall")


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
    show_full_result_count = False
    inlines = [StepInline]
    fields = SHOWN
    readonly_fields = SHOWN

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        """Tickets of the member's own branch."""
        member = request.user
        assert isinstance(member, Member)
        return Ticket.objects.visible_to(member)
