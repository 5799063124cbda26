"""How much is measured, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

WITHOUT_PAST = "without_past"


@dataclass(frozen=True)
class Plan:
    """The folder and the servers of one measurement, and its sizes."""

    folder: Path
    url: str
    redis_url: str
    tickets: int
    rounds: int
    presses: int
    boards: int
    changes: int
    month: int

    @property
    def url_without_past(self) -> str:
        """The database of the same hall on its first day."""
        return database(self.url, WITHOUT_PAST)


def database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def say(text: str) -> None:
    """Print a paragraph at once."""
    print(f"{text}\n", flush=True)
