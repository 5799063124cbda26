"""The address book of the whole hall."""

from django.contrib import admin
from django.urls import include, path
from django_prometheus.exports import ExportToDjangoView

from hall.views import health, portrait
from hall.views.voice import clip

urlpatterns = [
    path("", include("hall.place_urls")),
    path("", include("staff.urls")),
    path("", include("queueing.urls")),
    path("", include("complaints.urls")),
    path("", include("ratings.urls")),
    path("admin/", admin.site.urls),
    path("media/portraits/<str:name>", portrait.portrait, name="portrait"),
    path("voice/<slug:language>/<slug:name>.mp3", clip, name="voice_clip"),
    path("healthz", health.healthy, name="healthz"),
    path("readyz", health.Readiness.as_view(checks=health.CHECKS), name="readyz"),
    path("metrics", ExportToDjangoView, name="metrics"),
]
handler400 = "hall.views.errors.unreadable"
handler403 = "hall.views.errors.forbidden"
