from django.urls import path

from hall.views import guides, place, screens

app_name = "hall"
urlpatterns = [
    path("", place.start, name="start"),
    path("language/", place.choose_language, name="language"),
    path("screens/", screens.pair, name="screen_pair"),
    path("screens/state/", screens.state, name="screen_state"),
    path("guide/", guides.index, name="guides"),
    path("guide/<slug:slug>/", guides.show, name="guide"),
    path("guide/<slug:slug>/qr.svg", guides.qr, name="guide_qr"),
    path("guide/<slug:slug>/print/", guides.paper, name="guide_paper"),
]
