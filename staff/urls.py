from django.urls import path

from staff import views

app_name = "staff"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("trial/sign-in/<slug:role>/", views.trial_sign_in, name="trial_sign_in"),
]
