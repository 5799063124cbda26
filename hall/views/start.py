"""The front door."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from hall import devices
from hall.models import Branch
from hall.screens.start import trial_roles


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The front door: for visitors, for staff, for the hall's screens; in a trial for each role."""
    device = None if is_visit(request) else devices.of_request(request)
    if device:
        return redirect(devices.place_of(device))
    roles = trial_roles() if settings.HALL_TRIAL else []
    branches = Branch.objects.filter(is_active=True).prefetch_related("counters")
    return render(request, "hall/start/page.html", {"branches": branches, "roles": roles})


def is_visit(request: HttpRequest) -> bool:
    """Whether a person looks, and not a paired screen that was switched on."""
    comes_from_within = request.headers.get("Sec-Fetch-Site") == "same-origin"
    return comes_from_within or request.user.is_authenticated
