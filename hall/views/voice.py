"""One clip of the voice as a file."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from hall.voice import recording


def version(_request: HttpRequest, language: str, name: str) -> str | None:
    """An ETag that changes when a recording takes the place of another, older or newer."""
    path = recording(language, name)
    if path is None:
        return None
    state = path.stat()
    return f'"{state.st_mtime_ns:x}-{state.st_size:x}"'


@require_safe
@cache_control(public=True, max_age=3600)
@condition(etag_func=version)
def clip(_request: HttpRequest, language: str, name: str) -> HttpResponse:
    """One clip as an MP3 file."""
    path = recording(language, name)
    if path is None:
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="audio/mpeg")
