"""The hall's worker as a process of its own, on the test's database and broker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection

from hall import keeper
from tests.browser.live import url_of

BASE = Path(__file__).resolve().parent.parent


def environment(**more: str) -> dict[str, str]:
    """What a process must know to work on the test's database."""
    database = url_of(settings.DATABASES["default"]["ENGINE"], connection.settings_dict["NAME"])
    told = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database}
    return os.environ | told | more


@contextmanager
def worker(app: str, *options: str, log: Path, **told: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real Celery worker; leaving the block is ``kill -9``."""
    command = [sys.executable, "-m", "celery", "-A", app, "worker", *options]
    command += ["--without-gossip", "--without-mingle", "--loglevel", "warning"]
    env = environment(**told)
    process = keeper.keep(command, cwd=BASE, env=env, log=log, options=["--signal", "KILL"])
    try:
        yield process
    finally:
        keeper.release(process)


def waiting() -> int:
    """Messages that no worker has taken yet."""
    with current_app.connection_for_read() as broker:
        queue = current_app.amqp.queues[current_app.conf.task_default_queue]
        declared: Any = queue.bind(broker.default_channel).queue_declare(passive=False)
        return int(declared.message_count)
