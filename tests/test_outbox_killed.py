"""kill -9 between delivery and note: nothing is lost, a mail comes twice at most, paper once.

HALL_KILLS=50 kills fifty times (some minutes); the suite does it a few times.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter as Tally
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings

from complaints import actions as complaints
from hall.actions import outbox
from hall.models import Parcel
from hall.outbox.printing import PRINT
from tests import sinks
from tests.cast import Cast
from tests.processes import soon
from tests.workers import worker

pytestmark = pytest.mark.django_db(transaction=True)
KILLS = int(os.environ.get("HALL_KILLS", "2"))
State = Parcel.State


def answer(cast: Cast, number: int) -> None:
    """Somebody left their address, and is answered."""
    matter = complaints.receive(
        branch=cast.branch, kind="help", text="?", contact=f"visitor{number}@example.org"
    )
    complaints.reply(matter=matter, text="!", by=cast.handler)


def printed(cast: Cast, number: int, printer: sinks.Sink) -> None:
    """Somebody gets a piece of paper."""
    with transaction.atomic():
        to = {"printer": printer.address}
        paper = b"paper %d" % number
        outbox.put(PRINT, to, key=str(number), branch=cast.branch, body=paper)


@contextlib.contextmanager
def dying_worker(folder: Path, mail: sinks.Sink) -> Iterator[None]:
    """A worker of two threads, as in a hall; each stops after a delivery, then it is killed."""
    told = {"HALL_NOTIFIER": "email", "HALL_PUBLIC_URL": "https://hall.example.org"}
    told |= {"HALL_EMAIL_URL": f"smtp://{mail.address}", "HALL_EMAIL_FROM": "hall@example.org"}
    options = ["-B", "--schedule", str(folder / "beat"), "--pool", "threads", "--concurrency", "2"]
    with worker("tests.dying", *options, log=folder / "log", HALL_STALL=str(folder), **told):
        yield


def delivered(folder: Path, number: int) -> bool:
    """Whether mail and paper of this round are out, and the worker stands before the note."""
    return len(list(folder.glob("*-*"))) == 2 * (number + 1)


def states(kind: str) -> Tally[str]:
    return Tally(Parcel.objects.filter(kind=kind).values_list("state", flat=True))


@pytest.mark.usefixtures("empty_queue")
def test_nothing_is_lost_and_nothing_is_printed_twice(
    cast: Cast, tmp_path: Path, settings: Settings
) -> None:
    settings.HALL_NOTIFIER = "email"  # this process only writes it down
    with (
        sinks.listening(sinks.mail_server()) as mail,
        sinks.listening(sinks.printer) as printer,
    ):
        for number in range(KILLS):
            answer(cast, number)
            printed(cast, number, printer)
            with dying_worker(tmp_path, mail):
                assert soon(partial(delivered, tmp_path, number), 60), (
                    tmp_path / "log"
                ).read_text()
            assert states("print")[State.DELIVERED] == 0, "it was killed before the note"
        with dying_worker(tmp_path, mail):
            done = {State.DELIVERED: KILLS}
            assert soon(lambda: states("answer") == done, 60), (tmp_path / "log").read_text()
            assert soon(lambda: states("print") == {State.UNKNOWN: KILLS}, 30), states("print")
    mails = Tally(each["To"] for each in mail.got)
    assert mails == {f"visitor{number}@example.org": 2 for number in range(KILLS)}
    assert len({each["Message-ID"] for each in mail.got}) == KILLS, "both are known as one"
    papers = Tally(printer.got)
    assert papers == {b"paper %d" % number: 1 for number in range(KILLS)}
