"""The published guides, as visitors at a kiosk or with a ticket need them."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from hall import calendar
from hall.models import Branch, Guide, Service
from queueing.models import Ticket


def documents(service_id: int, language: str) -> list[str]:
    """The documents that a service needs; in the hall's language if there is no other."""
    guides = Guide.objects.filter(
        service=service_id, language__in={language, settings.LANGUAGE_CODE}
    )
    texts = {guide.language: guide.documents for guide in guides}
    text = texts.get(language) or texts.get(settings.LANGUAGE_CODE) or ""
    return [line.strip() for line in text.splitlines() if line.strip()]


def with_documents(service_ids: Collection[int]) -> set[int]:
    """Those of the services whose guide lists documents."""
    guides = Guide.objects.filter(service__in=service_ids).exclude(documents="")
    return set(guides.values_list("service_id", flat=True))


def people_waiting(service: Service, branches: Collection[Branch]) -> dict[int, int]:
    """How many wait for the service now, by branch; branches where nobody does are left out."""
    now = timezone.now()
    days = {calendar.local_day(branch, now) for branch in branches}
    rows = Ticket.objects.waiting().filter(service=service, branch__in=branches, day__in=days)
    return dict(rows.values_list("branch").annotate(Count("pk")).order_by())
