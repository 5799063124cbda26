"""Pages that the hall's own are compared with; they exist on the bench's server only."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from bench.statements import Statement, Values, say

STATEMENTS = "HALL_BENCH_STATEMENTS"  # the file that the recorded statements are in
VALUES = "HALL_BENCH_VALUES"  # what gives a person's values for them


def nothing() -> HttpResponse:
    """An empty answer; its length is said, as no middleware may be there to say it."""
    return HttpResponse(headers={"Content-Length": "0"})


def empty(_request: HttpRequest) -> HttpResponse:
    """What server and middleware cost alone."""
    return nothing()


def same_statements(_request: HttpRequest, name: str, seat: int) -> HttpResponse:
    """The statements of a request, by the same connection, and nothing else."""
    with connection.cursor() as cursor:
        say(cursor, statements()[name], values()(seat))
    return nothing()


@cache
def values() -> Callable[[int], Values]:
    """Gives the values of a person's request."""
    found: Callable[[int], Values] = import_string(os.environ.get(VALUES, "bench.seats.values_of"))
    return found


@cache
def statements() -> dict[str, list[Statement]]:
    """What was recorded, by the name of the request."""
    found: dict[str, list[Statement]] = pickle.loads(Path(os.environ[STATEMENTS]).read_bytes())
    return found
