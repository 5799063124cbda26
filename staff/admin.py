"""Members of staff and their roles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import ManyToManyField
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hall.events import Event, publish
from staff.models import Member
from staff.roles import role


def role_name(group: Any) -> str:
    """The role's name in the person's language, or the group's own."""
    known = role(group.name)
    return str(known.name) if known else str(group.name)


class MemberForm(forms.ModelForm[Member]):
    """A new member: number, name and place; the password is set on the next page."""

    class Meta:
        model = Member
        fields = ["staff_number", "name_zh_hans", "branch"]


@admin.register(Member)
class MemberAdmin(UserAdmin[Member]):
    """Only a superuser makes superusers, or changes one."""

    add_form = MemberForm
    list_display = ["staff_number", "name", "title", "department", "branch", "is_active"]
    list_filter = ["branch", "groups", "is_active"]
    list_select_related = ["department", "branch"]
    search_fields = ["staff_number", "name_zh_hans", "name_en"]
    ordering = ["staff_number"]
    filter_horizontal = ["groups"]
    add_fieldsets = [(None, {"fields": ["staff_number", "name_zh_hans", "branch"]})]
    fieldsets = [
        (None, {"fields": ["staff_number", "password"]}),
        (
            _("Person"),
            {
                "fields": [
                    ("name_zh_hans", "name_zh_hant", "name_en"),
                    ("title_zh_hans", "title_zh_hant", "title_en"),
                    "photo",
                    ("branch", "department"),
                ]
            },
        ),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
    ]

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        """Roles by what people call them."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "groups" and field is not None:
            setattr(field, "label_from_instance", role_name)  # noqa: B010
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Nobody gives a right that is above their own."""
        return [] if request.user.is_superuser else ["is_superuser"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser's account is changed by superusers alone."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Member, form: forms.ModelForm[Any], change: bool
    ) -> None:
        """A new member has no usable password until somebody sets one."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        publish(None, Event.PLACE_CHANGED)


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(admin.ModelAdmin[Group]):
    """Roles, by their name in the person's language."""

    list_display = ["name", "called"]
    filter_horizontal = ["permissions"]

    @admin.display(description=_("role"))
    def called(self, group: Group) -> str:
        """What people call the role."""
        return role_name(group)
