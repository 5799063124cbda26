"""Looking something up at the kiosk: which kind, which service, its guide; print it, go on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from hall import typed
from hall.languages import HTML_TAG, known
from hall.models import Branch, Category
from hall.screens import service_guides
from queueing.forms import TakeForm
from queueing.models import Lane
from queueing.screens import kiosk as kiosk_screen
from queueing.views.kiosk import at_branch, page, sorry

READING_SECONDS = 120  # a page to read; elsewhere the kiosk asks sooner whether one is there


@require_safe
@at_branch
def index(request: HttpRequest, branch: Branch) -> HttpResponse:
    """The kinds of services as tiles; with ``?category=`` the guides of one kind."""
    listed = service_guides.listed(known(translation.get_language()))
    kind = chosen_kind(request)
    if kind is not None:
        rows = list(listed.filter(service__category=kind))
        return page(
            request, "kiosk_service_guides/list", branch, {"category": kind, "guides": rows}
        )
    kinds = Category.objects.filter(services__guides__in=listed).distinct()
    return page(request, "kiosk_service_guides/page", branch, {"categories": kinds})


def chosen_kind(request: HttpRequest) -> Category | None:
    """The kind of service that the address asks for, if there is one."""
    asked = typed.number(request.GET.get("category"))
    return Category.objects.filter(pk=asked).first() if asked else None


@require_safe
@at_branch
def show(request: HttpRequest, branch: Branch, slug: str) -> HttpResponse:
    """One guide, and the ticket for it if this branch gives one."""
    language = known(translation.get_language())
    guide = service_guides.of_service(slug, language)
    if guide is None:
        return sorry(request, branch, _("There is no guide to this service yet."), 404)
    listed = reverse("queueing:kiosk_guides", args=[branch.slug])
    offered = branch.offerings.filter(service=guide.service, is_open=True).first()
    context = {
        "guide": guide,
        "service": guide.service,
        "guide_lang": HTML_TAG.get(guide.language, language),
        "is_foreign": guide.language != language,
        "offering": offered,
        "stock": kiosk_screen.stock(offered) if offered else None,
        "form": TakeForm(offering=offered.pk) if offered else None,
        "lane": Lane.ORDINARY,
        "back": f"{listed}?category={guide.service.category_id}",
        "idle": READING_SECONDS,
    }
    return page(request, "kiosk_service_guides/guide", branch, context)
