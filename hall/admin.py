"""Setting up the place. What is saved here is recorded, and announced to the live screens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import ledger, stranded
from hall.events import Event, publish
from hall.forms import AskingForm, CounterForm, RulesForm
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
from hall.pages import SeeOther


class OfBranches(admin.ModelAdmin[Any]):
    """Asks for a right at the branch of the row, where Django asks whether it is held at all.

    What belongs to no branch belongs to all: who works at one may look at it, and no more.
    """

    def _may(self, request: HttpRequest, action: str, row: Model | None) -> bool:
        name = get_permission_codename(action, self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{name}", row)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Where there is a branch to choose, the form offers those that may be chosen."""
        is_somewhere = any(field.name == "branch" for field in self.opts.fields)
        return self._may(request, "add", None if is_somewhere else self.model())

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Everybody who sets something up sees how the other branches are set up."""
        return super().has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "delete", obj)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """The branches at which one may change such rows; none, that is all, is for who may there
        only."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "branch" and field is not None:
            mine = [each.pk for each in Branch.objects.all() if self._may(request, "change", each)]
            field.queryset = Branch.objects.filter(pk__in=mine)
            field.required = field.required or not self._may(request, "change", self.model())
        return field


class Recorded(admin.ModelAdmin[Any]):
    """Writes to the ledger what is added, changed and deleted: names of fields, ids, no text."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Django asks for its own note here: when all is saved, and nothing is committed."""
        self.note(request, "add" if add else "change", of_form(form), changes(form))
        for formset in formsets or ():
            for obj in formset.new_objects:
                self.note(request, "add", obj)
            for obj, fields in formset.changed_objects:
                self.note(request, "change", obj, [[name] for name in fields])
        return super().construct_change_message(request, form, formsets, add)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """What is deleted beside a row has its number until it is gone."""
        for each in formset.deleted_forms:
            if each.instance.pk:
                self.note(request, "delete", each.instance)
        super().save_formset(request, form, formset, change)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        # First: Django takes the id off a row that it has deleted.
        self.note(request, "delete", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        # The rows and what the ledger has of them go together, or not at all.
        with transaction.atomic():
            for obj in queryset:
                self.note(request, "delete", obj)
            super().delete_queryset(request, queryset)

    def note(
        self, request: HttpRequest, name: str, obj: Model, changes: ledger.Fact = None
    ) -> None:
        by = cast(ledger.Signs, request.user)
        ledger.record(f"admin.{name}", of=obj, by=by, changes=changes)


def of_form(form: Any) -> Model:
    """The row that a form is about; Django's form for a password calls it user."""
    found: Model = form.instance if hasattr(form, "instance") else form.user
    return found


def changes(form: Any) -> list[ledger.Fact]:
    """The fields that a form has changed: before and after of what is no text, else the name."""
    known = {field.name for field in of_form(form)._meta.get_fields()}
    return [changed(form, name) for name in form.changed_data if name in known]


def changed(form: Any, name: str) -> list[ledger.Fact]:
    """``[name, before, after]``; the name alone of a text, and where both are empty."""
    try:
        values = [plain(form.initial.get(name)), plain(form.cleaned_data.get(name))]
    except ValueError:
        return [name]
    return [name, *values] if values != [None, None] else [name]


def plain(value: Any) -> ledger.Fact:
    """A value of a form as the ledger may keep it; raises ValueError for a text."""
    if value is None or isinstance(value, int):
        return cast(ledger.Fact, value)
    if isinstance(value, Model):
        return cast(int, value.pk)
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError
    return [plain(each) for each in value]


class Announced(OfBranches, Recorded):
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

    def save_model(
        self, request: HttpRequest, obj: Any, form: forms.ModelForm[Any], change: bool
    ) -> None:
        """With what becomes of those whom the change strands."""
        super().save_model(request, obj, form, change)
        if isinstance(form, AskingForm) and form.way is not None:
            form.way.take(cast(ledger.Signs, request.user))

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

    def get_urls(self) -> list[URLPattern]:
        """Besides Django's own, the page of the branch's rules."""
        page = self.admin_site.admin_view(self.rules)
        return [
            # Before Django's own: the last of those takes whatever path is left.
            path("<path:object_id>/rules/", page, name="hall_branch_rules"),
            *super().get_urls(),
        ]

    def rules(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Every rule that the branch may set; what is saved holds from now on."""
        branch = self.get_object(request, unquote(object_id))
        if branch is None:
            raise Http404
        if not self.has_change_permission(request, branch):
            raise PermissionDenied
        form = RulesForm(request.POST or None, branch=branch, now=timezone.now())
        if form.is_valid():
            changed = form.save(by=cast(ledger.Signs, request.user))
            if changed:
                self.log_change(request, branch, [{"changed": {"fields": changed}}])
            messages.success(request, _("The rules are saved. They hold from now on."))
            return SeeOther(request.path)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": branch,
            "title": _("Rules"),
            "subtitle": str(branch),
            "form": form,
        }
        return render(request, "admin/hall/branch/rules.html", context)


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
    form = CounterForm
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
