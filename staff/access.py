"""Who may open a page of the staff, and which branches they see."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django_htmx.http import HttpResponseClientRedirect

from hall.models import Branch
from staff.models import Member

WATCH = "queueing.watch_hall"
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
StaffView = Callable[Concatenate[HttpRequest, Member, P], HttpResponse]


def requires(permission: str) -> Callable[[StaffView[P]], View[P]]:
    """Only for members with this permission; whoever is not signed in does so first.

    A part of a page leads the whole page to the sign-in.
    """

    def guard(view: StaffView[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            member = request.user
            if not isinstance(member, Member):
                return to_sign_in(request)
            if not member.has_perm(permission):
                raise PermissionDenied
            return view(request, member, *args, **kwargs)

        return guarded

    return guard


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The way to the sign-in page and back to the page that the person looks at."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect_to_login(request.get_full_path())
    page = request.htmx.current_url_abs_path  # type: ignore[attr-defined]
    return HttpResponseClientRedirect(redirect_to_login(page or "/").url)


def branches_of(member: Member) -> QuerySet[Branch]:
    """The member's own branch; all of them for one who belongs to none."""
    branches = Branch.objects.all()
    return branches if member.branch_id is None else branches.filter(pk=member.branch_id)


def branch_for(member: Member, slug: str) -> Branch:
    """The branch of this address name; raises Http404 if the member does not see it."""
    return get_object_or_404(branches_of(member), slug=slug)
