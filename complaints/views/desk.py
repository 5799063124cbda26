"""The list of matters, for those who answer them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from complaints.forms import MatterFilter
from complaints.screens import desk as desk_screen
from hall import typed
from hall.pages import htmx
from staff import access
from staff.access import requires
from staff.models import Member
from staff.rights import Right

LAST_PAGE = 10_000


@require_safe
@never_cache
@requires(Right.HANDLE)
def desk(request: HttpRequest, member: Member) -> HttpResponse:
    """The list as it was asked for; htmx gets the rows and the tabs alone."""
    own = access.only_branch(member, Right.HANDLE)
    asked = MatterFilter(access.branches(member, Right.HANDLE), request.GET)
    wanted = asked.wanted(typed.number(request.GET.get("page"), most=LAST_PAGE) or 1)
    context = {
        "listing": desk_screen.listing(member, wanted),
        "wanted": wanted,
        "form": asked.form,
        "branch": own,
        "is_filtered": bool(wanted.kind or wanted.branch or wanted.digits),
        "filters": urlencode({"kind": wanted.kind, "branch": wanted.branch, "q": wanted.digits}),
        "stream": own.slug if own else "all",
    }
    part = "#list" if htmx(request) else ""
    response = render(request, f"complaints/desk/page.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
