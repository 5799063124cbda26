"""Signing in and out, as Django tells of it: what the ledger keeps of both, and of what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from hall import devices, ledger
from hall.models import Device
from staff.models import Member


def signed_in(*, request: HttpRequest | None, user: Member, **_told: Any) -> None:
    ledger.record("member.sign_in", of=user, by=user, device=_device(request))


def signed_out(*, request: HttpRequest | None, user: Member | None, **_told: Any) -> None:
    """Somebody has signed out; who was not signed in has done nothing."""
    if isinstance(user, Member):
        ledger.record("member.sign_out", of=user, by=user, device=_device(request))


def sign_in_failed(
    *, credentials: Mapping[str, Any], request: HttpRequest | None = None, **_told: Any
) -> None:
    """Somebody was not let in: by which member's number, if it is one.

    What else was typed is not kept: it may be a password in the wrong field.
    """
    member = Member.objects.filter(staff_number=str(credentials.get("username"))).first()
    ledger.record("member.sign_in_failed", of=member, by=ledger.HALL, device=_device(request))


def _device(request: HttpRequest | None) -> Device | None:
    return devices.known(request) if request else None
