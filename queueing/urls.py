from django.urls import path

from queueing.views import board, counter, kiosk, kiosk_service_guides, seat, ticket, tickets

app_name = "queueing"
urlpatterns = [
    path("kiosk/", kiosk.index, name="kiosk_index"),
    path("kiosk/<slug:branch>/", kiosk.categories, name="kiosk"),
    path("kiosk/<slug:branch>/restart/", kiosk.restart, name="kiosk_restart"),
    path("kiosk/<slug:branch>/help/", kiosk.ask_help, name="kiosk_help"),
    path("kiosk/<slug:branch>/mode/", kiosk.mode, name="kiosk_mode"),
    path("kiosk/<slug:branch>/<int:category>/", kiosk.services, name="kiosk_services"),
    path(
        "kiosk/<slug:branch>/<int:category>/<int:offering>/",
        kiosk.documents,
        name="kiosk_documents",
    ),
    path("kiosk/<slug:branch>/guides/", kiosk_service_guides.index, name="kiosk_guides"),
    path("kiosk/<slug:branch>/guides/<slug:slug>/", kiosk_service_guides.show, name="kiosk_guide"),
    path("kiosk/<slug:branch>/take/", kiosk.take, name="kiosk_take"),
    path("kiosk/<slug:branch>/ticket/<str:token>/", kiosk.taken, name="kiosk_taken"),
    path("t/<str:token>/", ticket.show, name="ticket"),
    path("t/<str:token>/print/", ticket.paper, name="ticket_paper"),
    path("t/<str:token>/qr.svg", ticket.qr, name="ticket_qr"),
    path("t/<str:token>/cancel/", ticket.cancel, name="ticket_cancel"),
    path("counter/", counter.desk, name="counter"),
    path("counter/sit/", seat.sit, name="sit"),
    path("counter/leave/", seat.leave, name="leave"),
    path("counter/next/", counter.call_next, name="call_next"),
    path("counter/<int:ticket>/<slug:move>/", counter.act, name="act"),
    path("supervisor/<slug:branch>/tickets/", tickets.tickets, name="tickets"),
    path("supervisor/<slug:branch>/tickets/<int:ticket>/", tickets.time_line, name="ticket_rows"),
    path("board/", board.index, name="board_index"),
    path("board/<slug:branch>/", board.show, name="board"),
    path("board/<slug:branch>/spoken/", board.spoken, name="board_spoken"),
    path("board/<slug:branch>/counters/<int:number>/", board.display, name="display"),
]
