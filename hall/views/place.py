"""Pages that belong to the place as a whole."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from hall import devices
from hall.languages import known
from hall.models import Branch

WRITTEN = ("text", "reason", "comment", "q")  # the fields in which people write


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The front door: for visitors, for staff, for the hall's screens; in a trial for each role."""
    device = None if is_visit(request) else devices.of_request(request)
    if device:
        return redirect(devices.place_of(device))
    roles = import_string(settings.HALL_TRIAL_ROLES)() if settings.HALL_TRIAL else []
    branches = Branch.objects.filter(is_active=True).prefetch_related("counters")
    return render(request, "hall/start.html", {"branches": branches, "roles": roles})


def is_visit(request: HttpRequest) -> bool:
    """Whether a person looks, and not a paired screen that was switched on."""
    comes_from_within = request.headers.get("Sec-Fetch-Site") == "same-origin"
    return comes_from_within or request.user.is_authenticated


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Remember the language in a cookie and go back to the page that asked."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    set_language(response, known(request.POST.get("language")))
    return response


def set_language(response: HttpResponse, language: str) -> None:
    """Have the following requests of this browser answered in the language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 86_400,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


@require_safe
@cache_control(public=True, max_age=3600)
def portrait(request: HttpRequest, name: str) -> FileResponse:
    """The photo on a supervision card; public, as the card is."""
    path = f"portraits/{name}"
    if not re.fullmatch(r"[\w-]+\.(webp|png|jpe?g)", name) or not default_storage.exists(path):
        raise Http404
    return FileResponse(default_storage.open(path))


@require_safe
def healthy(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form was sent without the cookie that goes with it: say so, and offer the way back.

    Nothing that was typed is lost: a view may bring its own answer (``on_expiry``), which shows
    the form again; else what was written stands on the page.
    """
    found = request.resolver_match
    again = getattr(found.func, "on_expiry", None) if found else None
    if found and again:
        response: HttpResponse = again(request, *found.args, **found.kwargs)
        return response
    written = [request.POST[name] for name in WRITTEN if request.POST.get(name)]
    return render(request, "403_csrf.html", {"written": written}, status=403)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What was sent cannot be read, or is far too much: say so, and offer the way back."""
    return render(request, "400.html", {"is_too_big": is_too_big(exception)}, status=400)


def is_too_big(exception: Exception) -> bool:
    """Whether more was sent than the hall takes at once."""
    return isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The signed-in member may not do this."""
    return render(request, "403.html", status=403)
