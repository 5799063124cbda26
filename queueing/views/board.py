"""The screens that nobody attends: the lobby board, and a counter's own small display."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from hall import calendar, devices, limits
from hall.languages import HTML_TAG, known
from hall.limits import Limit
from hall.models import Branch, Counter, Device
from queueing import actions
from queueing.screens import board as board_screen
from queueing.screens import display as display_screen

# A board reports every three seconds at most; a report holds a rush of the largest hall.
REPORTS: Final = Limit("board-spoken", times=60, per=60)
MOST_REPORTED: Final = 100
RETRY_AFTER = 10  # seconds; an error page that stays would need somebody to press a key

log = structlog.get_logger(__name__)
View = Callable[..., HttpResponse]


def unattended(view: View) -> View:
    """A screen that, whatever goes wrong at its first load, says so and comes back by itself."""

    @never_cache
    @require_safe
    @functools.wraps(view)
    def respond(request: HttpRequest, **parts: object) -> HttpResponse:
        try:
            return view(request, **parts)
        # An address that names nothing does not heal by waiting.
        except Http404:
            raise
        # Whatever it is: nobody stands there who could press reload. Elsewhere one bad setting took
        # kiosk and board down.
        except Exception:
            log.exception("screen_failed", path=request.path)
            response = screen(request, "queueing/board/away.html")
            response.status_code = 503
            response.headers["Refresh"] = str(RETRY_AFTER)
            return response

    return respond


def screen(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    """A page in the language that its address asks for (``?lang=en``), else in the browser's."""
    pinned = request.GET.get("lang")
    language = known(pinned or translation.get_language())
    with translation.override(language):
        context |= {"now": timezone.now(), "is_pinned": bool(pinned)}
        response = render(request, template, context)
    response.headers["Content-Language"] = HTML_TAG[language]
    return response


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The branches, each with its board."""
    branches = Branch.objects.filter(is_active=True)
    return render(request, "queueing/board/index.html", {"branches": branches})


@unattended
def show(request: HttpRequest, branch: str) -> HttpResponse:
    """A branch's lobby board."""
    place = get_object_or_404(Branch, slug=branch)
    return screen(
        request, "queueing/board/page.html", branch=place, board=board_screen.board(place)
    )


@unattended
def display(request: HttpRequest, branch: str, number: int) -> HttpResponse:
    """The small display above a counter."""
    place = get_object_or_404(Branch, slug=branch)
    asked = Counter.objects.filter(branch=place, number=number, is_active=True)
    state = next(iter(display_screen.displays(asked).values()), None)
    if state is None:
        raise Http404
    return screen(request, "queueing/display/page.html", branch=place, display=state)


@require_POST
def spoken(request: HttpRequest, branch: str) -> HttpResponse:
    """A paired board of this branch tells which calls it has spoken; nobody else is believed."""
    place = get_object_or_404(Branch, slug=branch)
    device = devices.of_request(request)
    if device is None or device.kind != Device.Kind.BOARD or device.branch_id != place.pk:
        raise PermissionDenied
    if not limits.hit(REPORTS, f"device-{device.pk}"):
        return HttpResponse(status=429)
    ids = request.POST.getlist("call")[:MOST_REPORTED]
    day = calendar.local_day(place, timezone.now())
    told = (board_screen.call_of(each, day) for each in ids)
    actions.announced(branch=place, calls=[each for each in told if each])
    return HttpResponse(status=204)
