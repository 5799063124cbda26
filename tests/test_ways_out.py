"""The ways out of the hall, each to a real server: e-mail, a gateway, a printer."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
import json
import socket
import socketserver
import ssl
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from complaints import actions as complaints
from complaints import outgoing
from complaints.models import Matter
from hall.actions import delivery
from hall.models import Parcel
from hall.outbox import notifier, printing, ways
from hall.outbox.kinds import Content, Hopeless, InDoubt, Undelivered
from tests import sinks
from tests.cast import Cast

PUBLIC = "https://hall.example.org"
ADDRESS = "visitor@example.org"
Outcome = type[Exception] | None


def outcome(act: Callable[[], object]) -> Outcome:
    """What it raises, if anything."""
    try:
        act()
    except Exception as error:
        return type(error)
    return None


def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


# --- e-mail ---


@pytest.fixture
def by_email(settings: Settings) -> Callable[[str], None]:
    """Tell people by e-mail, through this server."""

    def choose(address: str) -> None:
        host, port = address.split(":")
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.HALL_NOTIFIER, settings.HALL_PUBLIC_URL = "email", PUBLIC
        settings.EMAIL_HOST, settings.EMAIL_PORT = host, int(port)
        settings.DEFAULT_FROM_EMAIL = "Hall <hall@example.org>"

    return choose


def send(key: str = "answer-1") -> Outcome:
    """Tell somebody something, in whatever way the hall has."""
    way = notifier.notifier()
    assert way is not None
    return outcome(lambda: way.send(ADDRESS, "回复", "您好", key=key))


def test_a_mail_is_known_again_if_it_comes_twice(by_email: Callable[[str], None]) -> None:
    with sinks.listening(sinks.mail_server()) as server:
        by_email(server.address)
        assert [send(), send(), send("answer-2")] == [None, None, None]
    first, again, other = server.got
    assert (first["To"], first["From"]) == (ADDRESS, "Hall <hall@example.org>")
    assert (first["Subject"], first.get_content().strip()) == ("回复", "您好")
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert "answer" not in first["Message-ID"] and first["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [("550 no such user", Hopeless), ("450 come back later", Undelivered)],
)
def test_a_recipient_who_is_refused(
    by_email: Callable[[str], None], refusal: str, expected: Outcome
) -> None:
    with sinks.listening(sinks.mail_server(refusal)) as server:
        by_email(server.address)
        assert send() == expected


def test_a_mail_server_that_is_away_or_hangs_up(by_email: Callable[[str], None]) -> None:
    by_email(nowhere())
    assert send() == Undelivered
    with sinks.listening(lambda _sink, _link: None) as server:
        by_email(server.address)
        assert send() == InDoubt


# --- the one thing that is told so far: there is an answer ---


def answered(cast: Cast, contact: str = ADDRESS, language: str = "en") -> Matter:
    matter = complaints.receive(
        branch=cast.branch, kind="help", text="A secret?", contact=contact, language=language
    )
    return complaints.reply(matter=matter, text="A secret!", by=cast.handler)


def test_who_left_an_address_is_told_where_the_answer_is_and_none_of_its_words(
    cast: Cast, by_email: Callable[[str], None]
) -> None:
    with sinks.listening(sinks.mail_server()) as server:
        by_email(server.address)
        matter = answered(cast)
        again = complaints.reply(matter=matter, text="More.", by=cast.handler)
        assert delivery.deliver_due() == 2, "each answer once"
    mail = server.got[0]
    assert mail["To"] == ADDRESS
    assert mail["Subject"] == "Nanshan Service Hall: there is an answer to your message"
    assert f"{PUBLIC}/box/matter/{again.token}/" in mail.get_content()
    assert "secret" not in mail.as_string() and matter.reference not in mail.as_string()
    assert Parcel.objects.filter(state="delivered").count() == 2


def test_in_the_language_of_the_matter(cast: Cast, by_email: Callable[[str], None]) -> None:
    with sinks.listening(sinks.mail_server()) as server:
        by_email(server.address)
        answered(cast, language="zh-hans")
        answered(cast, language="zh-hant")
        delivery.deliver_due()
    assert [each["Subject"].strip() for each in server.got] == [
        "南山社保服务大厅：您的留言已有回复",
        "南山社保服务大厅：您的留言已有回覆",
    ]


@pytest.mark.parametrize("contact", ["", "138 0013 8000", "微信 abc@", "a@example.org, 138"])
def test_who_left_something_else_is_not_written_to(
    cast: Cast, by_email: Callable[[str], None], contact: str
) -> None:
    by_email(nowhere())
    answered(cast, contact)
    assert not Parcel.objects.exists()


def test_a_hall_without_a_way_tells_nobody(cast: Cast, settings: Settings) -> None:
    assert settings.HALL_NOTIFIER == "", "nobody is told unless the hall says so"
    answered(cast)
    assert not Parcel.objects.exists()


def test_the_outbox_holds_no_address_and_what_is_gone_is_not_sent(
    cast: Cast, by_email: Callable[[str], None]
) -> None:
    by_email(nowhere())
    matter = answered(cast)
    parcel = Parcel.objects.get()
    assert parcel.payload == {"matter": matter.pk}
    Matter.objects.update(contact="")
    delivery.deliver_due()
    parcel.refresh_from_db()
    assert parcel.state == "dropped"


def test_a_note_among_the_staff_tells_nobody(cast: Cast, by_email: Callable[[str], None]) -> None:
    by_email(nowhere())
    matter = complaints.receive(branch=cast.branch, kind="help", text="?", contact=ADDRESS)
    complaints.note(matter=matter, text="!", by=cast.handler)
    complaints.extend(matter=matter, reason="!", by=cast.handler)
    assert not Parcel.objects.exists()


def test_on_the_console(cast: Cast, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.HALL_NOTIFIER, settings.HALL_PUBLIC_URL = "console", PUBLIC
    answered(cast)
    delivery.deliver_due()
    assert f"To: {ADDRESS}" in capsys.readouterr().err


# --- a gateway of the hall's own ---


@pytest.fixture
def by_webhook(settings: Settings) -> Callable[[str], None]:
    """Tell people through the gateway of this address."""

    def choose(url: str) -> None:
        settings.HALL_NOTIFIER = "webhook"
        settings.HALL_WEBHOOK_URL, settings.HALL_WEBHOOK_SECRET = url, "a secret"

    return choose


def test_a_gateway_can_tell_that_it_is_hall_who_speaks(by_webhook: Callable[[str], None]) -> None:
    with sinks.gateway() as gateway:
        by_webhook(f"http://{gateway.address}/sms?to=all")
        assert send() is None
    path, headers, body = gateway.got[0]
    assert path == "/sms?to=all" and headers["Content-Type"] == "application/json"
    told = {"key": "answer-1", "to": ADDRESS, "subject": "回复", "text": "您好"}
    assert json.loads(body) == told
    moment, mark = (each.split("=")[1] for each in headers["Hall-Signature"].split(","))
    signed = moment.encode() + b"." + body
    assert mark == hmac.new(b"a secret", signed, hashlib.sha256).hexdigest()
    assert abs(time.time() - int(moment)) < 60


@pytest.mark.parametrize(
    ("status", "expected"),
    [(204, None), (302, Undelivered), (400, Hopeless), (404, Hopeless)]
    + [(each, Undelivered) for each in (408, 429, 500, 503)],
)
def test_what_a_gateway_answers(
    by_webhook: Callable[[str], None], status: int, expected: Outcome
) -> None:
    with sinks.gateway() as elsewhere:
        with sinks.gateway(status, Location=f"http://{elsewhere.address}/") as gateway:
            by_webhook(f"http://{gateway.address}/")
            assert send() == expected
        assert not elsewhere.got, "a redirect is followed nowhere"


def test_a_gateway_that_is_away_hangs_up_or_takes_too_long(
    by_webhook: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_webhook(f"http://{nowhere()}/")
    assert send() == Undelivered
    with sinks.listening(lambda _sink, link: void(link.rfile.readline())) as rude:
        by_webhook(f"http://{rude.address}/")
        assert send() == InDoubt
    monkeypatch.setattr(notifier, "ANSWER_WITHIN", 0.5)
    with sinks.listening(drip) as slow:
        by_webhook(f"http://{slow.address}/")
        started = time.monotonic()
        assert send() == InDoubt
        assert time.monotonic() - started < 2, "not a limit for each byte"


def void(_read: bytes) -> None:
    """Whatever was read is thrown away."""


def drip(_sink: sinks.Sink, link: socketserver.StreamRequestHandler) -> None:
    """An answer of which a byte comes every now and then."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: yes\r\n" * 9:
        link.wfile.write(bytes([byte]))
        time.sleep(0.1)


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_gateway_must_prove_who_it_is(
    by_webhook: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_trusted: bool,
) -> None:
    key, certificate = certified(tmp_path)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def wrap(plain: socket.socket) -> Any:
        return context.wrap_socket(plain, server_side=True)

    with sinks.gateway(wrap=wrap) as gateway:
        by_webhook(f"https://{gateway.address}/")
        assert send() == (None if is_trusted else Undelivered)
        assert len(gateway.got) == int(is_trusted)


def certified(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of 127.0.0.1, which nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway")])
    now = dt.datetime.now(dt.UTC)
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file, file = folder / "key.pem", folder / "certificate.pem"
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(pem, *plain))
    file.write_bytes(made.public_bytes(pem))
    return key_file, file


# --- paper ---


def paper(address: str, body: bytes = b"A042\n" * 1000) -> Outcome:
    return outcome(lambda: printing.deliver(Content("1", {"printer": address}, body)))


def test_a_printer_gets_every_byte_once() -> None:
    with sinks.listening(sinks.printer) as printer:
        assert paper(printer.address) is None
    assert printer.got == [b"A042\n" * 1000]


def test_a_printer_that_is_away_is_tried_again() -> None:
    assert paper(nowhere()) == Undelivered


def jam(_sink: sinks.Sink, link: socketserver.StreamRequestHandler) -> None:
    """Take the first bytes, then reset the connection."""
    link.rfile.read(1)
    link.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.connection.close()


def chatter(_sink: sinks.Sink, link: socketserver.StreamRequestHandler) -> None:
    """Never come to an end."""
    while True:
        link.wfile.write(b".")
        time.sleep(0.05)


@pytest.mark.parametrize("printer", [jam, chatter])
def test_after_the_first_byte_paper_may_have_come_out(
    monkeypatch: pytest.MonkeyPatch, printer: Callable[..., None]
) -> None:
    monkeypatch.setattr(printing, "PRINT_WITHIN", 0.5)
    with sinks.listening(printer) as sink:
        assert paper(sink.address, b"x" * 5_000_000) == InDoubt


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.9", ("10.0.0.9", 9100)),
        ("printer.hall:9101", ("printer.hall", 9101)),
        ("[fe80::1]:9100", ("fe80::1", 9100)),
    ],
)
def test_where_a_printer_is(text: str, expected: tuple[str, int]) -> None:
    assert printing.address(text) == expected


# --- settings ---


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail", ("mail", 25, "", "", False, False)),
        ("smtp+tls://a%40b:p%2Fw@mail", ("mail", 587, "a@b", "p/w", True, False)),
        ("smtps://u:p@mail:4650", ("mail", 4650, "u", "p", False, True)),
    ],
)
def test_the_address_of_a_mail_server(url: str, expected: tuple[object, ...]) -> None:
    assert ways.mail_server(url) == ways.MailServer(*expected)  # type: ignore[arg-type]


WORKS: dict[str, Any] = {"has_address": True, "has_mail": True, "gateway": "https://gateway"}


@pytest.mark.parametrize(
    ("way", "changed", "named"),
    [
        ("pigeon", {}, "HALL_NOTIFIER"),
        ("email", {"has_address": False}, "HALL_PUBLIC_URL"),
        ("email", {"has_mail": False}, "HALL_EMAIL_URL"),
        ("webhook", {"gateway": ""}, "HALL_WEBHOOK_URL"),
        ("webhook", {"gateway": "http://gateway"}, "HALL_WEBHOOK_URL"),
        ("webhook", {"gateway": "ftp://localhost"}, "HALL_WEBHOOK_URL"),
    ],
)
def test_a_way_that_could_not_work_stops_the_start(
    way: str, changed: dict[str, Any], named: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=named):
        ways.check(way, **WORKS | changed)
    with pytest.raises(ImproperlyConfigured, match="HALL_EMAIL_URL"):
        ways.mail_server("mail.example.org:25")


@pytest.mark.parametrize("way", ["", "console", "email", "webhook"])
def test_the_ways_that_there_are(way: str) -> None:
    ways.check(way, **WORKS)
    ways.check(way, **WORKS | {"gateway": "http://localhost:8080/"})
    assert not way or way in notifier.WAYS
    assert not outgoing.is_email("nobody")
