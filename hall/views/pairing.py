"""Pairing a screen of the hall with its place: what the screen itself shows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from hall import devices
from hall.actions import device as device_actions
from hall.pages import SeeOther
from hall.refusal import Refused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pair(request: HttpRequest) -> HttpResponse:
    """The code of a screen that has no place yet; one that has goes there.

    Only a press of the button makes a row, so that robots that look leave nothing behind.
    """
    paired = devices.of_request(request)
    if paired:
        response: HttpResponse = HttpResponseRedirect(devices.place_of(paired))
        devices.keep(response, request.COOKIES[devices.COOKIE])
        return response
    waiting = devices.unpaired(request)
    if request.method == "POST":
        return show_code(request, is_new=waiting is None)
    # A screen that was taken out of use has nobody before it: its script presses by itself.
    context = {"device": waiting, "begins": devices.COOKIE in request.COOKIES}
    return render(request, "hall/pairing/page.html", context)


def show_code(request: HttpRequest, *, is_new: bool) -> HttpResponse:
    """The screen asked for a code: one that is new here gets its secret."""
    response = SeeOther(reverse("hall:device_pair"))
    if not is_new:
        return response
    try:
        _device, secret = device_actions.begin()
    except Refused as refusal:
        return render(request, "hall/pairing/page.html", {"refusal": str(refusal)}, status=503)
    devices.keep(response, secret)
    return response


@never_cache
@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """What a screen asks now and then: its place, or its code, or that it is out of use."""
    known = devices.known(request)
    paired, waiting = devices.of_request(request), devices.unpaired(request)
    response = JsonResponse(
        {
            "place": devices.place_of(paired) if paired else "",
            "code": waiting.code if waiting else "",
            "revoked": bool(known and known.revoked_at),
        }
    )
    if paired:
        devices.keep(response, request.COOKIES[devices.COOKIE])
    return response
