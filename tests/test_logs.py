"""What stands in the log: nothing that opens a visitor's page, nobody's address or name."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

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
