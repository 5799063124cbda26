"""The clips that the board speaks with: the hall's own recordings first, else those of Hall."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from django.conf import settings


def shipped() -> Path:
    """The folder of the clips that come with Hall."""
    return settings.BASE_DIR / "static" / "voice"


@cache
def clips() -> frozenset[tuple[str, str]]:
    """Every clip there may be, as language and name: nothing else is looked for on the disk."""
    return frozenset(
        (listing.parent.name, name)
        for listing in shipped().glob("*/manifest.json")
        for name in json.loads(listing.read_text(encoding="utf-8"))
    )


def recording(language: str, name: str) -> Path | None:
    """The file of a clip; None for a name that no language has."""
    if (language, name) not in clips():
        return None
    file = Path(language) / f"{name}.mp3"
    own = settings.HALL_DATA / "voice" / file
    return own if own.is_file() else shipped() / file
