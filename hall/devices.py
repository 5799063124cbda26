"""The hall's paired screens: which device sends a request, and how one comes to be.

A screen that belongs to no place yet shows a short code; a supervisor who stands before it enters
the code (``staff.actions.pair_device``). Its cookie holds a secret of which only the hash is kept.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from hall.actions.device import hashed, renew, seen
from hall.models import Device

# It has kept its name since devices were called screens: what was paired then still is.
COOKIE: Final = "hall_screen"
A_YEAR: Final = 365 * 86_400


def of_request(request: HttpRequest) -> Device | None:
    """The paired device that sends this request, unless it was taken out of use."""
    device = known(request)
    return seen(device) if device and device.paired_at and not device.revoked_at else None


def unpaired(request: HttpRequest) -> Device | None:
    """The device that sends this request and waits for its place; its code is a valid one."""
    device = known(request)
    if device is None or device.paired_at:
        return None
    if device.code_expires_at is None or device.code_expires_at <= timezone.now():
        renew(device)
    return device


def known(request: HttpRequest) -> Device | None:
    """The device of the request's cookie, be it paired, waiting or taken out of use."""
    secret = request.COOKIES.get(COOKIE, "")
    if not secret:
        return None
    rows = Device.objects.select_related("branch", "counter")
    return rows.filter(secret_hash=hashed(secret)).first()


def place_of(device: Device) -> str:
    """The address that this paired screen shows."""
    branch, counter = device.branch, device.counter
    assert branch is not None  # the table's constraint
    if device.kind == Device.Kind.KIOSK:
        return reverse("queueing:kiosk", args=[branch.slug])
    if device.kind == Device.Kind.BOARD or counter is None:
        return reverse("queueing:board", args=[branch.slug])
    name = "ratings:pad" if device.kind == Device.Kind.PAD else "queueing:display"
    return reverse(name, args=[branch.slug, counter.number])


def keep(response: HttpResponse, secret: str) -> None:
    """Have the screen remember who it is for a year from now."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=A_YEAR,
        secure=settings.HALL_HTTPS,
        httponly=True,
        samesite="Lax",
    )
