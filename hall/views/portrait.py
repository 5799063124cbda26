"""The photos on supervision cards."""

from __future__ import annotations

import re

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@require_safe
@cache_control(public=True, max_age=3600)
def portrait(_request: HttpRequest, name: str) -> FileResponse:
    """The photo on a supervision card; public, as the card is."""
    path = f"portraits/{name}"
    # Names alone, without a slash: nothing else is reached by this address.
    if not re.fullmatch(r"[\w-]+\.(webp|png|jpe?g)", name) or not default_storage.exists(path):
        raise Http404
    return FileResponse(default_storage.open(path))
