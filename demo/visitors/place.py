"""The demo hall as its files describe it: counters, what they serve, and who may sit there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo.rows import Row, rows

DEMO: Final = Path(__file__).resolve().parent.parent
PEOPLE: Final = DEMO / "people" / "people.json"
MAIN_HALL = "nanshan"


@dataclass(frozen=True)
class Window:
    """A counter: its number, and the Chinese names of the services that it gives."""

    number: int
    services: tuple[str, ...]


def windows(branch: str) -> list[Window]:
    """The counters of a branch, in order."""
    names = service_names()
    groups = next(row["counters"] for row in branch_rows() if row["slug"] == branch)
    return [
        Window(number, tuple(names[slug] for slug in group["services"]))
        for group in groups
        for number in group["numbers"]
    ]


def branches() -> list[str]:
    """The address names of all branches, the main hall first."""
    return [row["slug"] for row in branch_rows()]


def clerks(branch: str) -> list[str]:
    """The staff numbers of a branch's clerks."""
    people = rows(PEOPLE)
    return [
        row["staff_number"] for row in people if (row["branch"], row["role"]) == (branch, "clerk")
    ]


def handlers() -> list[str]:
    """The staff numbers of those who answer matters."""
    people = rows(PEOPLE)
    return [row["staff_number"] for row in people if row["role"] == "complaint-handler"]


def service_names() -> dict[str, str]:
    """What each service is called in Chinese, by its address name."""
    categories = rows(DEMO / "place" / "services.json")
    return {row["slug"]: row["name_zh_hans"] for each in categories for row in each["services"]}


def branch_rows() -> list[Row]:
    """The branches, with all that they hold."""
    return rows(DEMO / "place" / "branches.json")
