"""The documents that a service needs, as its guide lists them."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings

from hall.models import ServiceGuide


def documents(service_id: int, language: str) -> list[str]:
    """The documents that a service needs; in the hall's language if there is no other."""
    guides = ServiceGuide.objects.filter(
        service=service_id, language__in={language, settings.LANGUAGE_CODE}
    )
    texts = {guide.language: guide.documents for guide in guides}
    text = texts.get(language) or texts.get(settings.LANGUAGE_CODE) or ""
    return [line.strip() for line in text.splitlines() if line.strip()]


def with_documents(service_ids: Collection[int]) -> set[int]:
    """Those of the services whose guide lists documents."""
    guides = ServiceGuide.objects.filter(service__in=service_ids).exclude(documents="")
    return set(guides.values_list("service_id", flat=True))
