"""What the rating pads watch, and how each is rendered."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hall import typed
from hall.context import MARKS
from hall.events import Event, change_of
from hall.live import LOOK_BACK, Key, Marks
from hall.models import Branch, Counter
from queueing.streams import LINE, CounterSource, fragment
from ratings.models import Rating
from ratings.screens import pad as pad_screen


def rating_marks() -> Marks:
    """The newest ratings, and whether their reasons were given."""
    rows = Rating.objects.order_by("-id").values_list(
        "branch_id", "id", "explained_at", "ticket_id", "counter_id"
    )
    return {
        (pk, at): change_of(
            branch_id, Event.RATING_GIVEN, rating=pk, ticket=ticket_id, counter=counter_id
        )
        for branch_id, pk, at, ticket_id, counter_id in rows[:LOOK_BACK]
    }


class Pad(CounterSource):
    """A counter's rating pad: ``/live/pad/<branch>/<number>/``, or ``…/<number>/<language>/``
    where the visitor chose a language."""

    def changed_by(self) -> Collection[Event]:
        """Who sits here, each step of a visit, and its rating."""
        return LINE - {Event.TICKET_ISSUED} | {Event.RATING_GIVEN}

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The counter that the path names, with the chosen language."""
        number = typed.number(path[1], most=typed.SMALL) if len(path) in (2, 3) else None
        if number is None:
            return None
        found = Counter.objects.filter(branch__slug=path[0], number=number, is_active=True)
        row = found.values_list("branch_id", "pk").first()
        return None if row is None else (row[0], "/".join([str(row[1]), *path[2:]]))

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """All the pads asked for, in a fixed number of queries."""
        counters = {key: int(key.subject.partition("/")[0]) for key in keys}
        asked = Counter.objects.filter(branch=branch_id, pk__in=set(counters.values()))
        states = pad_screen.pads(Branch.objects.get(pk=branch_id), asked)
        return {
            key: fragment(
                "ratings/pad/page.html#live",
                key,
                pad=states[counters[key]],
                languages=MARKS,
                chosen=pad_screen.chosen_language(key.subject.partition("/")[2]),
            )
            for key in keys
            if counters[key] in states
        }
