"""The SQL statements of a request: recorded once, said again with another clerk's values.

A recorded parameter that is known to be the clerk's, the ticket's or the moment's becomes a Slot;
everything else stays as it was.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

Values = dict[str, Any]
Params = Sequence[Any] | Mapping[str, Any] | None
# What a statement that writes tells those after it: a part of its SQL, and the name of the value.
TELLS = {" INTO queueing_": "ticket", ' INTO "complaints_matter" ': "matter"}


@dataclass(frozen=True)
class Slot:
    """Stands for a value of the request: by name, made anew, or a distance from the moment."""

    name: str
    offset: dt.timedelta = dt.timedelta()
    kind: Callable[[Any], Any] | None = None  # Django marks whole numbers with psycopg's types

    def filled(self, values: Values) -> object:
        """The value of this request."""
        value = values[self.name]
        if isinstance(value, dt.datetime):
            return value + self.offset
        return self.kind(value) if self.kind else value


@dataclass(frozen=True)
class Statement:
    """SQL and its parameters, slots among them."""

    sql: str
    params: Params

    def filled(self, values: Values) -> Params:
        """The parameters of this request."""
        return mapped(self.params, lambda each: filled(each, values))


@dataclass
class Recorder:
    """Notes what the connection is told; refuses what a replay would not repeat truly.

    Where a transaction begins and ends is not told by the connection, but seen: statements of one
    transaction after the other would be taken for one.
    """

    statements: list[Statement] = field(default_factory=list)
    is_inside: bool = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """A wrapper for ``connection.execute_wrapper``."""
        if many:
            raise NotImplementedError(f"a replay of batches is missing: {sql}")
        self.come_to(connection.in_atomic_block)
        self.statements.append(Statement(sql, params))
        return execute(sql, params, many, context)

    def come_to(self, is_inside: bool) -> None:
        """Note that a transaction has begun or ended before the next statement."""
        if is_inside != self.is_inside:
            self.statements.append(Statement("BEGIN" if is_inside else "COMMIT", None))
        self.is_inside = is_inside


@contextlib.contextmanager
def recorded() -> Iterator[Recorder]:
    """Record the statements of this block."""
    recorder = Recorder()
    with connection.execute_wrapper(recorder):
        yield recorder
    recorder.come_to(is_inside=False)


def with_slots(
    statements: Sequence[Statement], known: Mapping[Any, str], now: dt.datetime
) -> list[Statement]:
    """The statements with slots instead of the known values and of every moment."""
    return [
        Statement(each.sql, mapped(each.params, lambda value: slot_of(value, known, now)))
        for each in statements
    ]


def slot_of(value: Any, known: Mapping[Any, str], now: dt.datetime) -> Any:
    """The slot of a value, or the value itself."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dt.datetime):
        return Slot("now", value - now)
    if isinstance(value, list | tuple):
        return type(value)(slot_of(each, known, now) for each in value)
    if not isinstance(value, int | str | uuid.UUID) or value not in known:
        return value
    return Slot(known[value], kind=None if isinstance(value, uuid.UUID) else type(value))


def filled(value: Any, values: Values) -> Any:
    """A parameter of this request."""
    if isinstance(value, Slot):
        return value.filled(values)
    if isinstance(value, list | tuple):
        return type(value)(filled(each, values) for each in value)
    return value


def mapped(params: Params, change: Callable[[Any], Any]) -> Params:
    """Parameters with each one changed, by position or by name."""
    if params is None:
        return None
    if isinstance(params, Mapping):
        return {name: change(value) for name, value in params.items()}
    return tuple(change(value) for value in params)


def fresh_values(**own: Any) -> Values:
    """The values of a new request: the given, the moment, and what is made at random."""
    return own | {
        "now": dt.datetime.now(dt.UTC),
        "request": uuid.uuid4(),
        "token": secrets.token_urlsafe(16),
    }


def say(cursor: Any, statements: Sequence[Statement], values: Values) -> None:
    """Run the statements by Django's cursor or psycopg's, and fetch all their rows.

    One that writes tells the new row's id, which those after it ask for (``TELLS``).
    """
    for statement in statements:
        cursor.execute(statement.sql, statement.filled(values))
        rows = cursor.fetchall() if cursor.description else []
        for part, name in TELLS.items():
            if rows and name not in values and part in statement.sql:
                values[name] = rows[0][0]
