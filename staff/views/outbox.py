"""A supervisor's page of what did not get out of the hall: each row waits for a decision."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from hall.models import Parcel
from hall.refusal import Refused
from staff import actions
from staff.access import branch_for, requires
from staff.models import Member
from staff.rights import Right
from staff.screens.outbox import outbox


@never_cache
@require_safe
@requires(Right.WATCH)
def undelivered(request: HttpRequest, member: Member, branch: str) -> HttpResponse:
    place = branch_for(member, Right.WATCH, branch)
    return render(request, "staff/outbox/page.html", {"branch": place, "waiting": outbox(place)})


@require_POST
@requires(Right.WATCH)
def settle(request: HttpRequest, member: Member, branch: str, pk: int) -> HttpResponse:
    """Do with one of them what the person says."""
    rows = Parcel.objects.select_related("branch").filter(
        branch=branch_for(member, Right.WATCH, branch)
    )
    parcel = get_object_or_404(rows, pk=pk)
    try:
        actions.settle_parcel(parcel=parcel, decision=request.POST.get("decision", ""), by=member)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Done."))
    return redirect("staff:outbox", branch)
