"""The hall's paired screens: which device sends a request, and how one comes to be.

A screen that belongs to no place yet shows a short code; a supervisor who stands before it enters
the code (``staff.actions.pair_screen``). Its cookie holds a secret of which only the hash is kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from hall.models import Device
from hall.refusal import Refused

COOKIE: Final = "hall_screen"
A_YEAR: Final = 365 * 86_400
LETTERS: Final = "ACDEFGHJKMNPQRTUVWXY34679"  # none that looks like another
CODE_LENGTH: Final = 6
CODE_LASTS: Final = dt.timedelta(minutes=10)
SEEN_EVERY: Final = dt.timedelta(minutes=1)
MOST_UNPAIRED: Final = 200  # robots may press the button, too


def hashed(secret: str) -> str:
    """What is kept of a device's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


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


def seen(device: Device) -> Device:
    """The device again, after a note of when it was seen: at most once a minute."""
    now = timezone.now()
    if device.seen_at is None or now - device.seen_at >= SEEN_EVERY:
        device.seen_at = now
        device.save(update_fields=["seen_at"])
    return device


def begin() -> tuple[Device, str]:
    """A new screen that waits for its place, and the secret that its cookie shall hold.

    Raises Refused when far too many wait already.
    """
    waiting = Device.objects.filter(paired_at=None, code_expires_at__gt=timezone.now())
    if waiting.count() >= MOST_UNPAIRED:
        raise Refused(_("Too many screens wait to be paired. Please try again in ten minutes."))
    secret = secrets.token_urlsafe(32)
    device = Device.objects.create(secret_hash=hashed(secret), seen_at=timezone.now())
    renew(device)
    return device, secret


def renew(device: Device) -> None:
    """Give a screen that still waits a new code, unless somebody just did or paired it."""
    rows = Device.objects.filter(pk=device.pk, paired_at=None, code=device.code)
    code = "".join(secrets.choice(LETTERS) for _each in range(CODE_LENGTH))
    try:
        with transaction.atomic():
            rows.update(code=code, code_expires_at=timezone.now() + CODE_LASTS)
    except IntegrityError:  # another screen shows this very code
        renew(device)
    device.refresh_from_db(fields=["code", "code_expires_at", "paired_at"])


def as_code(typed: str) -> str:
    """A code as it is kept, however somebody typed it."""
    return "".join(typed.split()).replace("-", "").upper()


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


def forget_unpaired(now: dt.datetime) -> int:
    """Delete screens that nobody paired and that no longer ask; returns how many.

    One that is still on renews its code when it runs out, so it is never among them.
    """
    gone = Q(code_expires_at__lt=now - CODE_LASTS) | Q(code_expires_at=None)
    return Device.objects.filter(gone, paired_at=None).delete()[0]
