"""The list of matters, for those who answer them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from complaints.models import REFERENCE_DIGITS, Kind
from complaints.screens import desk as desk_screen
from complaints.screens.desk import Wanted
from hall import typed
from hall.pages import htmx
from staff import access
from staff.access import requires
from staff.models import Member
from staff.rights import Right

LAST_PAGE = 10_000
FEWEST_DIGITS = 4  # of a reference number, to look for it


@require_safe
@never_cache
@requires(Right.HANDLE)
def desk(request: HttpRequest, member: Member) -> HttpResponse:
    """The list as it was asked for; htmx gets the rows and the tabs alone."""
    wanted, own = asked(request.GET), access.only_branch(member, Right.HANDLE)
    listing = desk_screen.listing(member, wanted)
    context = {
        "listing": listing,
        "wanted": wanted,
        "kinds": Kind.choices,
        "branches": access.branches(member, Right.HANDLE) if own is None else [],
        "branch": own,
        "typed": request.GET.get("q", "")[:40],
        "is_filtered": bool(wanted.kind or wanted.branch or wanted.digits),
        "filters": urlencode({"kind": wanted.kind, "branch": wanted.branch, "q": wanted.digits}),
        "stream": own.slug if own else "all",
    }
    part = "#list" if htmx(request) else ""
    response = render(request, f"complaints/desk/page.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def asked(query: QueryDict) -> Wanted:
    """What the address asks for; what it says wrong is as if it were not said."""
    tab, kind = query.get("show", ""), query.get("kind", "")
    return Wanted(
        tab=tab if tab in desk_screen.LABELS else "open",
        kind=kind if kind in Kind.values else "",
        branch=typed.slug(query.get("branch")) or "",
        digits=typed.digits(query.get("q", ""), FEWEST_DIGITS, REFERENCE_DIGITS) or "",
        page=typed.number(query.get("page"), most=LAST_PAGE) or 1,
    )
