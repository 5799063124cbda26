"""Members of staff, what they are granted, and what the roles may do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ForeignKey, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from hall.admin import Asking, Recorded
from hall.events import Event, publish
from hall.forms import AskingForm
from hall.models import Parcel
from hall.refusal import Refused
from staff import access, actions
from staff.models import Grant, Member, Role
from staff.rights import PEOPLE, PLACE, Right

ADD_MEMBER, VIEW_MEMBER, CHANGE_MEMBER = (
    f"staff.{action}_member" for action in ("add", "view", "change")
)
PARCEL_COLUMNS = ("kind", "branch", "state", "trouble", "tries", "created_at", "settled_by")
HISTORY = ("what", "branch", "starts_at", "ends_at", "why", "granted_by", "revoked_at")


def who(request: HttpRequest) -> Member:
    """The member at work in the administration."""
    member = access.signed_in(request)
    assert member is not None
    return member


def holds(request: HttpRequest, right: Right) -> bool:
    """Whether the right is held anywhere; the page to sign in at asks this of nobody, too."""
    member = access.signed_in(request)
    return member is not None and access.may(member, right)


class MemberForm(forms.ModelForm[Member]):
    """A new member: number, name and place; the password is set on the next page."""

    class Meta:
        model = Member
        fields = ["staff_number", "name_zh_hans", "branch"]


class GrantsOfMember(admin.TabularInline[Grant, Member]):
    """What the member holds and held; it is granted and revoked on pages of its own."""

    model = Grant
    fk_name = "member"
    fields = readonly_fields = HISTORY

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who sees the member sees this."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a grant is never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a grant is never deleted."""
        return False


class MemberChangeForm(AskingForm[Member], UserChangeForm[Member]):
    """A member who serves, sits or owes an answer is not switched off or moved unasked."""


@admin.register(Member)
class MemberAdmin(Asking, Recorded, UserAdmin[Member]):
    """The people of the branches at which one has the right; nobody who reaches further."""

    add_form = MemberForm
    form = MemberChangeForm
    list_display = ["staff_number", "name", "title", "department", "branch", "is_active"]
    list_filter = ["branch", "is_active"]
    list_select_related = ["department", "branch"]
    search_fields = ["staff_number", "name_zh_hans", "name_en"]
    ordering = ["staff_number"]
    filter_horizontal = []
    inlines = [GrantsOfMember]
    readonly_fields = ["granting"]
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
        (_("Rights"), {"fields": ["is_active", "granting", "strands_seen"]}),
    ]

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """The new password and the ledger's row, or neither."""
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    @admin.display(description=_("grants"))
    def granting(self, member: Member) -> str:
        address = f"{reverse('admin:staff_grant_add')}?member={member.pk}"
        return format_html('<a href="{}">{}</a>', address, _("Grant a role"))

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """A member who is not there yet holds nothing."""
        return [GrantsOfMember] if obj else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        """The members of the branches whose people one may see."""
        return super().get_queryset(request).filter(access.within(who(request), VIEW_MEMBER))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes an account, and its password, that reaches further than they do."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or access.covers(who(request), CHANGE_MEMBER, obj))

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """A member is placed where one may place members."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "branch" and field is not None:
            field.queryset = access.branches(who(request), CHANGE_MEMBER)
            field.required = not access.may_everywhere(who(request), CHANGE_MEMBER)
        return field

    def save_model(
        self, request: HttpRequest, obj: Member, form: forms.ModelForm[Any], change: bool
    ) -> None:
        """A new member has no usable password until somebody sets one; one who moves holds what
        they held, where they held it, and that is said."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        publish(None, Event.PLACE_CHANGED)
        standing = obj.grants.standing(timezone.now())
        if "branch" in form.changed_data and standing.exists():
            text = _("%(name)s keeps what was granted at the branch before. Please look it over.")
            messages.warning(request, text % {"name": obj.name})


class GrantForm(forms.ModelForm[Grant]):
    """A role for somebody: where, from when, until when, and why."""

    by: Member

    class Meta:
        model = Grant
        fields = ["member", "role", "branch", "starts_at", "ends_at", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:  # not where a grant is only looked at
            self.fields["role"].required = True
            self.fields["starts_at"].initial = timezone.now

    def clean(self) -> dict[str, Any]:
        """What the action refuses is said before it is tried."""
        values = super().clean() or {}
        if not self.errors:
            try:
                actions.check_grant(Grant(**values), by=self.by)
            except Refused as refusal:
                raise ValidationError(str(refusal)) from refusal
        return values


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin[Grant]):
    """Who holds what, and held it. A row is made and revoked, never changed."""

    form = GrantForm
    list_display = ["member", *HISTORY]
    list_filter = ["role", "branch"]
    list_select_related = ["member", "role", "branch", "granted_by"]
    search_fields = ["member__staff_number", "member__name_zh_hans", "member__name_en"]
    autocomplete_fields = ["member"]
    actions = ["revoke"]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form knows who fills it in."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.by = who(request)
        return form

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        """Of one's own branches: what is held there, and by whom who works there."""
        by = who(request)
        here = access.within(by, Right.GRANT)
        theirs = access.within(by, Right.GRANT, "member__branch")
        # No condition is every branch; *or* would drop it, and leave less.
        return super().get_queryset(request).filter(here | theirs if here else here)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request, Right.GRANT)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may grant; where and to whom is the action's to say."""
        return holds(request, Right.GRANT)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: Grant, form: forms.ModelForm[Any], change: bool
    ) -> None:
        """By the action, as everything that is changed."""
        made = actions.grant(
            member=obj.member,
            role=obj.role.slug if obj.role else "",
            branch=obj.branch,
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
            reason=obj.reason,
            by=who(request),
        )
        # Django goes on with this object: to its address, and for its own log.
        obj.pk = made.pk

    # By the right to look: nobody has Django's right to change a grant, and the action asks itself.
    @admin.action(description=_("Revoke"), permissions=["view"])
    def revoke(self, request: HttpRequest, grants: QuerySet[Grant]) -> None:
        """Take back the chosen ones; each that is refused says why."""
        for each in grants.select_related("member__branch", "branch", "role"):
            try:
                actions.revoke(grant=each, by=who(request))
            except Refused as refusal:
                messages.error(request, f"{each}: {refusal}")


def right_choices() -> list[tuple[str, Any]]:
    """Every right, by what people call it: Hall's own, then those of the administration."""
    return [*Right.choices, *((name, name) for name in sorted(PLACE | PEOPLE))]


class RoleForm(forms.ModelForm[Role]):
    """A role's name, and what it may do."""

    by: Member
    holds = forms.MultipleChoiceField(
        label=_("may"), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Role
        fields = ["slug"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["holds"]
        assert isinstance(field, forms.MultipleChoiceField)
        role = self.instance
        field.initial = list(role.rights.values_list("right", flat=True)) if role.pk else []
        known = right_choices()
        names = {name for name, _label in known}
        # A right of another version of Hall stays what it is.
        field.choices = [*known, *((name, name) for name in field.initial if name not in names)]


@admin.register(Role)
class RoleAdmin(Recorded):
    """The table of rights and roles: for those who may change it everywhere."""

    form = RoleForm
    list_display = ["slug", "called"]

    @admin.display(description=_("role"))
    def called(self, role: Role) -> str:
        return capfirst(str(role))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may, at all branches: a role is the same everywhere."""
        member = access.signed_in(request)
        return member is not None and access.may_everywhere(member, Right.ROLES)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: who held it is on file."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Role, form: forms.ModelForm[Any], change: bool
    ) -> None:
        """The name, then what the role may do, by the action."""
        if not change:
            super().save_model(request, obj, form, change)
        try:
            actions.set_rights(role=obj, rights=form.cleaned_data["holds"], by=who(request))
        except Refused as refusal:
            messages.error(request, str(refusal))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A role's name is what the code and the grants know it by."""
        return ["slug"] if obj else []


@admin.register(Parcel)
class ParcelAdmin(admin.ModelAdmin[Parcel]):
    """Everything that left the hall, or should: to look up. A supervisor's page decides."""

    list_display = PARCEL_COLUMNS
    list_filter = ["state", "kind", "branch"]
    list_select_related = ["branch"]
    # Counting all that ever left the hall takes longer than showing one page of it.
    show_full_result_count = False
    fields = (*PARCEL_COLUMNS, "state_since", "due_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Parcel]:
        return super().get_queryset(request).filter(access.within(who(request), Right.WATCH))

    def has_view_permission(self, request: HttpRequest, obj: Parcel | None = None) -> bool:
        return holds(request, Right.WATCH)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: parcels are put by actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Parcel | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Parcel | None = None) -> bool:
        """Nobody: what was delivered goes by itself after some weeks."""
        return False
