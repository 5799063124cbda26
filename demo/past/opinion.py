"""What visitors think of their visits: whether they say so, the grade, and why."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from queueing.simulate.chance import chance
from ratings.models import REASONS, Grade, Reason, Via

WORDS: Final = Path(__file__).with_name("words.json")
GRADES: Final = (Grade.SATISFIED, Grade.BASICALLY, Grade.DISSATISFIED)
USUAL: Final = (93.4, 5.2, 1.4)
PATIENCE: Final = 20.0  # minutes of waiting that nobody minds
# How many say why, and how many write something, of a hundred with the grade.
EXPLAINED: Final = {Grade.SATISFIED: 28, Grade.BASICALLY: 48, Grade.DISSATISFIED: 78}
WRITTEN: Final = {Grade.SATISFIED: 1.5, Grade.BASICALLY: 9, Grade.DISSATISFIED: 40}
ON_THE_PHONE: Final = 0.08
HOUR: Final = 3600.0


class Temper(NamedTuple):
    """How visitors take to a clerk: how many rate, and how many more of them than usual mind."""

    rated: float
    minds: float


class Opinion(NamedTuple):
    """A rating as somebody gave it."""

    grade: Grade
    via: Via
    given_at: dt.datetime
    explained_at: dt.datetime | None
    reasons: Sequence[Reason]
    comment: str


@cache
def words() -> dict[str, Any]:
    """What is written, by grade; what is answered, by reason."""
    content: dict[str, Any] = json.loads(WORDS.read_text("utf-8"))
    return content


def temper(staff_number: str) -> Temper:
    """Always the same for the same clerk."""
    rng = chance("temper", staff_number)
    return Temper(rng.uniform(0.44, 0.62), min(max(rng.lognormvariate(-0.1, 0.5), 0.35), 2.8))


def opinion(
    rng: random.Random, clerk: Temper, finished: dt.datetime, waited: float, writes: bool
) -> Opinion | None:
    """What a visitor says after a visit for which they waited so many minutes, if anything.

    Comments are by those who write Simplified Chinese.
    """
    if rng.random() > clerk.rated:
        return None
    minds = clerk.minds * (1 + max(waited - PATIENCE, 0) / 25)
    weights = (USUAL[0], *(part * minds for part in USUAL[1:]))
    (grade,) = rng.choices(GRADES, weights)
    via = Via.PHONE if rng.random() < ON_THE_PHONE else Via.PAD
    given_at = finished + _after(rng, via)
    if rng.random() * 100 > EXPLAINED[grade]:
        return Opinion(grade, via, given_at, None, (), "")
    explained_at = given_at + dt.timedelta(seconds=rng.uniform(3, 40))
    reasons, comment = _reasons(rng, grade, waited), _comment(rng, grade)
    return Opinion(grade, via, given_at, explained_at, reasons, comment if writes else "")


def _after(rng: random.Random, via: Via) -> dt.timedelta:
    """How long after the visit: soon on the pad; on the phone in the evening, or days later."""
    if via == Via.PAD:
        return dt.timedelta(seconds=rng.uniform(4, 48))
    days = rng.choice((0, 0, 0, 1, 2, 3))
    return dt.timedelta(days=days, seconds=rng.uniform(120, 4 * HOUR))


def _reasons(rng: random.Random, grade: Grade, waited: float) -> list[Reason]:
    """One or two, as they are offered; who waited long says so."""
    offered = REASONS[grade]
    chosen = set(rng.sample(offered, rng.choice((1, 1, 2))))
    if waited > PATIENCE and grade != Grade.SATISFIED:
        chosen.add(Reason.WAITED)
    return [reason for reason in offered if reason in chosen]


def _comment(rng: random.Random, grade: Grade) -> str:
    if rng.random() * 100 > WRITTEN[grade] / EXPLAINED[grade] * 100:
        return ""
    text: str = rng.choice(words()[grade.value])
    return text
