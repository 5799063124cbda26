"""What a person reads when a request cannot be answered."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hall.pages import words_sent


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
    return render(request, "403_csrf.html", {"written": words_sent(request)}, status=403)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What was sent cannot be read, or is far too much: say so, and offer the way back."""
    return render(request, "400.html", {"is_too_big": is_too_big(exception)}, status=400)


def is_too_big(exception: Exception) -> bool:
    """Whether more was sent than the hall takes at once."""
    return isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The signed-in member may not do this."""
    return render(request, "403.html", status=403)
