"""Whether the process answers, and whether it does what it is there for."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable

from hall.live import BROKEN


@require_safe
def healthy(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@dataclass
class LiveScreens(HealthCheck):
    """Every live screen that somebody watches by this process can be rendered."""

    async def run(self) -> None:
        """Raise ServiceUnavailable that names what cannot, and at how many branches."""
        names = sorted({source for source, _branch in BROKEN})
        if names:
            raise ServiceUnavailable(f"cannot be rendered: {', '.join(names)}")  # type: ignore[no-untyped-call]
