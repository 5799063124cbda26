"""Sockets and plugs: what a higher app adds to what a lower one does or shows.

The lower app declares a socket where it uses what is plugged in, and with it the type of that:
``PANELS: Socket[Panel] = Socket("panels")``. The higher app registers its own in
``AppConfig.ready()``: ``register(panels.PANELS, LINES, name="lines", order=40)``. So imports point
down only, and mypy sees both ends; a path in the settings would be read by neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Socket(Generic[T]):
    """A place where things of one type are plugged in, each under a name of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._order: dict[str, int] = {}
        self._plugs: dict[str, T] = {}

    def __iter__(self) -> Iterator[T]:
        """What is plugged in, in its order."""
        return iter(self._plugs.values())

    def __len__(self) -> int:
        return len(self._plugs)

    def items(self) -> list[tuple[str, T]]:
        """The same with their names."""
        return list(self._plugs.items())

    def get(self, name: str) -> T | None:
        """What is plugged in under this name."""
        return self._plugs.get(name)

    def add(self, thing: T, name: str, order: int) -> None:
        """Take one more; a name that is taken is a mistake of whoever wires the apps."""
        if name in self._plugs:
            raise ValueError(f"{self.name}: {name!r} is registered already.")
        self._plugs[name], self._order[name] = thing, order
        # By order, then by name: never by which app happened to be ready first.
        names = sorted(self._plugs, key=lambda each: (self._order[each], each))
        self._plugs = {each: self._plugs[each] for each in names}


def register(socket: Socket[T], thing: T, *, name: str, order: int = 0) -> None:
    """Plug something into a socket of a lower app; only ``AppConfig.ready()`` does so."""
    socket.add(thing, name, order)
