"""Hall's address book, and the pages that it is compared with."""

from django.urls import path

from bench import bare
from hall.urls import handler403, urlpatterns

__all__ = ["handler403", "urlpatterns"]

urlpatterns = [
    *urlpatterns,
    path("bench/empty/", bare.empty),
    path("bench/same/<slug:name>/<int:seat>/", bare.same_statements),
]
