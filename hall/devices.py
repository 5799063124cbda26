"""The hall's paired screens: which device sends a request."""

from __future__ import annotations

import hashlib
from typing import Final

from django.http import HttpRequest

from hall.models import Device

COOKIE: Final = "hall_screen"


def hashed(secret: str) -> str:
    """What is kept of a device's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def of_request(request: HttpRequest) -> Device | None:
    """The paired device that sends this request, unless it was taken out of use."""
    secret = request.COOKIES.get(COOKIE, "")
    if not secret:
        return None
    devices = Device.objects.filter(paired_at__isnull=False, revoked_at=None)
    return devices.select_related("branch", "counter").filter(secret_hash=hashed(secret)).first()
