from django.urls import path

from hall.views import language, pairing, service_guides, start

app_name = "hall"
urlpatterns = [
    path("", start.start, name="start"),
    path("language/", language.choose_language, name="language"),
    path("screens/", pairing.pair, name="device_pair"),
    path("screens/state/", pairing.state, name="device_state"),
    path("guide/", service_guides.index, name="guides"),
    path("guide/<slug:slug>/", service_guides.show, name="guide"),
    path("guide/<slug:slug>/qr.svg", service_guides.qr, name="guide_qr"),
    path("guide/<slug:slug>/print/", service_guides.paper, name="guide_paper"),
]
