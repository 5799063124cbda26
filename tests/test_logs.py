"""What stands in the log: nothing that opens a visitor's page, nobody's address or name."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from complaints import actions as complaints
from hall.settings import without_tokens
from tests.cast import PASSWORD, Cast


def test_a_refused_request_is_logged_without_its_token(
    cast: Cast, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    ticket = cast.ticket()
    with caplog.at_level(logging.INFO):
        client.put(ticket.get_absolute_url())
        client.get(f"/t/{ticket.token}/")
        client.post("/sign-in/", {"username": "N1003", "password": PASSWORD + "x"})
    assert "/t/…/" in caplog.text
    assert ticket.token not in caplog.text
    assert "127.0.0.1" not in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("address", ["/t/{}/", "/t/{}/rate/", "/kiosk/nanshan/ticket/{}/"])
def test_every_address_with_a_token_is_masked(address: str) -> None:
    token = "abcdefghijklmnopqrst-_"
    line = {"request": "GET " + address.format(token)}
    assert without_tokens(None, "info", line)["request"] == "GET " + address.format("…")


def test_no_matter_can_be_followed_from_the_log(
    cast: Cast, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    matter = complaints.receive(branch=cast.branch, kind="help", text="Where?", contact="13800")
    client.force_login(cast.handler)
    with caplog.at_level(logging.INFO):
        client.put(matter.get_absolute_url())
        client.get(matter.get_absolute_url() + "qr.svg")
        client.get(f"/box/nanshan/?ticket={matter.token}")
        client.post("/inquiry/", {"q": matter.reference})
        client.get("/matters/", {"q": matter.printed_reference})
        client.get(f"/no/{matter.reference}/")
    assert "/box/matter/…/" in caplog.text
    for secret in (matter.token, matter.reference, matter.printed_reference, "13800"):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "number", ["1234567890123456", "1234 5678 9012 3456", "1234%205678+9012-3456"]
)
def test_a_reference_number_is_masked_however_it_is_written(number: str) -> None:
    line = {"event": f"asked for {number}!", "request": f"GET /matters/?q={number}"}
    masked = without_tokens(None, "info", line)
    assert masked == {"event": "asked for …!", "request": "GET /matters/?q=…"}


@pytest.mark.parametrize(
    "harmless", ["2026-11-23 22:47", "GET /matters/12345/", "12345678901234567"]
)
def test_other_numbers_stay(harmless: str) -> None:
    assert without_tokens(None, "info", {"event": harmless})["event"] == harmless
