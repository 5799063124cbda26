"""Everything that changes a ticket or a seat: lock, move, write the time line, publish."""

from queueing.actions.announcement import announced
from queueing.actions.day import close_day
from queueing.actions.locking import CHANGEABLE, SeatLost
from queueing.actions.seat import (
    CounterTaken,
    VisitorAtCounter,
    close_seats,
    end_seats,
    leave,
    settle_left,
    sit_down,
)
from queueing.actions.ticket import cancel, issue
from queueing.actions.visit import (
    call,
    call_next,
    finish,
    hold,
    no_show,
    recall,
    redirect,
    reopen,
    requeue,
    resume,
    return_to_line,
    start,
    transfer,
)

__all__ = [
    "CHANGEABLE",
    "CounterTaken",
    "SeatLost",
    "VisitorAtCounter",
    "announced",
    "call",
    "call_next",
    "cancel",
    "close_day",
    "close_seats",
    "end_seats",
    "finish",
    "hold",
    "issue",
    "leave",
    "no_show",
    "recall",
    "redirect",
    "reopen",
    "requeue",
    "resume",
    "return_to_line",
    "settle_left",
    "sit_down",
    "start",
    "transfer",
]
