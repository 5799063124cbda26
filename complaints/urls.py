from django.urls import path

from complaints.views import box, desk, handle, inquiry, rows, tracking

app_name = "complaints"
urlpatterns = [
    path("box/", box.index, name="box"),
    path("box/<slug:branch>/", box.form, name="box_form"),
    path("box/matter/<str:token>/", tracking.show, name="matter"),
    path("box/matter/<str:token>/receipt/", tracking.receipt, name="receipt"),
    path("box/matter/<str:token>/qr.svg", tracking.qr, name="matter_qr"),
    path("inquiry/", inquiry.inquiry, name="inquiry"),
    path("matters/", desk.desk, name="desk"),
    path("supervisor/<slug:branch>/matters/", rows.rows, name="rows"),
    path("matters/<int:pk>/", handle.show, name="handle"),
    path("matters/<int:pk>/<slug:move>/", handle.act, name="act"),
]
