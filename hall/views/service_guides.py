"""The guides to the services, on the web and on a phone: find one, read it, print it."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from hall.languages import HTML_TAG, known
from hall.models import Service, ServiceGuide
from hall.pages import chosen_language, qr_code
from hall.screens import service_guides
from hall.views.language import set_language


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every guide by the kind of service; with ``?q=`` those that hold the words."""
    language = known(translation.get_language())
    typed = request.GET.get("q", "")
    found = service_guides.search(typed, language) if typed.strip() else None
    listed = None if found and found.guides else service_guides.listed(language)
    shown = typed[: service_guides.MOST_CHARACTERS]
    context = {"typed": typed, "shown": shown, "found": found, "guides": listed}
    return render(request, "hall/service_guides/page.html", context)


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """One guide: what to bring first, then everything else, and where to go.

    A ticket leads here with its own language (``?lang=``), for who has chosen none.
    """
    asked = request.GET.get("lang", "")
    if asked in HTML_TAG and chosen_language(request) is None:
        response: HttpResponse = HttpResponseRedirect(request.path)
        set_language(response, asked)
        return response
    guide = found_or_404(slug)
    context = reading(guide) | {"offices": service_guides.offices(guide.service)}
    return render(request, "hall/service_guides/guide.html", context)


@require_safe
def paper(request: HttpRequest, slug: str) -> HttpResponse:
    """The guide on a sheet of A4."""
    return render(request, "hall/service_guides/paper.html", reading(found_or_404(slug)))


@require_safe
def qr(request: HttpRequest, slug: str) -> HttpResponse:
    """The guide's address as a code to scan, in the language of the page that shows it."""
    # Looked up first: no code is drawn for an address that leads nowhere.
    address = reverse("hall:guide", args=[get_object_or_404(Service, slug=slug).slug])
    return qr_code(request, f"{address}?lang={known(translation.get_language())}")


def found_or_404(slug: str) -> ServiceGuide:
    """The guide in the language of the page, or in one that there is."""
    guide = service_guides.of_service(slug, known(translation.get_language()))
    if guide is None:
        raise Http404
    return guide


def reading(guide: ServiceGuide) -> dict[str, object]:
    """What a page that shows a guide needs."""
    return {
        "guide": guide,
        "service": guide.service,
        "guide_lang": HTML_TAG.get(guide.language, settings.LANGUAGE_CODE),
        "is_foreign": guide.language != known(translation.get_language()),
    }
