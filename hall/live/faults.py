"""Which sources cannot be rendered, said once a streak in the log, and by ``/readyz``."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field

import structlog

from hall.live import pace

log = structlog.get_logger(__name__)


def place_of(error: BaseException) -> str:
    """File and line where it was raised. What the error says may be somebody's words: not told."""
    frame = traceback.extract_tb(error.__traceback__)[-1:]
    return "".join(f"{'/'.join(each.filename.split('/')[-3:])}:{each.lineno}" for each in frame)


@dataclass
class Faults:
    """The sources of this process that fail now, each at its branch, and since when."""

    failed_at: dict[tuple[str, int], float] = field(default_factory=dict)

    def fail(self, source: str, branch_id: int, error: BaseException) -> None:
        """A source could not be rendered, or one fragment of it."""
        if (source, branch_id) not in self.standing():
            log.warning(
                "live_source_failed",
                source=source,
                branch=branch_id,
                error=type(error).__name__,
                at=place_of(error),
            )
        self.failed_at[source, branch_id] = time.monotonic()

    def heal(self, source: str, branch_id: int) -> None:
        """All that is watched of this source was rendered."""
        if self.failed_at.pop((source, branch_id), None) is not None:
            log.info("live_source_works", source=source, branch=branch_id)

    def standing(self) -> list[tuple[str, int]]:
        """Source and branch of those that failed just now, in order."""
        since = time.monotonic() - pace.FAULT_LASTS
        return sorted(where for where, at in self.failed_at.items() if at > since)

    def __iter__(self) -> Iterator[str]:
        """A line for each."""
        return (f"{source} at branch {branch_id}" for source, branch_id in self.standing())


FAULTS = Faults()  # of this process: it has one hub
