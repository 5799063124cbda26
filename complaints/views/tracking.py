"""A visitor's matter: the receipt, and how it goes on. The address is the key to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from complaints import actions
from complaints.forms import WordsForm
from complaints.models import Matter
from complaints.screens import tracking as tracking_screen
from complaints.views.box import fresh
from complaints.views.keeping import is_switching, keeps_words, on_expiry, switches_language
from hall import typed
from hall.languages import HTML_TAG, known
from hall.pages import SeeOther, chosen_language, qr_code, unlisted
from hall.refusal import Refused

View = Callable[..., HttpResponse]


def of_token(view: View) -> View:
    """Give the view the matter of the address, in the language that the visitor chose or wrote."""

    @wraps(view)
    def respond(request: HttpRequest, token: str) -> HttpResponse:
        rows = Matter.objects.select_related("branch", "department", "ticket")
        matter = rows.filter(token=typed.token(token)).first()
        if matter is None:
            return unlisted(render(request, "complaints/tracking/missing.html", status=404))
        language = chosen_language(request) or known(matter.language)
        with translation.override(language):
            response = view(request, matter)
        response.headers["Content-Language"] = HTML_TAG[language]
        return unlisted(response)

    return respond


@require_safe
@never_cache
@of_token
def receipt(request: HttpRequest, matter: Matter) -> HttpResponse:
    """It is received: the number to keep, and what happens by when."""
    return render(
        request, "complaints/tracking/receipt.html", {"matter": matter, "branch": matter.branch}
    )


@require_safe
@of_token
def qr(request: HttpRequest, matter: Matter) -> HttpResponse:
    """The address of the tracking page."""
    return qr_code(request, matter.get_absolute_url())


@of_token
def expired(request: HttpRequest, matter: Matter) -> HttpResponse:
    """The page was open for too long: here it is again, with every word."""
    return page(request, matter, WordsForm(request.POST), status=403, is_expired=True)


@on_expiry(expired)
@require_http_methods(["GET", "HEAD", "POST"])
# keeps_words goes round of_token, which asks the database; the language round both, so that
# the page that keeps the words speaks it, too.
@switches_language
@keeps_words
@fresh
@of_token
def show(request: HttpRequest, matter: Matter) -> HttpResponse:
    """Where the matter stands; a POST adds words to it."""
    if request.method != "POST":
        return page(request, matter, WordsForm())
    form = WordsForm(request.POST)
    if is_switching(request):
        return page(request, matter, WordsForm(initial=request.POST.dict()))
    if not form.is_valid():
        return page(request, matter, form, status=400)
    try:
        add_once(matter, form.cleaned_data["text"])
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return page(request, matter, form, status=409)
    return SeeOther(reverse("complaints:matter", args=[matter.token]) + "?added=1#line")


def add_once(matter: Matter, text: str) -> None:
    """Add words, but not the same twice in a row: a second press of the button."""
    last = matter.entries.order_by("-id").first()
    if last is None or (last.move, last.text) != ("words", text):
        actions.add_words(matter=matter, text=text)


def page(
    request: HttpRequest,
    matter: Matter,
    form: WordsForm,
    *,
    status: int = 200,
    is_expired: bool = False,
) -> HttpResponse:
    context = {
        "tracking": tracking_screen.tracking(matter),
        "matter": matter,
        "branch": matter.branch,
        "form": form,
        "is_expired": is_expired,
        "is_added": "added" in request.GET,
    }
    return render(request, "complaints/tracking/page.html", context, status=status)
