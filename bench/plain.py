"""The statements of a request in plain SQL: threads with a connection each, no server between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache

import psycopg

from bench.statements import Statement, Values, say

PROCESSES = 2  # so that Python is not what is slow
READY_IN = 0.3  # seconds until all clients begin; only in the first round must they connect


def fire(
    pool: Executor, url: str, statements: Sequence[Statement], requests: list[Values], clients: int
) -> float:
    """Say the statements for each request, by so many clients at once; the seconds it took."""
    at = time.perf_counter() + READY_IN
    parts = min(PROCESSES, clients)
    jobs = [
        pool.submit(share, url, statements, requests[part::parts], clients // parts, at)
        for part in range(parts)
    ]
    return max(job.result() for job in jobs) - at


def share(
    url: str, statements: Sequence[Statement], requests: list[Values], clients: int, at: float
) -> float:
    """One process's share; the moment when its last request was done."""
    queue = deque(requests)
    with ThreadPoolExecutor(clients) as threads:
        jobs = [
            threads.submit(client, connection(url, number), statements, queue, at)
            for number in range(clients)
        ]
    return max(job.result() for job in jobs)


@cache
def connection(url: str, _number: int) -> psycopg.Connection[tuple[object, ...]]:
    """A client's connection, kept from round to round; it sends what Django's would send."""
    return psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor)


def client(
    link: psycopg.Connection[tuple[object, ...]],
    statements: Sequence[Statement],
    queue: deque[Values],
    at: float,
) -> float:
    """One client, from the common moment on; when its last request was done."""
    cursor = link.cursor()
    time.sleep(max(0.0, at - time.perf_counter()))
    while True:
        try:
            values = queue.popleft()
        except IndexError:
            return time.perf_counter()
        say(cursor, statements, values)
