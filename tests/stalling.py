"""Programs that make a summary and stop where a test wants them to; run as processes of their own.

python -m tests.stalling FOLDER nanshan 2026-03 PARTIES
    computes, waits until all parties have computed, stores; prints what the files are
celery -A tests.stalling worker
    the hall's worker; if FOLDER of HALL_STALL has no file ``go``, it stops with half of the
    rows written
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django
from django.utils import translation

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

# ruff: noqa: E402
from hall.calendar import Month
from hall.celery import app as app
from hall.models import Branch
from ratings import actions
from ratings.figures import summary_rows as summaries
from ratings.models import Row
from ratings.screens import summary as summary_screen
from ratings.screens import summary_files as sheets

PATIENCE = 20.0


def until(folder: Path, pattern: str, count: int) -> None:
    """Return when so many files are there."""
    end = time.monotonic() + PATIENCE
    while len(list(folder.glob(pattern))) < count:
        if time.monotonic() > end:
            raise TimeoutError(pattern)
        time.sleep(0.01)


def digests(branch: Branch, month: Month) -> dict[str, str]:
    """What the files of a summary are, in each language."""
    found = {}
    for language in ("zh-hans", "zh-hant", "en"):
        with translation.override(language):
            report = summary_screen.report(branch, month)
            assert report is not None
            for make in (sheets.workbook, sheets.text):
                content = make(report)
                found[f"{language} {make.__name__}"] = hashlib.sha256(content).hexdigest()
    return found


def together(folder: Path, slug: str, text: str, parties: int) -> dict[str, Any]:
    """Make a summary at the same moment as others."""
    compute = summaries.rows

    def rows(branch: Branch, month: Month) -> list[Row]:
        found = compute(branch, month)
        (folder / f"computed-{os.getpid()}").touch()
        until(folder, "computed-*", parties)
        return found

    summaries.rows = rows
    branch, month = Branch.objects.get(slug=slug), Month.parse(text)
    summary = actions.summarise(branch=branch, month=month)
    return {"summary": summary.pk, **digests(branch, month)}


def stall(folder: Path) -> None:
    """From now on nobody gets further than half of the rows, until there is a file ``go``."""
    create = type(Row.objects).bulk_create

    def half(manager: Any, rows: Iterable[Row], *args: Any, **options: Any) -> list[Row]:
        every = list(rows)
        if not (folder / "go").exists():
            create(manager, every[: len(every) // 2])
            (folder / "half").touch()
            time.sleep(PATIENCE)
        return list(create(manager, every, *args, **options))

    type(Row.objects).bulk_create = half  # type: ignore[assignment]


def main() -> Iterator[str]:
    """What the command line asks for."""
    folder, slug, month, parties = sys.argv[1:]
    yield json.dumps(together(Path(folder), slug, month, int(parties)))


if "HALL_STALL" in os.environ:
    stall(Path(os.environ["HALL_STALL"]))
if __name__ == "__main__":
    for line in main():
        sys.stdout.write(line)
