"""The clips that the board speaks with: all there, small, and a hall's own come first."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from hall import voice

pytestmark = pytest.mark.once

LANGUAGES = ["zh", "yue", "en"]
PHRASES = {
    "zh": {"please", "number", "to", "counter"},
    "yue": {"please", "number", "to", "counter"},
    "en": {"ticket", "go-to-counter"},
}


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder for a hall's own recordings."""
    monkeypatch.setattr(settings, "HALL_DATA", tmp_path)
    folder = tmp_path / "voice" / "zh"
    folder.mkdir(parents=True)
    return folder


def listed(language: str) -> dict[str, str]:
    """What the clips of a language say, by name."""
    listing = voice.shipped() / language / "manifest.json"
    texts: dict[str, str] = json.loads(listing.read_text(encoding="utf-8"))
    return texts


# --- what is there ---


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sign_and_every_counter_can_be_said(language: str) -> None:
    needed = {f"letter-{letter}" for letter in string.ascii_lowercase}
    needed |= {f"digit-{n}" for n in range(10)} | {f"number-{n}" for n in range(1, 100)}
    assert set(listed(language)) == needed | PHRASES[language]


@pytest.mark.parametrize("language", [*LANGUAGES, "common"])
def test_the_list_and_the_folder_agree(language: str) -> None:
    files = {path.stem for path in (voice.shipped() / language).glob("*.mp3")}
    assert files == set(listed(language))


def test_the_list_says_what_is_spoken() -> None:
    assert listed("zh")["digit-1"] == "幺"
    assert listed("zh")["number-1"] == "一"
    assert listed("zh")["number-10"] == "十"
    assert listed("zh")["number-12"] == "十二"
    assert listed("zh")["number-20"] == "二十"
    assert listed("zh")["number-99"] == "九十九"
    assert listed("yue")["number-21"] == "二十一"
    assert listed("en")["number-13"] == "thirteen"
    assert listed("en")["number-42"] == "forty-two"


def test_all_clips_together_are_small() -> None:
    sizes = [path.stat().st_size for path in voice.shipped().glob("*/*.mp3")]
    assert min(sizes) > 500, "an empty clip"
    assert sum(sizes) < 1_500_000


# --- how it is served ---


def test_a_clip_is_served_and_kept(client: Client) -> None:
    response = client.get("/voice/zh/digit-1.mp3")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "audio/mpeg"
    assert "max-age=3600" in response.headers["Cache-Control"]
    assert response.content == (voice.shipped() / "zh" / "digit-1.mp3").read_bytes()


def test_the_chime_belongs_to_no_language(client: Client) -> None:
    assert client.get("/voice/common/chime.mp3").status_code == 200
    assert client.get("/voice/zh/chime.mp3").status_code == 404


def test_a_halls_own_recording_comes_first(client: Client, own: Path) -> None:
    (own / "please.mp3").write_bytes(b"ours")
    assert client.get("/voice/zh/please.mp3").content == b"ours"
    assert client.get("/voice/zh/to.mp3").content != b"ours"
    assert client.get("/voice/yue/please.mp3").content != b"ours"


def test_an_unchanged_clip_is_not_sent_again(client: Client) -> None:
    tag = client.get("/voice/en/ticket.mp3").headers["ETag"]
    assert client.get("/voice/en/ticket.mp3", headers={"If-None-Match": tag}).status_code == 304


def test_a_new_recording_replaces_the_one_that_is_kept(client: Client, own: Path) -> None:
    tag = client.get("/voice/zh/please.mp3").headers["ETag"]
    (own / "please.mp3").write_bytes(b"ours")
    response = client.get("/voice/zh/please.mp3", headers={"If-None-Match": tag})
    assert response.content == b"ours"


@pytest.mark.parametrize(
    "path", ["zh/nothing", "fr/digit-1", "zh/manifest", "zh/..%2Fen%2Fticket", "..%2Fjs/voice"]
)
def test_nothing_else_is_served(client: Client, own: Path, path: str) -> None:
    (own / "nothing.mp3").write_bytes(b"not in the list")
    assert client.get(f"/voice/{path}.mp3").status_code == 404


def test_a_clip_is_only_read(client: Client) -> None:
    assert client.post("/voice/zh/digit-1.mp3").status_code == 405
    assert client.head("/voice/zh/digit-1.mp3").status_code == 200
