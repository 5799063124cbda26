"""What a view answers to somebody who did it too often."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hall import limits
from hall.limits import Limit
from hall.pages import fields_sent

View = Callable[..., HttpResponse]


def limited(
    limit: Limit, who: Callable[[HttpRequest], str] = limits.browser_of
) -> Callable[[View], View]:
    """Count each POST of ``who``; what is too much gets a page that asks to wait.

    It speaks the language in which it is reached: stands below what chooses one (``at_branch``).
    """

    def guard(view: View) -> View:
        @wraps(view)
        def respond(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if request.method == "POST" and not limits.hit(limit, who(request)):
                return too_often(request, limits.retry_after(limit, who(request)))
            return view(request, *args, **kwargs)

        return respond

    return guard


def too_often(request: HttpRequest, seconds: int) -> HttpResponse:
    """Asks to wait, and offers to send everything once more: nothing that was typed is lost."""
    context = {"seconds": seconds, "sent": fields_sent(request)}
    response = render(request, "429.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response
