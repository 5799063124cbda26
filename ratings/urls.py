from django.urls import path, register_converter

from hall.calendar import Month
from ratings.views import pad, phone, rows, summary


class MonthConverter:
    """A month in an address, as 2026-10."""

    regex = "[0-9]{4}-[0-9]{2}"
    to_python = staticmethod(Month.parse)
    to_url = staticmethod(str)


register_converter(MonthConverter, "month")

app_name = "ratings"
urlpatterns = [
    path("pad/", pad.index, name="pad_index"),
    path("pad/<slug:branch>/<int:number>/", pad.show, name="pad"),
    path("pad/<slug:branch>/<int:number>/rate/", pad.rate, name="pad_rate"),
    path("pad/<slug:branch>/<int:number>/reasons/", pad.reasons, name="pad_reasons"),
    path("supervisor/<slug:branch>/ratings/", rows.rows, name="rows"),
    path("summary/", summary.index, name="summaries"),
    path("summary/<slug:branch>/<month:month>/", summary.show, name="summary"),
    path("summary/<slug:branch>/<month:month>.xlsx", summary.as_workbook, name="summary_xlsx"),
    path("summary/<slug:branch>/<month:month>.csv", summary.as_text, name="summary_csv"),
    path("t/<str:token>/rate/", phone.rate, name="phone_rate"),
    path("t/<str:token>/rate/reasons/", phone.reasons, name="phone_reasons"),
]
