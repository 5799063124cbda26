"""Chance that is the same on every machine."""

from __future__ import annotations

import random


def chance(*of: object) -> random.Random:
    """A source of chance that is the same on every machine for the same words."""
    return random.Random("/".join(map(str, of)))
