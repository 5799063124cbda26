"""The box: choose the hall, write, send; with or without a name."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from complaints import actions
from complaints.forms import BoxForm
from complaints.models import Matter
from complaints.views.keeping import is_switching, keeps_words, on_expiry, switches_language
from hall import typed
from hall.languages import known
from hall.models import Branch
from hall.pages import SeeOther, unlisted
from hall.refusal import Refused
from queueing.models import Ticket

# Not "no-store": a browser that comes back to a form must still have what was typed into it.
fresh = cache_control(private=True, no_cache=True)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Which hall is it about? Where there is one alone, or a ticket tells, straight on."""
    ticket = ticket_of(request)
    branches = list(Branch.objects.filter(is_active=True))
    chosen = ticket.branch if ticket else branches[0] if len(branches) == 1 else None
    if chosen:
        address = reverse("complaints:box_form", args=[chosen.slug])
        return redirect(f"{address}?ticket={ticket.token}" if ticket else address)
    return render(request, "complaints/box/page.html", {"branches": branches})


def ticket_of(request: HttpRequest) -> Ticket | None:
    """The visit that the visitor comes from."""
    token = typed.token(request.GET.get("ticket"))
    tickets = Ticket.objects.select_related("branch", "counter")
    return tickets.filter(token=token).first() if token else None


def expired(request: HttpRequest, branch: str) -> HttpResponse:
    """The form was open for too long: here it is again, with every word."""
    place = get_object_or_404(Branch, slug=branch)
    return form_page(request, BoxForm(place, request.POST), status=403, is_expired=True)


@on_expiry(expired)
@require_http_methods(["GET", "HEAD", "POST"])
@fresh
@switches_language
@keeps_words
def form(request: HttpRequest, branch: str) -> HttpResponse:
    """Write to the box of a branch."""
    place = get_object_or_404(Branch, slug=branch)
    if request.method != "POST":
        return form_page(request, BoxForm(place, initial=visit(ticket_of(request), place)))
    form = BoxForm(place, request.POST)
    if is_switching(request):
        # Not bound: who changes the language has not sent anything yet, and is told of no mistakes.
        again = BoxForm(place, initial=request.POST.dict())
        return form_page(request, again, form_id=form.form_id)
    if not form.is_valid():
        return form_page(request, form, status=400)
    try:
        matter = put_in(form)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return form_page(request, form, status=409)
    return SeeOther(reverse("complaints:receipt", args=[matter.token]))


def visit(ticket: Ticket | None, branch: Branch) -> dict[str, Any]:
    """What the form says of a visit to begin with."""
    if ticket is None or ticket.branch_id != branch.pk:
        return {}
    number = ticket.counter.number if ticket.counter else ""
    return {"code": ticket.code, "day": ticket.day, "counter": number}


def put_in(form: BoxForm) -> Matter:
    """Take what the form says into the register."""
    said = form.cleaned_data
    return actions.receive(
        branch=form.branch,
        kind=said["kind"],
        text=said["text"],
        name=said["name"],
        contact=said["contact"],
        ticket=form.ticket,
        counter=form.desk,
        language=known(translation.get_language()),
        visited_on=form.visited_on,
        remark=form.remark,
        request_id=form.request_id,
    )


def form_page(
    request: HttpRequest,
    form: BoxForm,
    *,
    form_id: uuid.UUID | None = None,
    status: int = 200,
    is_expired: bool = False,
) -> HttpResponse:
    """The form, with what was typed; it is known by the same id until it is sent."""
    context = {
        "form": form,
        "branch": form.branch,
        "form_id": form_id or form.form_id,
        "is_expired": is_expired,
        "is_second_time": is_expired and "again" in request.POST,
        "has_branches": Branch.objects.filter(is_active=True).count() > 1,
    }
    return unlisted(render(request, "complaints/box/form.html", context, status=status))
