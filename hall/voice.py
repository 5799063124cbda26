"""The clips that the board speaks with: the hall's own recordings first, else those of Hall."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe


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


def version(request: HttpRequest, language: str, name: str) -> str | None:
    """An ETag that changes when a recording takes the place of another, older or newer."""
    path = recording(language, name)
    if path is None:
        return None
    state = path.stat()
    return f'"{state.st_mtime_ns:x}-{state.st_size:x}"'


@require_safe
@cache_control(public=True, max_age=3600)
@condition(etag_func=version)
def clip(request: HttpRequest, language: str, name: str) -> HttpResponse:
    """One clip as an MP3 file."""
    path = recording(language, name)
    if path is None:
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="audio/mpeg")
