"""Forty clerks, three exports and the sealer at once: nobody waits for a lock."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from hall import ledger
from hall.ledger import seals
from hall.models import Counter, LedgerRow, SealedRow
from queueing import actions
from queueing.models import Sitting
from tests.busy import busy, chained
from tests.cast import Cast, hire

CLERKS = 40
ROUNDS = 4

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def seats(cast: Cast) -> list[Sitting]:
    """Forty clerks at their counters, and a long line."""
    clerks = hire(*((f"R{number}", "甲", cast.branch, "clerk") for number in range(CLERKS)))
    found = []
    for number, clerk in enumerate(clerks, 101):
        counter = Counter.objects.create(branch=cast.branch, number=number)
        counter.services.set([cast.pension.service])
        found.append(actions.sit_down(counter=counter, by=clerk))
    line_up(cast)
    seals.seal()
    return found


def line_up(cast: Cast) -> None:
    for _ in range(CLERKS * ROUNDS):
        cast.ticket()


def test_nobody_waits_for_a_lock(cast: Cast, seats: list[Sitting]) -> None:
    # A machine with other work to do may hold up a session that others wait for (the last one to
    # look at a ticket keeps its row until it commits); it does not do so three times.
    for _ in range(3):
        seen = busy(seats, ROUNDS)
        assert seen.presses == CLERKS * ROUNDS * 3
        assert seen.exports >= 3
        assert seen.sealed > 0
        if not seen.troubles:
            break
        line_up(cast)
    assert seen.troubles == []  # a wait of more than 50 ms is one
    seals.seal()
    assert SealedRow.objects.count() == LedgerRow.objects.count()


def test_control_a_chain_that_writers_lock_makes_them_wait(
    seats: list[Sitting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "record", chained(ledger.record))
    for _ in range(3):
        seen = busy(seats, 1)
        assert any(isinstance(each, OperationalError) for each in seen.troubles)
