"""The kiosk: what did you come for, which service, here is your ticket.

Every step is a plain page with links and forms; scripts only make it kinder. What the machine
itself is set to (``?print=1``, large type, low reach) is kept in cookies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from hall import calendar
from hall.formats import time_of_day
from hall.languages import known
from hall.models import Branch, Category, Offering
from hall.pages import SeeOther
from hall.refusal import Refused
from hall.screens import documents as documents_needed
from queueing import actions, dispatch, opening
from queueing.forms import TakeForm
from queueing.models import Lane
from queueing.screens import kiosk as kiosk_screen
from queueing.screens import ticket as ticket_screen
from staff import duty

MODES = ("large", "low")
PRINTS = "kiosk_print"
# What a visitor chose goes with them; that the machine prints stays.
CHOICES = {settings.LANGUAGE_COOKIE_NAME, *(f"kiosk_{mode}" for mode in MODES)}
A_YEAR = 365 * 86_400
View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Choice:
    """A service on the kiosk, the form that takes a ticket, whether it has a list."""

    offer: kiosk_screen.OnOffer
    form: TakeForm
    has_documents: bool


def at_branch(view: View) -> View:
    """Give the view the branch of the address; an unknown one gets the list of all."""

    @never_cache
    @wraps(view)
    def respond(request: HttpRequest, branch: str, **rest: object) -> HttpResponse:
        place = Branch.objects.filter(slug=branch).first()
        if place is None:
            return branches(request, status=404)
        return view(request, place, **rest)

    return respond


def page(
    request: HttpRequest,
    name: str,
    branch: Branch | None,
    context: Mapping[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    """One screen of the kiosk, in the modes that were chosen."""
    modes = [mode for mode in MODES if request.COOKIES.get(f"kiosk_{mode}")]
    values = {"branch": branch, "modes": modes, **(context or {})}
    return render(request, f"queueing/{name}.html", values, status=status)


def to_start(branch: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("queueing:kiosk", args=[branch]))


def sorry(request: HttpRequest, branch: Branch, text: str, status: int) -> HttpResponse:
    """One kind sentence, and where a person helps."""
    return page(request, "kiosk/sorry", branch, {"text": text}, status)


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """The kiosks of all branches, for whoever sets one up."""
    return branches(request, status=200)


def branches(request: HttpRequest, status: int) -> HttpResponse:
    """A choice of all branches, also for an address that names none."""
    places = Branch.objects.filter(is_active=True)
    context = {"branches": places, "is_missing": status == 404}
    return page(request, "kiosk/index", None, context, status)


@require_safe
@at_branch
def categories(request: HttpRequest, branch: Branch) -> HttpResponse:
    """Step 1: what did you come for?"""
    if "print" in request.GET:
        return set_printing(request, branch)
    now = timezone.now()
    offered = Q(services__offerings__branch=branch, services__offerings__is_open=True)
    # A line that has lost its offering is still looked for by who stands in it.
    tiles = Category.objects.filter(offered | Q(services__in=dispatch.waited_for(branch, now)))
    context = {
        "categories": tiles.distinct(),
        "hours": closed_hours(branch),
        "is_fresh": not request.COOKIES.keys() & CHOICES,
    }
    return page(request, "kiosk/categories", branch, context)


def closed_hours(branch: Branch) -> list[str] | None:
    """None while tickets are given; else the hours of today, if the hall opens at all."""
    now = timezone.now()
    if branch.is_active and opening.takes_tickets(branch, now):
        return None
    spans = calendar.hours_of(branch, calendar.local_day(branch, now)) if branch.is_active else []
    return [f"{time_of_day(span.opens)}–{time_of_day(span.closes)}" for span in spans]


def set_printing(request: HttpRequest, branch: Branch) -> HttpResponse:
    """Whether this machine prints every ticket by itself: ``?print=1`` or ``?print=0``."""
    response = to_start(branch.slug)
    if request.GET["print"] == "1":
        keep(response, PRINTS, A_YEAR)
    else:
        response.delete_cookie(PRINTS)
    return response


def keep(response: HttpResponse, name: str, max_age: int | None = None) -> None:
    """Set a cookie of the machine."""
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, "1", max_age=max_age, secure=secure, httponly=True, samesite="Lax")


@require_safe
@at_branch
def services(request: HttpRequest, branch: Branch, category: int) -> HttpResponse:
    """Step 2: which service? With the people waiting and the estimated wait of each."""
    offers = kiosk_screen.on_offer(branch, [category])
    if not offers:
        return to_start(branch.slug)
    offerings = [each.line.offering for each in offers]
    listed = documents_needed.with_documents([each.service_id for each in offerings])
    choices = [
        Choice(offer, TakeForm(offering=each.pk), each.service_id in listed)
        for offer, each in zip(offers, offerings, strict=True)
    ]
    kind = offerings[0].service.category
    context = {"choices": choices, "category": kind, "lane": lane(request)}
    return page(request, "kiosk/services", branch, context)


def lane(request: HttpRequest) -> Lane:
    """The lane that the visitor chose on the page."""
    return Lane.ASSISTED if request.GET.get("lane") == Lane.ASSISTED else Lane.ORDINARY


@require_safe
@at_branch
def documents(request: HttpRequest, branch: Branch, category: int, offering: int) -> HttpResponse:
    """What to bring for a service, before a ticket is taken."""
    row = branch.offerings.select_related("service__category").filter(pk=offering).first()
    if row is None or row.service.category_id != category:
        return to_start(branch.slug)
    context = {
        "offering": row,
        "form": TakeForm(offering=row.pk),
        "documents": documents_needed.documents(row.service_id, known(translation.get_language())),
        "lane": lane(request),
        "stock": kiosk_screen.stock(row),
    }
    return page(request, "kiosk/documents", branch, context)


@never_cache
def take(request: HttpRequest, branch: str) -> HttpResponse:
    """Issue the ticket and go to it; whoever comes here by a link starts at step 1."""
    if request.method != "POST":
        return to_start(branch)
    form = TakeForm(request.POST)
    found = Offering.objects.select_related("branch", "service").filter(branch__slug=branch)
    chosen = found.filter(pk=form.cleaned_data["offering"]) if form.is_valid() else found.none()
    row = chosen.order_by("pk").first()  # not by the category, which would be joined for it
    if row is None:
        return not_taken(request, branch=branch)
    try:
        ticket = actions.issue(
            offering=row,
            lane=form.cleaned_data["lane"],
            request_id=form.cleaned_data["request_id"],
            language=known(translation.get_language()),
        )
    except Refused as refusal:
        return sorry(request, row.branch, str(refusal), 409)
    # 303: a page that is loaded again shows the ticket, and takes none.
    return SeeOther(reverse("queueing:kiosk_taken", args=[branch, ticket.token]))


@at_branch
def not_taken(request: HttpRequest, branch: Branch) -> HttpResponse:
    """The form named no service of this branch, or a lane that is not for the public."""
    return sorry(request, branch, _("That did not work. Please choose once more."), 400)


@require_safe
@at_branch
def taken(request: HttpRequest, branch: Branch, token: str) -> HttpResponse:
    """Step 3: the ticket, where to wait, and back to the start after a moment."""
    state = ticket_screen.ticket_states(branch.pk, {token}).get(token)
    if state is None:
        return sorry(request, branch, _("This ticket is not known here."), 404)
    prints = request.COOKIES.get(PRINTS) == "1"
    return page(request, "kiosk/taken", branch, {"prints": prints, **state.context()})


@require_safe
@at_branch
def ask_help(request: HttpRequest, branch: Branch) -> HttpResponse:
    """Somebody help me: where the guides are, and who they are today."""
    today = calendar.local_day(branch, timezone.now())
    return page(request, "kiosk/help", branch, {"guides": duty.guides(branch, today)})


@require_POST
@at_branch
def mode(request: HttpRequest, branch: Branch) -> HttpResponse:
    """Switch large type or low reach on or off, and stay where one is."""
    home = reverse("queueing:kiosk", args=[branch.slug])
    target = request.POST.get("next", "")
    # Else an address from outside could send a visitor away from the hall.
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = home
    response = SeeOther(target)
    name = f"kiosk_{request.POST.get('mode')}"
    if request.POST.get("mode") not in MODES:
        return response  # its name may be no name for a cookie
    if request.COOKIES.get(name):
        response.delete_cookie(name)
    else:
        keep(response, name)
    return response


@require_safe
@never_cache
def restart(_request: HttpRequest, branch: str) -> HttpResponse:
    """The next visitor: the hall's own language, no mode, step 1."""
    response = to_start(branch)
    for name in CHOICES:
        response.delete_cookie(name)
    return response
