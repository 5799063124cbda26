"""The address book of the whole hall."""

from django.contrib import admin
from django.urls import include, path
from django_prometheus.exports import ExportToDjangoView
from health_check.views import HealthCheckView

from hall import views
from hall.voice import clip

urlpatterns = [
    path("", include("hall.place_urls")),
    path("", include("staff.urls")),
    path("", include("queueing.urls")),
    path("", include("complaints.urls")),
    path("", include("ratings.urls")),
    path("admin/", admin.site.urls),
    path("media/portraits/<str:name>", views.portrait, name="portrait"),
    path("voice/<slug:language>/<slug:name>.mp3", clip, name="voice_clip"),
    path("healthz", views.healthy, name="healthz"),
    path(
        "readyz",
        HealthCheckView.as_view(checks=["health_check.checks.Database"]),
        name="readyz",
    ),
    path("metrics", ExportToDjangoView, name="metrics"),
]
handler403 = "hall.views.forbidden"
