"""Nothing that a visitor wrote is lost, whatever goes wrong on the way into the database."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from hall.languages import HTML_TAG
from hall.pages import fields_sent
from hall.views.language import set_language

View = Callable[..., HttpResponse]
log = structlog.get_logger(__name__)


def keeps_words(view: View) -> View:
    """When the database is away, offer to send once more what was just sent.

    The page that does so asks the database nothing: not who is signed in, not which branch it is.
    """

    @wraps(view)
    def respond(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DatabaseError as error:
            # Nothing was written that could be lost.
            if request.method != "POST":
                raise
            # The kind of error alone: what it says may have the visitor's words in it.
            log.error("words_not_stored", error=type(error).__name__)
            context = {"sent": fields_sent(request)}
            return render(request, "complaints/box/kept.html", context, status=503)

    return respond


def switches_language(view: View) -> View:
    """Let the page's language buttons send its form along, so that no word in it is lost.

    The view finds ``request.POST["language"]`` and shows what was typed, in that language.
    """

    @wraps(view)
    def respond(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        language = request.POST.get("language")
        if language not in HTML_TAG:
            return view(request, *args, **kwargs)
        # As if it had been chosen before: whoever asks for the choice in this request finds it.
        request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = language
        with translation.override(language):
            response = view(request, *args, **kwargs)
        response.headers["Content-Language"] = HTML_TAG[language]
        set_language(response, language)
        return response

    return respond


def is_switching(request: HttpRequest) -> bool:
    """Whether a language button was pressed, not Send."""
    return request.POST.get("language") in HTML_TAG


def on_expiry(again: View) -> Callable[[View], View]:
    """Have ``again`` answer when a form comes with an old key (``hall.views.place``).

    It shows the form with all that was typed and a fresh key, and changes nothing.
    """

    def mark(view: View) -> View:
        view.on_expiry = again  # type: ignore[attr-defined]
        return view

    return mark
