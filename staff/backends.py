"""How Django asks for a right: its administration and its templates get Hall's own answer."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from hall.models import Branch
from staff import access
from staff.models import Member


class ByGrants(ModelBackend):
    """Signs in by staff number and password; rights are those of ``staff.access``."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Without an object: anywhere at all, since lists show what the member may see.

        An object of a branch asks for the right there; one that belongs to no branch belongs to
        all of them.
        """
        if not isinstance(user_obj, Member):
            return False
        if obj is None:
            return access.may(user_obj, perm)
        branch = obj if isinstance(obj, Branch) else getattr(obj, "branch", None)
        return access.may_at(user_obj, perm, branch)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether the member holds any right of this app, anywhere."""
        if not isinstance(user_obj, Member) or not user_obj.is_active:
            return False
        return any(right.startswith(f"{app_label}.") for right in access.held(user_obj))
