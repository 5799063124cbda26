"""Chance that is the same on every machine."""

from __future__ import annotations

import random


def chance(*of: object) -> random.Random:
    """A source of chance that is the same on every machine for the same words."""
    # Seeded with text, of which random takes SHA-512; hash() is salted anew in every process.
    return random.Random("/".join(map(str, of)))
