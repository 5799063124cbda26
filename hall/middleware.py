"""The language of a request: the person's choice, else Chinese; never the machine's setting.

A kiosk or a board is often an English browser in a Chinese hall, so Accept-Language is not asked.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from hall.languages import HTML_TAG, known


def language(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: activate the language of the cookie for this request."""

    def respond(request: HttpRequest) -> HttpResponse:
        code = known(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME))
        with translation.override(code):
            response = get_response(request)
        response.headers.setdefault("Content-Language", HTML_TAG[code])
        return response

    return respond
