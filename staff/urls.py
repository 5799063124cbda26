from django.urls import path

from staff.views import devices, outbox, roster, sign_in, supervisor, whose

app_name = "staff"
urlpatterns = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("whose/", whose.ask, name="whose"),
    path("supervisor/<slug:branch>/screens/", devices.devices_of_branch, name="devices"),
    path(
        "supervisor/<slug:branch>/screens/<int:pk>/revoke/",
        devices.revoke,
        name="device_revoke",
    ),
    path("supervisor/<slug:branch>/outbox/", outbox.undelivered, name="outbox"),
    path("supervisor/<slug:branch>/outbox/<int:pk>/", outbox.settle, name="parcel_settle"),
    path("trial/sign-in/<slug:role>/", sign_in.trial_sign_in, name="trial_sign_in"),
    path("supervisor/", supervisor.overview, name="supervisor"),
    path("supervisor/<slug:branch>/", supervisor.supervise, name="supervise"),
    path("supervisor/<slug:branch>/panels/<slug:panel>/", supervisor.one_panel, name="panel"),
    path("supervisor/<slug:branch>/roster/", roster.roster, name="roster"),
]
