"""Setting up the place. What is saved here is announced to the live screens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from hall import stranded
from hall.events import Event, publish
from hall.forms import AskingForm
from hall.models import (
    Branch,
    Category,
    Counter,
    Department,
    Notice,
    Offering,
    OpeningHours,
    Service,
    ServiceGuide,
    SpecialDay,
    Zone,
)


class Announced(admin.ModelAdmin[Any]):
    """Tells every screen that the place changed, once the change is committed."""

    def save_model(
        self, request: HttpRequest, obj: Model, form: forms.ModelForm[Any], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        publish(None, Event.PLACE_CHANGED)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)
        publish(None, Event.PLACE_CHANGED)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        publish(None, Event.PLACE_CHANGED)


class Asking(admin.ModelAdmin[Any]):
    """Deletes, closes and moves nothing unasked in which somebody stands (``hall.stranded``)."""

    form = AskingForm

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Whom it strands stands among what protects a thing: it cannot be deleted then."""
        listed, counts, needed, protected = super().get_deleted_objects(objs, request)
        found = stranded.by(objs)
        # Django's page tells of rights that are lacking, or else of what protects it: people first.
        return listed, counts, set() if found else needed, [*protected, *found]


class ZoneInline(admin.TabularInline[Zone, Branch]):
    model = Zone
    extra = 0


class HoursInline(admin.TabularInline[OpeningHours, Branch]):
    model = OpeningHours
    extra = 0


@admin.register(Branch)
class BranchAdmin(Asking, Announced):
    list_display = ["name", "slug", "kind", "timezone", "is_active"]
    inlines = [HoursInline, ZoneInline]


@admin.register(Department)
class DepartmentAdmin(Asking, Announced):
    list_display = ["name", "branch", "order"]
    list_filter = ["branch"]


@admin.register(Category)
class CategoryAdmin(Asking, Announced):
    list_display = ["name", "icon", "order"]


class ServiceGuideInline(admin.StackedInline[ServiceGuide, Service]):
    model = ServiceGuide
    extra = 0


@admin.register(Service)
class ServiceAdmin(Asking, Announced):
    list_display = ["name", "category", "slug", "order"]
    list_filter = ["category"]
    search_fields = ["name_zh_hans", "name_zh_hant", "name_en", "slug"]
    inlines = [ServiceGuideInline]


@admin.register(Offering)
class OfferingAdmin(Asking, Announced):
    list_display = ["service", "branch", "prefix", "zone", "typical_minutes", "is_open"]
    list_filter = ["branch", "is_open"]
    list_select_related = ["service", "branch", "zone"]


@admin.register(Counter)
class CounterAdmin(Asking, Announced):
    list_display = ["number", "branch", "zone", "department", "is_active"]
    list_filter = ["branch", "zone"]
    list_select_related = ["branch", "zone", "department"]
    filter_horizontal = ["services"]


@admin.register(SpecialDay)
class SpecialDayAdmin(Announced):
    list_display = ["date", "branch", "is_working", "reason"]
    list_filter = ["branch", "is_working"]


@admin.register(Notice)
class NoticeAdmin(Announced):
    list_display = ["text", "branch", "starts_at", "ends_at", "order"]
    list_filter = ["branch"]
