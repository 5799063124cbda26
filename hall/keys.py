"""The keys that encrypt how people can be reached (HALL_FIELD_KEYS).

They are Hall's own and stand beside the database, never in it: the newest encrypts, each of them
opens. ``manage.py rotate_keys`` encrypts anew with the newest.
"""

from __future__ import annotations

import functools
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NO_KEYS: Final = (
    "HALL_FIELD_KEYS is not set: what people leave as contact could not be read. "
    "Make a key by: openssl rand -base64 32 | tr +/ -_"
)


class WrongKey(Exception):
    """No key opens this. It is not shown as empty or as it stands: somebody must find the key."""


def need_keys() -> None:
    """Raise ImproperlyConfigured in a hall that has no keys."""
    _box()


def encrypt(text: str) -> str:
    """The text as it is stored. Nothing stays nothing, so that it can be asked whether there is."""
    return _box().encrypt(text.encode()).decode() if text else text


def decrypt(token: str) -> str:
    """The text of what is stored; raises WrongKey."""
    if not token:
        return token
    try:
        return _box().decrypt(token).decode()
    except InvalidToken:
        raise WrongKey("No key of HALL_FIELD_KEYS opens what is stored.") from None


def renewed(token: str) -> str:
    """The same text encrypted with the newest key; the same token if it is; raises WrongKey."""
    # Not MultiFernet.rotate: it makes a new token of one by the newest key, too, so that a second
    # rotation would write every row once more.
    newest = Fernet(settings.HALL_FIELD_KEYS[0])
    try:
        newest.decrypt(token)
    except InvalidToken:
        return encrypt(decrypt(token))
    return token


def _box() -> MultiFernet:
    return _box_of(tuple(settings.HALL_FIELD_KEYS))


@functools.lru_cache(maxsize=4)
def _box_of(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured(NO_KEYS)
    return MultiFernet([Fernet(key) for key in keys])
