"""The rating pad on a counter: who serves here, and how the visit was.

It faces the visitor; the clerk must not reach it. Only the paired pad of the counter takes a
rating, of nobody who is signed in, and only while it asks: after the finish, until the time is up
or the next visitor is called.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hall import devices
from hall.languages import HTML_TAG, known
from hall.models import Branch, Counter, Device
from hall.pages import SeeOther
from hall.refusal import Refused
from queueing.models import Ticket
from queueing.views.board import screen, unattended
from ratings import actions, signed
from ratings.models import Rating, Via
from ratings.screens import pad as pad_screen
from staff.access import signed_in

REASONS_FOR: Final = dt.timedelta(minutes=3)  # so long after the tap the pad takes reasons
# Nobody stands before it who could press anything: it comes back by itself once it is paired.
LOOK_AGAIN: Final = 30  # seconds, while the pad is not paired

PadView = Callable[[HttpRequest, Counter], HttpResponse]


class NotPaired(Refused):
    """The screen is not the pad of this counter."""

    def __init__(self) -> None:
        super().__init__(_("This screen is not the paired pad of this counter."))


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The branches and their counters, each with its pad."""
    counters = Prefetch("counters", Counter.objects.filter(is_active=True).order_by("number"))
    branches = Branch.objects.filter(is_active=True).prefetch_related(counters)
    return render(request, "ratings/pad/index.html", {"branches": branches})


@unattended
def show(request: HttpRequest, branch: str, number: int) -> HttpResponse:
    place = get_object_or_404(Branch, slug=branch)
    asked = Counter.objects.filter(branch=place, number=number)
    state = next(iter(pad_screen.pads(place, asked).values()), None)
    if state is None:
        raise Http404
    if not is_pad_of(devices.of_request(request), state.counter):
        response = screen(request, "ratings/pad/unpaired.html", branch=place, pad=state)
        response.headers["Refresh"] = str(LOOK_AGAIN)
        return response
    chosen = pad_screen.chosen_language(request.GET.get("speak"))
    return screen(request, "ratings/pad/page.html", branch=place, pad=state, chosen=chosen)


def is_pad_of(device: Device | None, counter: Counter) -> bool:
    """Whether ratings of the counter may come from this device; in a trial from any."""
    if settings.HALL_TRIAL:
        return True
    is_pad = device is not None and device.kind == Device.Kind.PAD
    return is_pad and device is not None and device.counter_id == counter.pk


def at_counter(view: PadView) -> Callable[..., HttpResponse]:
    """Give the view the counter of the address, in the visitor's language; say a refusal kindly."""

    @never_cache
    @functools.wraps(view)
    def respond(request: HttpRequest, branch: str, number: int) -> HttpResponse:
        found = Counter.objects.filter(branch__slug=branch, number=number, is_active=True)
        counter = get_object_or_404(found.select_related("branch"))
        language = known(spoken(request) or translation.get_language())
        with translation.override(language):
            try:
                response = view(request, counter)
            # Inside the language: the page that says no is in the visitor's, too.
            except Refused as refusal:
                response = sorry(request, counter, refusal)
        response.headers["Content-Language"] = HTML_TAG[language]
        return response

    return respond


def spoken(request: HttpRequest) -> str:
    """The language in which the visitor was asked."""
    asked = request.POST if request.method == "POST" else request.GET
    return pad_screen.chosen_language(asked.get("speak"))


def sorry(request: HttpRequest, counter: Counter, refusal: Refused) -> HttpResponse:
    """Why the rating was not taken."""
    by_staff = signed_in(request) is not None
    context = {
        "branch": counter.branch,
        "counter": counter,
        "refusal": str(refusal),
        "is_unpaired": isinstance(refusal, NotPaired),
        "by_staff": by_staff,
    }
    status = 403 if by_staff or isinstance(refusal, NotPaired) else 409
    return render(request, "ratings/pad/sorry.html", context, status=status)


@require_POST
@at_counter
def rate(request: HttpRequest, counter: Counter) -> HttpResponse:
    """One tap on a face."""
    rating = take(request, counter, timezone.now())
    until = rating.given_at + REASONS_FOR
    given = signed.name(signed.RATING, rating.pk, counter, until)
    return SeeOther(reasons_address(counter, given, spoken(request)))


def take(request: HttpRequest, counter: Counter, now: dt.datetime) -> Rating:
    """The rating of the visit that the form names; a second tap finds the first one's."""
    member, device = signed_in(request), devices.of_request(request)
    if not is_pad_of(device, counter):
        raise NotPaired
    pk = signed.opened(signed.VISIT, request.POST.get("visit", ""), counter, now)
    visit = asked_for(counter, pk, now)
    # For the visitor alone: a member of staff gets the refusal, not the rating.
    if visit is None and member is None:
        given = just_given(counter, pk, now)
        if given is not None:
            return given
    if visit is None:
        raise Refused(_("The time for this question is over."))
    grade = request.POST.get("grade", "")
    try:
        return actions.rate(
            ticket=visit, grade=grade, via=Via.PAD, device=device, by=member, now=now
        )
    except Refused:
        given = just_given(counter, pk, now) if member is None else None
        if given is None:
            raise
        return given


def asked_for(counter: Counter, pk: int | None, now: dt.datetime) -> Ticket | None:
    """The visit of this id, if the pad asks for it, or did when the tap went off."""
    tapped = now - pad_screen.ON_ITS_WAY
    asked = Counter.objects.filter(pk=counter.pk)
    question = pad_screen.pads(counter.branch, asked, tapped)[counter.pk].question
    return question.visit if question and question.visit.pk == pk else None


def just_given(counter: Counter, pk: int | None, now: dt.datetime) -> Rating | None:
    """What was given for this visit on this pad a moment ago: a tap may come twice."""
    given = Rating.objects.filter(ticket=pk, counter=counter, via=Via.PAD)
    return given.filter(given_at__gt=now - REASONS_FOR).first()


@require_http_methods(["GET", "HEAD", "POST"])
@at_counter
def reasons(request: HttpRequest, counter: Counter) -> HttpResponse:
    """Thanks, and reasons if the visitor wants to give them."""
    asked = request.POST if request.method == "POST" else request.GET
    given = asked.get("given", "")
    pk = signed.opened(signed.RATING, given, counter)
    rating = Rating.objects.filter(pk=pk).first() if pk else None
    if rating is None:
        return SeeOther(home(counter))
    if request.method == "POST" and not request.POST.getlist("reasons"):
        return SeeOther(home(counter))  # the visitor may still say why on the phone
    if request.method == "POST":
        explain(request, counter, rating)
        return SeeOther(reasons_address(counter, given, spoken(request)))
    context = {
        "branch": counter.branch,
        "counter": counter,
        "rating": rating,
        "given": given,
        "offered": pad_screen.offered(rating),
    }
    return render(request, "ratings/pad/thanks.html", context)


def explain(request: HttpRequest, counter: Counter, rating: Rating) -> None:
    if not is_pad_of(devices.of_request(request), counter):
        raise NotPaired
    chosen = request.POST.getlist("reasons")
    # A second press is no error: the thanks are shown again.
    if rating.explained_at is None:
        actions.explain(rating=rating, reasons=chosen, by=signed_in(request))


def reasons_address(counter: Counter, given: str, language: str) -> str:
    """Where the visitor is thanked."""
    address = reverse("ratings:pad_reasons", args=[counter.branch.slug, counter.number])
    query = {"given": given} | ({"speak": language} if language else {})
    return f"{address}?{urlencode(query)}"


def home(counter: Counter) -> str:
    return reverse("ratings:pad", args=[counter.branch.slug, counter.number])
