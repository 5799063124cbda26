"""The supervisor's view: one branch as a page of live panels, and all branches in one table."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hall.pages import htmx
from staff import access, panels
from staff.access import branch_for, requires
from staff.look import Look
from staff.models import Member
from staff.rights import Right


@dataclass(frozen=True)
class Shown:
    """A panel on the page: its rows as HTML, and the mark of what they were made of."""

    name: str
    revision: str
    html: str


@never_cache
@require_safe
@requires(Right.WATCH)
def overview(request: HttpRequest, member: Member) -> HttpResponse:
    """All branches that the member sees, a row each; one's own branch is opened at once."""
    own = access.only_branch(member, Right.WATCH)
    if own is not None:
        return redirect("staff:supervise", own.slug)
    branches = list(access.branches(member, Right.WATCH))
    now = timezone.now()
    columns = panels.columns(Look(branches, member, now))
    rows = [(branch, [column.cells.get(branch.pk) for column in columns]) for branch in branches]
    template = "staff/supervisor/overview.html" + ("#rows" if htmx(request) else "")
    return render(request, template, {"columns": columns, "rows": rows, "now": now})


@never_cache
@require_safe
@requires(Right.WATCH)
def supervise(request: HttpRequest, member: Member, branch: str) -> HttpResponse:
    """A branch as it stands now: the panels that the member may see."""
    place = branch_for(member, Right.WATCH, branch)
    now = timezone.now()
    # Marks first: what changes while the panels are made is fetched again.
    marks = panels.revisions(place, now)
    look = Look([place], member, now)
    shown = [
        Shown(name, marks[name], rendered(request, panel, look))
        for name, panel in panels.visible(look, panels.PANELS.items()).items()
    ]
    return render(
        request, "staff/supervisor/page.html", {"branch": place, "panels": shown, "now": now}
    )


@never_cache
@require_safe
@requires(Right.WATCH)
def one_panel(request: HttpRequest, member: Member, branch: str, panel: str) -> HttpResponse:
    place = branch_for(member, Right.WATCH, branch)
    found = panels.PANELS.get(panel)
    if found is None:
        raise Http404
    if not access.may(member, found.right, place):
        raise PermissionDenied
    return HttpResponse(rendered(request, found, Look([place], member, timezone.now())))


def rendered(request: HttpRequest, panel: panels.Panel, look: Look) -> str:
    """A panel's HTML, in the branch's time."""
    context = {**panel.context(look), "branch": look.branch, "now": look.now}
    with timezone.override(look.branch.zone_info):
        return render_to_string(panel.template, context, request=request)
