"""What the live screens of the queue watch, and how each fragment is rendered."""

from __future__ import annotations

from collections.abc import Mapping

from django.template.loader import render_to_string
from django.utils import translation

from hall.events import AT_COUNTERS, LINE, Event
from hall.languages import HTML_TAG
from hall.live import BranchSource, Key, Marker, Marks, notice_marks
from hall.models import Branch, Counter
from queueing.figures import waits
from queueing.models import Sitting, Step, Ticket
from queueing.screens import board as board_screen
from queueing.screens import display as display_screen
from queueing.screens import ticket as ticket_screen


def step_marks() -> Marks:
    """The newest rows of the time line."""
    steps = Step.objects.order_by("-id").values_list("ticket__branch_id", "id")[:200]
    return {(branch_id, ("step", pk)) for branch_id, pk in steps}


def seat_marks() -> Marks:
    """The seats that were changed last."""
    seats = Sitting.objects.order_by("-changed_at").values_list("branch_id", "id", "changed_at")
    return {(branch_id, ("seat", pk, at)) for branch_id, pk, at in seats[:50]}


STEPS = Marker(step_marks, LINE)
SEATS = Marker(seat_marks, frozenset({Event.COUNTER_CHANGED}))


def fragment(template: str, key: Key, **context: object) -> str:
    """One part of a screen's template, in the language of the screen."""
    with translation.override(key.language):
        return render_to_string(
            template, {"language": key.language, "html_lang": HTML_TAG[key.language], **context}
        )


class Board(BranchSource):
    """The lobby board."""

    changed_by = LINE | {Event.COUNTER_CHANGED, Event.PLACE_CHANGED, Event.DUTY_CHANGED}

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The board's state once, then once a language."""
        state = board_screen.board(Branch.objects.get(pk=branch_id))
        return {key: fragment("queueing/board/page.html#live", key, board=state) for key in keys}


class Kiosk:
    """People waiting and estimates of a kiosk's services: ``/live/kiosk/<branch>/<category>/``."""

    changed_by = LINE | {Event.COUNTER_CHANGED, Event.PLACE_CHANGED}

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The branch and the category that the path names."""
        if len(path) != 2 or not path[1].isdecimal():
            return None
        found = Branch.objects.filter(slug=path[0], offerings__service__category=int(path[1]))
        pk = found.values_list("pk", flat=True).first()
        return None if pk is None else (pk, path[1])

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The lines once, then once a category and language."""
        lines = waits.queues(Branch.objects.get(pk=branch_id)).lines
        return {
            key: fragment(
                "queueing/kiosk/waits.html",
                key,
                lines=[each for each in lines if _category(each) == key.subject],
            )
            for key in keys
        }


def _category(line: waits.Line) -> str:
    return str(line.offering.service.category_id)


class Desk(BranchSource):
    """A nudge for counter screens: its content says only that something changed."""

    changed_by = LINE | {Event.COUNTER_CHANGED, Event.PLACE_CHANGED}

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The newest step and seat of the branch; the screens fetch what they may see."""
        step = Step.objects.filter(ticket__branch=branch_id).order_by("-id").first()
        seat = Sitting.objects.filter(branch=branch_id).order_by("-changed_at").first()
        notices = notice_marks()
        newest = (
            f"{step and step.pk}-{seat and seat.changed_at}-{max(map(str, notices), default='')}"
        )
        return dict.fromkeys(keys, f'<i data-rev="{newest}"></i>')


class Display:
    """A counter's own small display: ``/live/display/<branch>/<number>/``."""

    changed_by = AT_COUNTERS | {Event.PLACE_CHANGED}

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The counter that the path names."""
        if len(path) != 2 or not path[1].isdecimal():
            return None
        found = Counter.objects.filter(branch__slug=path[0], number=int(path[1]), is_active=True)
        row = found.values_list("branch_id", "number").first()
        return None if row is None else (row[0], str(row[1]))

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """All the counters asked for, in a fixed number of queries."""
        states = display_screen.displays(branch_id, {int(key.subject) for key in keys})
        return {
            key: fragment("queueing/display/page.html#live", key, display=states[int(key.subject)])
            for key in keys
            if int(key.subject) in states
        }


class TicketPage:
    """A visitor's own page: ``/live/ticket/<token>/``."""

    # Of every ticket: each move of another may be one fewer ahead. A rating is asked for there.
    changed_by = LINE | {Event.COUNTER_CHANGED, Event.PLACE_CHANGED, Event.RATING_GIVEN}

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        """The ticket that the token names."""
        if len(path) != 1:
            return None
        row = Ticket.objects.filter(token=path[0]).values_list("branch_id", "token").first()
        return row

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """All the tickets asked for: the line is read once for all of them."""
        states = ticket_screen.ticket_states(branch_id, {key.subject for key in keys})
        tickets = [state.ticket for state in states.values()]
        added = {}
        for language in {key.language for key in keys}:
            with translation.override(language):
                added[language] = ticket_screen.parts_of(tickets)
        return {
            key: fragment(
                "queueing/ticket/page.html#live",
                key,
                parts=added[key.language].get(states[key.subject].ticket.pk, []),
                **states[key.subject].context(),
            )
            for key in keys
            if key.subject in states
        }
