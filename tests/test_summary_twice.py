"""Two at once, or killed midway: one summary, whole, and the same bytes of its files."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from hall.calendar import Month
from ratings import actions
from ratings.figures import summary_rows as summaries
from ratings.models import Row, Summary
from ratings.tasks import summarise_months
from tests import months, stalling
from tests.cast import Cast
from tests.crowd import all_at_once
from tests.processes import soon
from tests.workers import BASE, environment, waiting, worker

pytestmark = pytest.mark.django_db(transaction=True)
LAST = months.last_month()


@pytest.fixture
def past(cast: Cast) -> Cast:
    """A month with something in it."""
    months.Filler(cast.branch, LAST, [cast.clerk, cast.colleague]).fill(6)
    return cast


def summarise(cast: Cast) -> Summary:
    """Sum up last month."""
    return actions.summarise(branch=cast.branch, month=LAST)


def made(cast: Cast) -> dict[str, str]:
    """The files of the only summary, which is whole."""
    summary = Summary.objects.get()
    rows = list(summary.rows.order_by("order"))
    assert summaries.same_figures(rows, summaries.rows(cast.branch, LAST))
    return stalling.digests(cast.branch, LAST)


def made_anew(cast: Cast) -> dict[str, str]:
    """The same month, summed up by one alone whom nobody disturbs."""
    Row.objects.all().delete()
    Summary.objects.all().delete()
    summarise(cast)
    return made(cast)


def test_two_processes_at_once_make_one(past: Cast, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.stalling", str(tmp_path), "nanshan", str(LAST), "2"]
    both = [
        subprocess.Popen(
            command,
            cwd=BASE,
            env=environment(PYTHONHASHSEED=seed),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    answers: list[dict[str, Any]] = []
    for process in both:
        said, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        answers.append(json.loads(said))
    assert answers[0] == answers[1]
    assert answers[0] == {"summary": Summary.objects.get().pk, **made(past)}
    assert made(past) == made_anew(past)


def test_control_without_the_constraint_there_would_be_two(
    past: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same race, in which each takes a number of its own."""
    numbers = iter((1, 2))
    save = Summary.save

    def apart(summary: Summary, *args: Any, **options: Any) -> None:
        summary.version = next(numbers)
        save(summary, *args, **options)

    monkeypatch.setattr(Summary, "save", apart)
    compute = summaries.rows
    at_gate: list[int] = []

    def rows(branch: Any, month: Month) -> list[Row]:
        found = compute(branch, month)
        at_gate.append(1)
        assert soon(lambda: len(at_gate) == 2)
        return found

    monkeypatch.setattr(summaries, "rows", rows)
    all_at_once([1, 2], lambda _each: summarise(past))
    assert Summary.objects.count() == 2


def test_a_fault_midway_leaves_nothing_half(past: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(rows: list[Row]) -> None:
        for row in rows[: len(rows) // 2]:
            row.save()
        raise ValueError("a fault")

    with monkeypatch.context() as patch:
        patch.setattr(Row.objects, "bulk_create", half)
        with pytest.raises(ValueError, match="a fault"):
            summarise(past)
    assert not Summary.objects.exists() and not Row.objects.exists()
    summarise(past)
    made(past)


def stalling_worker(folder: Path) -> AbstractContextManager[object]:
    """A worker that stops with half of the rows written, until there is a file ``go``."""
    log, stall = folder / "log", str(folder)
    return worker("tests.stalling", "--pool", "solo", log=log, HALL_STALL=stall)


@pytest.mark.usefixtures("empty_queue")
def test_a_worker_killed_midway_and_started_again_makes_one(past: Cast, tmp_path: Path) -> None:
    summarise_months.delay()
    with stalling_worker(tmp_path):
        assert soon((tmp_path / "half").exists, 30), (tmp_path / "log").read_text()
        assert not Summary.objects.filter(branch=past.branch).exists(), "half is not to be seen"
    assert not Row.objects.exists(), "its transaction ended with it"
    (tmp_path / "go").touch()
    summarise_months.delay()  # as the schedule does within ten minutes
    with stalling_worker(tmp_path):
        assert soon(Summary.objects.exists, 30), (tmp_path / "log").read_text()
        summarise_months.delay()
        assert soon(lambda: not waiting(), 30), (tmp_path / "log").read_text()
    kept = made(past)
    assert kept == made_anew(past)
    assert Summary.objects.count() == 1
