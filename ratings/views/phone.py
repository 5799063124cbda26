"""Rating a visit on the visitor's own page: a grade, then reasons and a comment if one likes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from hall.pages import SeeOther
from hall.refusal import Refused
from queueing.models import Ticket
from queueing.views.ticket import of_token
from ratings import actions, rateable
from ratings.forms import ReasonsForm
from ratings.models import Rating, Via
from ratings.screens import pad as pad_screen
from ratings.screens.phone import of_visit
from staff.access import signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@of_token
def rate(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """The three grades (GET); one of them (POST)."""
    refusal = ""
    if request.method == "POST":
        try:
            actions.rate(
                ticket=ticket,
                grade=request.POST.get("grade", ""),
                via=Via.PHONE,
                by=signed_in(request),
            )
        except Refused as error:
            refusal = str(error)
        else:
            return SeeOther(reverse("ratings:phone_reasons", args=[ticket.token]))
    context = {
        "ticket": ticket,
        "branch": ticket.branch,
        "refusal": refusal,
        "visit": of_visit(ticket, timezone.now()),
    }
    return render(request, "ratings/phone/page.html", context, status=refused(request, refusal))


@require_http_methods(["GET", "HEAD", "POST"])
@of_token
def reasons(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """Why the visitor gave the grade; what was typed stays if it is refused."""
    rating = Rating.objects.select_related("matter").filter(ticket=ticket).first()
    if rating is None or (request.method != "POST" and not rateable.may_explain(rating)):
        return SeeOther(ticket.get_absolute_url())
    form, refusal = ReasonsForm(rating), ""
    if request.method == "POST":
        form = ReasonsForm(rating, request.POST)
        try:
            if form.is_valid():
                actions.explain(rating=rating, by=signed_in(request), **form.cleaned_data)
                return SeeOther(ticket.get_absolute_url())
        except Refused as error:
            refusal = str(error)
    context = {
        "ticket": ticket,
        "branch": ticket.branch,
        "rating": rating,
        "form": form,
        "chosen": form["reasons"].value() or [],
        "offered": pad_screen.offered(rating),
        "refusal": refusal,
    }
    status = 400 if form.errors else refused(request, refusal)
    return render(request, "ratings/phone/reasons.html", context, status=status)


def refused(request: HttpRequest, refusal: str) -> int:
    """The status of an answer: staff may not rate at all, a visitor not now."""
    if not refusal:
        return 200
    return 409 if signed_in(request) is None else 403
