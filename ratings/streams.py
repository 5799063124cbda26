"""What the rating pads watch, and how each is rendered."""

from __future__ import annotations

from collections.abc import Mapping

from hall.context import MARKS
from hall.events import AT_COUNTERS, Event
from hall.live import Key, Marker, Marks
from hall.models import Branch, Counter
from queueing.streams import fragment
from ratings.models import Rating
from ratings.screens import pad as pad_screen


def rating_marks() -> Marks:
    """The newest ratings, and whether their reasons were given."""
    rows = Rating.objects.order_by("-id").values_list("branch_id", "id", "explained_at")
    return {(branch_id, ("rating", pk, at)) for branch_id, pk, at in rows[:50]}


RATINGS = Marker(rating_marks, frozenset({Event.RATING_GIVEN}))


class Pad:
    """A counter's rating pad: ``/live/pad/<branch>/<number>/``, or ``…/<number>/<language>/``
    where the visitor chose a language."""

    changed_by = AT_COUNTERS | {Event.RATING_GIVEN, Event.PLACE_CHANGED}

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The counter that the path names, with the chosen language."""
        if len(path) not in (2, 3) or not path[1].isdecimal():
            return None
        found = Counter.objects.filter(branch__slug=path[0], number=int(path[1]), is_active=True)
        row = found.values_list("branch_id", "number").first()
        return None if row is None else (row[0], "/".join([str(row[1]), *path[2:]]))

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """All the pads asked for, in a fixed number of queries."""
        numbers = {key: int(key.subject.partition("/")[0]) for key in keys}
        states = pad_screen.pads(Branch.objects.get(pk=branch_id), set(numbers.values()))
        return {
            key: fragment(
                "ratings/pad/page.html#live",
                key,
                pad=states[numbers[key]],
                languages=MARKS,
                chosen=pad_screen.chosen_language(key.subject.partition("/")[2]),
            )
            for key in keys
            if numbers[key] in states
        }
