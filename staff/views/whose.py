"""A page asks whether it still is its reader's (``staff.whose``)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from staff.access import in_ones_name


@never_cache
@require_safe
@in_ones_name()
def ask(_request: HttpRequest) -> HttpResponse:
    """Nothing: had the page become another's, the question would not have come here."""
    return HttpResponse(status=204)
