"""A visitor's own page: where the ticket stands, live; on paper; and giving it up.

The address is the key to it, so it is kept from search engines and from other sites. The page
speaks the language of the ticket, unless the visitor has chosen one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from hall import typed
from hall.languages import HTML_TAG, known
from hall.pages import SeeOther, chosen_language, qr_code, unlisted
from hall.refusal import Refused
from hall.screens import documents
from queueing import actions
from queueing.models import State, Ticket
from queueing.screens import ticket as ticket_screen

View = Callable[..., HttpResponse]


def of_token(view: View) -> View:
    """Give the view the ticket of the address, in the ticket's language."""

    @never_cache
    @wraps(view)
    def respond(request: HttpRequest, token: str) -> HttpResponse:
        tickets = Ticket.objects.select_related("branch", "service")
        ticket = tickets.filter(token=typed.token(token)).first()
        if ticket is None:
            return unlisted(render(request, "queueing/ticket/missing.html", status=404))
        language = chosen_language(request) or known(ticket.language)
        with translation.override(language):
            response = view(request, ticket)
        response.headers["Content-Language"] = HTML_TAG[language]
        return unlisted(response)

    return respond


def state_of(ticket: Ticket) -> dict[str, object]:
    """What the page shows of the ticket now, as its live update does."""
    return ticket_screen.ticket_states(ticket.branch_id, {ticket.token})[ticket.token].context()


@require_safe
@of_token
def show(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    language = known(translation.get_language())
    context = {
        "branch": ticket.branch,
        "parts": ticket_screen.parts_of([ticket], request).get(ticket.pk, []),
        "documents": documents.documents(ticket.service_id, language),
        **state_of(ticket),
    }
    return render(request, "queueing/ticket/page.html", context)


@require_safe
@of_token
def paper(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """The ticket on 80 mm paper."""
    context = {"branch": ticket.branch, **state_of(ticket)}
    return render(request, "queueing/ticket/paper.html", context)


@require_safe
def qr(request: HttpRequest, token: str) -> HttpResponse:
    """The page's address as a QR code; it tells nothing but what the address says."""
    if typed.token(token) is None:
        raise Http404
    return qr_code(request, reverse("queueing:ticket", args=[token]))


@require_http_methods(["GET", "HEAD", "POST"])
@of_token
def cancel(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """Give up the place in line: asks first, then does it."""
    refusal = ""
    # A second press finds it done, and is no error.
    if ticket.state == State.CANCELLED:
        return SeeOther(ticket.get_absolute_url())
    # Never by a link: no move leads back from *cancelled*.
    if request.method == "POST":
        try:
            actions.cancel(ticket=ticket)
        except Refused as error:
            # Called meanwhile: the page has to say where the ticket is now.
            ticket.refresh_from_db()
            refusal = str(error)
        else:
            return SeeOther(ticket.get_absolute_url())
    context = {"ticket": ticket, "branch": ticket.branch, "refusal": refusal}
    context["is_waiting"] = ticket.state == State.WAITING
    return render(request, "queueing/ticket/cancel.html", context, status=409 if refusal else 200)
