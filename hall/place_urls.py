from django.urls import path

from hall.views import guides, language, pairing, start

app_name = "hall"
urlpatterns = [
    path("", start.start, name="start"),
    path("language/", language.choose_language, name="language"),
    path("screens/", pairing.pair, name="screen_pair"),
    path("screens/state/", pairing.state, name="screen_state"),
    path("guide/", guides.index, name="guides"),
    path("guide/<slug:slug>/", guides.show, name="guide"),
    path("guide/<slug:slug>/qr.svg", guides.qr, name="guide_qr"),
    path("guide/<slug:slug>/print/", guides.paper, name="guide_paper"),
]
