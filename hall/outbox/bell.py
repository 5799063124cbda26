"""Rings for the worker. Whoever puts a parcel waits for no broker: one that is away costs seconds,
one that is stopped answers never."""

from __future__ import annotations

import threading
from typing import Final

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

DELIVER: Final = "hall.tasks.deliver"  # by its name, for it stands above
log = structlog.get_logger(__name__)


class Bell:
    """Tells the worker from a thread of its own; who rings while it does is told of after it."""

    def __init__(self) -> None:
        self._rung = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Have the worker look soon. If it cannot be told, its next look is seconds away."""
        self._rung.set()
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while self._rung.wait():
            self._rung.clear()  # first: who rings from now on may have put something more
            try:
                current_app.send_task(DELIVER, retry=False, ignore_result=True)
            except (OperationalError, OSError) as error:
                log.warning("worker_not_told", error=type(error).__name__)
            except Exception:
                log.exception("worker_not_told")


BELL = Bell()


def ring() -> None:
    """Have the worker look at the outbox soon."""
    BELL.ring()
