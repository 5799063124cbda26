from django.urls import path

from hall import views

app_name = "hall"
urlpatterns = [
    path("", views.start, name="start"),
    path("language/", views.choose_language, name="language"),
]
