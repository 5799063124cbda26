"""Who sends a request: a visitor, or somebody of the staff."""

from __future__ import annotations

from django.http import HttpRequest

from staff.models import Member


def signed_in(request: HttpRequest) -> Member | None:
    """The member of staff who is signed in; a visitor is nobody's."""
    return request.user if isinstance(request.user, Member) else None
