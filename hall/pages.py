"""Small things that pages of several apps answer with."""

from __future__ import annotations

import io
import string
from typing import Final, cast

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_cache_control
from django_htmx.middleware import HtmxDetails

from hall.languages import HTML_TAG

# The fields in which people write.
WRITTEN: Final = ("text", "reason", "comment", "q")
# The field that says whose page a form stands on (staff.whose).
PAGE_OF: Final = "page_of"


class SeeOther(HttpResponseRedirect):
    """What came of a form is to be fetched from another address."""

    status_code = 303


class Request(HttpRequest):
    """A request as the views get it: django_htmx was there first, which no type of Django says."""

    htmx: HtmxDetails


def htmx(request: HttpRequest) -> HtmxDetails:
    """What htmx says of this request; false if a browser asks by itself, for a whole page."""
    return cast(Request, request).htmx


def chosen_language(request: HttpRequest) -> str | None:
    """The language that this browser's visitor chose, if any."""
    code = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
    return code if code in HTML_TAG else None


def unlisted(response: HttpResponse) -> HttpResponse:
    """Keep a page out of search engines."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def words_sent(request: HttpRequest) -> list[tuple[str, str]]:
    """What somebody wrote into a form, to be shown again: label and text.

    Of our own forms it is known in which fields people write; of the administration's, all that
    is more than a number counts. A password is never shown.
    """
    found = request.resolver_match
    if not (found and found.app_name == "admin"):
        return [("", request.POST[name]) for name in WRITTEN if request.POST.get(name)]
    return [(name, text) for name, text in fields_sent(request) if _is_written(name, text)]


def _is_written(name: str, text: str) -> bool:
    if name == PAGE_OF or name.startswith(("_", "initial-")) or "password" in name:
        return False
    # A number names a row; it was chosen, not written.
    return bool(text.strip(string.digits + string.whitespace))


def fields_sent(request: HttpRequest) -> list[tuple[str, str]]:
    """Every field that was sent, but for the form's own key."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]


def qr_code(request: HttpRequest, path: str) -> HttpResponse:
    """An address of the hall as a QR code; it tells nothing but what the address says."""
    base = settings.HALL_PUBLIC_URL
    image = io.BytesIO()
    code = segno.make(base + path if base else request.build_absolute_uri(path), micro=False)
    code.save(image, kind="svg", scale=4, border=2, light="#fff")
    response = HttpResponse(image.getvalue(), content_type="image/svg+xml")
    patch_cache_control(response, private=True, max_age=86_400)
    return unlisted(response)
