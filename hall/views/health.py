"""Whether the process answers, and whether all that it needs does."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe
from health_check.base import HealthCheck
from health_check.exceptions import ServiceWarning
from health_check.views import HealthCheckView

from hall import limits, live
from hall.plugs import Socket

CHECKS: Socket[Callable[[], HealthCheck]] = Socket("readiness")


@dataclasses.dataclass
class LiveScreens(HealthCheck):
    """Names the sources that this process cannot render; all other screens go on."""

    async def run(self) -> None:
        """Raises a warning while there is one: the hall as a whole still works."""
        if faults := list(live.FAULTS):
            said = f"cannot be rendered: {', '.join(faults)}"
            raise ServiceWarning(said)  # type: ignore[no-untyped-call]


@dataclasses.dataclass
class SharedLimits(HealthCheck):
    """Says while each process counts for itself how often somebody tried something."""

    async def run(self) -> None:
        """Raises a warning: the hall works, and codes cannot be guessed meanwhile."""
        # Asked now, not remembered: where nobody is counted, nobody would notice either way. In a
        # thread, for a Redis that hangs takes half a second to be given up.
        if await asyncio.to_thread(limits.are_counted_alone):
            said = "limits are counted by each process; entering codes waits for Redis"
            raise ServiceWarning(said)  # type: ignore[no-untyped-call]


class Readiness(HealthCheckView):
    """What works and what does not. A warning is told and fails nobody: a kiosk that asks whether
    the hall is back, or a balancer, must not give up a process that serves everybody else."""

    async def dispatch(  # type: ignore[override]  # as health_check has it
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """As health_check answers, but 200 if all that is wrong is a warning."""
        answer = super().dispatch(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response: HttpResponseBase = await answer
        errors = [each.error for each in getattr(self, "results", []) if each.error]
        if errors and all(isinstance(each, ServiceWarning) for each in errors):
            response.status_code = 200
        return response


@require_safe
def healthy(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")
