"""How a device comes to be, shows its code, and is forgotten."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Final

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import ledger
from hall.models import Device
from hall.refusal import Refused

LETTERS: Final = "ACDEFGHJKMNPQRTUVWXY34679"  # none that looks like another
# 244 million codes, of which few are valid, for ten minutes each, and ten tries (hall/limits).
CODE_LENGTH: Final = 6
CODE_LASTS: Final = dt.timedelta(minutes=10)
SEEN_EVERY: Final = dt.timedelta(minutes=1)
# Robots may press the button, too. A count of rows and no limit by who presses (hall/limits): the
# screens of a hall all come from one address, and a robot from many. The table must stay small,
# and so must the number of codes that are valid at once: each is a chance for who guesses.
MOST_UNPAIRED: Final = 200
COUNTING: Final = 0x_6861_6C6C  # the name of the lock; no other is taken by number


def seen(device: Device) -> Device:
    """The device again, after a note of when it was seen: at most once a minute."""
    now = timezone.now()
    if device.seen_at is None or now - device.seen_at >= SEEN_EVERY:
        device.seen_at = now
        device.save(update_fields=["seen_at"])
    return device


def hashed(secret: str) -> str:
    """What is kept of a device's secret."""
    # Neither slow nor salted: a secret of 32 random bytes is guessed by nobody, and it is by its
    # hash that a device is found.
    return hashlib.sha256(secret.encode()).hexdigest()


def begin() -> tuple[Device, str]:
    """A new screen that waits for its place, and the secret that its cookie shall hold.

    Raises Refused when far too many wait already.
    """
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        _one_at_a_time()
        waiting = Device.objects.filter(paired_at=None, code_expires_at__gt=timezone.now())
        if waiting.count() >= MOST_UNPAIRED:
            raise Refused(_("Too many screens wait to be paired. Please try again in ten minutes."))
        device = Device.objects.create(secret_hash=hashed(secret), seen_at=timezone.now())
        ledger.record("device.begin", of=device, by=ledger.DEVICE, device=device)
        # Within: a screen counts from its code on.
        renew(device)
    return device, secret


def _one_at_a_time() -> None:
    """Until the transaction ends, nobody else counts: forty robots at once would all find room.

    There is no row to lock before the first screen; on SQLite the transaction itself holds it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COUNTING])


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


def forget_unpaired(now: dt.datetime) -> int:
    """Delete screens that nobody paired and that no longer ask; returns how many.

    One that is still on renews its code when it runs out, so it is never among them.
    """
    gone = Q(code_expires_at__lt=now - CODE_LASTS) | Q(code_expires_at=None)
    with transaction.atomic():
        count = Device.objects.filter(gone, paired_at=None).delete()[0]
        if count:
            ledger.record("device.forget_unpaired", by=ledger.HALL, at=now, devices=count)
    return count
