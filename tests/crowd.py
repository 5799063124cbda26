"""Many people pressing at the same moment, each with a connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Person = TypeVar("Person")
Answer = TypeVar("Answer")


def all_at_once(
    people: Sequence[Person], press: Callable[[Person], Answer]
) -> list[Answer | Exception]:
    """Everybody presses together; what each got, an exception included, in their order."""
    gate = threading.Barrier(len(people))

    def one(person: Person) -> Answer | Exception:
        try:
            connections["default"].ensure_connection()
            gate.wait()
            return press(person)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(one, people))
