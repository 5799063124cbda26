"""What the live screens of the queue watch, and how each fragment is rendered."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.template.loader import render_to_string
from django.utils import timezone, translation

from hall import typed
from hall.events import TICKETS, Change, Event, change_of
from hall.languages import HTML_TAG
from hall.live import LOOK_BACK, BranchSource, Key, Marks, Source, notice_marks
from hall.models import Branch, Counter
from queueing.figures import announced
from queueing.models import Announcement, Sitting, Step, Ticket
from queueing.screens import board as board_screen
from queueing.screens import display as display_screen
from queueing.screens import kiosk as kiosk_screen
from queueing.screens import ticket as ticket_screen

# Who waits, and who works on it.
LINE = TICKETS | {Event.COUNTER_CHANGED, Event.PLACE_CHANGED}
# What each step of the time line tells; the others are changes of the ticket.
TOLD_BY = {
    "issue": Event.TICKET_ISSUED,
    "call": Event.TICKET_CALLED,
    "recall": Event.TICKET_CALLED,
    "finish": Event.VISIT_FINISHED,
}


def step_marks() -> Marks:
    """The newest rows of the time line."""
    rows = Step.objects.order_by("-id").values_list(
        "ticket__branch_id", "id", "move", "ticket_id", "counter_id"
    )
    return {
        pk: change_of(
            branch_id,
            TOLD_BY.get(move, Event.TICKET_CHANGED),
            ticket=ticket_id,
            counter=counter_id,
        )
        for branch_id, pk, move, ticket_id, counter_id in rows[:LOOK_BACK]
    }


def seat_marks() -> Marks:
    """The seats that were taken or left last."""
    rows = Sitting.objects.order_by("-changed_at").values_list(
        "branch_id", "id", "changed_at", "counter_id"
    )
    return {
        (pk, at): change_of(branch_id, Event.COUNTER_CHANGED, counter=counter_id)
        for branch_id, pk, at, counter_id in rows[:LOOK_BACK]
    }


def announcement_marks() -> Marks:
    """What was spoken last."""
    rows = Announcement.objects.order_by("-id").values_list("ticket__branch_id", "id", "ticket_id")
    return {
        pk: change_of(branch_id, Event.CALL_ANNOUNCED, ticket=ticket_id)
        for branch_id, pk, ticket_id in rows[:LOOK_BACK]
    }


def fragment(template: str, key: Key, **context: object) -> str:
    """One part of a screen's template, in the language of the screen."""
    with translation.override(key.language):
        return render_to_string(
            template, {"language": key.language, "html_lang": HTML_TAG[key.language], **context}
        )


class Board(BranchSource):
    def changed_by(self) -> Collection[Event]:
        """The lines, the calls and what was spoken of them, notices, and the leader on duty."""
        return LINE | {Event.DUTY_CHANGED, Event.CALL_ANNOUNCED}

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The board's state once, then once a language."""
        state = board_screen.board(Branch.objects.get(pk=branch_id))
        return {key: fragment("queueing/board/page.html#live", key, board=state) for key in keys}


class Kiosk(Source):
    """People waiting and estimates of a kiosk's services: ``/live/kiosk/<branch>/<category>/``."""

    def changed_by(self) -> Collection[Event]:
        """The lines; one of another category shares counters with these."""
        return LINE

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        category = typed.number(path[1]) if len(path) == 2 else None
        if category is None:
            return None
        found = Branch.objects.filter(slug=path[0], offerings__service__category=category)
        pk = found.values_list("pk", flat=True).first()
        return None if pk is None else (pk, str(category))

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The services once, then once a category and language."""
        branch = Branch.objects.get(pk=branch_id)
        offers = kiosk_screen.on_offer(branch, {int(key.subject) for key in keys})
        return {
            key: fragment(
                "queueing/kiosk/waits.html",
                key,
                offers=[each for each in offers if _category(each) == key.subject],
            )
            for key in keys
        }


def _category(offer: kiosk_screen.OnOffer) -> str:
    return str(offer.line.offering.service.category_id)


class Desk(BranchSource):
    """A nudge for counter screens: its content says only that something changed."""

    def changed_by(self) -> Collection[Event]:
        """The line, what was spoken, and notices."""
        return LINE | {Event.CALL_ANNOUNCED}

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """The newest step, seat and announcement of the branch, and how many calls the voice owes;
        the screens fetch what they may see."""
        step = Step.objects.filter(ticket__branch=branch_id).order_by("-id").first()
        seat = Sitting.objects.filter(branch=branch_id).order_by("-changed_at").first()
        spoken = Announcement.objects.filter(ticket__branch=branch_id).order_by("-id").first()
        owed = announced.overdue(Branch.objects.get(pk=branch_id), timezone.now())
        voice = f"{spoken and spoken.pk}-{owed}"
        notices = max(map(str, notice_marks()), default="")
        newest = f"{step and step.pk}-{seat and seat.changed_at}-{voice}-{notices}"
        return dict.fromkeys(keys, f'<i data-rev="{newest}"></i>')


class CounterSource(Source):
    """A screen that stands at one counter: the subject begins with the counter's id."""

    def concerns(self, key: Key, change: Change, /) -> bool:
        """What happens at this counter, and what changes the place."""
        pk = int(key.subject.partition("/")[0])
        return change.event == Event.PLACE_CHANGED or change.touches("counter", pk)


class Display(CounterSource):
    """A counter's own small display: ``/live/display/<branch>/<number>/``."""

    def changed_by(self) -> Collection[Event]:
        """Who sits here, and whom they serve."""
        return LINE - {Event.TICKET_ISSUED}

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        number = typed.number(path[1], most=typed.SMALL) if len(path) == 2 else None
        if number is None:
            return None
        found = Counter.objects.filter(branch__slug=path[0], number=number, is_active=True)
        row = found.values_list("branch_id", "pk").first()
        return None if row is None else (row[0], str(row[1]))

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """All the counters asked for, in a fixed number of queries."""
        asked = Counter.objects.filter(branch=branch_id, pk__in={key.subject for key in keys})
        states = display_screen.displays(asked)
        return {
            key: fragment("queueing/display/page.html#live", key, display=states[int(key.subject)])
            for key in keys
            if int(key.subject) in states
        }


class TicketPage(Source):
    """A visitor's own page: ``/live/ticket/<token>/``."""

    def __init__(self) -> None:
        # Who was in line at each branch when its pages were rendered last.
        self._in_line: dict[int, Collection[int]] = {}

    def changed_by(self) -> Collection[Event]:
        """The ticket, its place in line, and what other apps add to its page."""
        return LINE.union(*(part.changed_by for part in ticket_screen.PARTS))

    def concerns(self, key: Key, change: Change, /) -> bool:
        """The ticket itself; and every move in the line, while it stands there: its place may
        change, and how long that takes."""
        pk = int(key.subject)
        if change.event in LINE and pk in self._in_line.get(key.branch_id, ()):
            return True
        if change.event == Event.COUNTER_CHANGED:  # changes estimates alone
            return False
        return change.event == Event.PLACE_CHANGED or change.touches("ticket", pk)

    def resolve(self, path: list[str]) -> tuple[int, str] | None:
        token = typed.token(path[0]) if len(path) == 1 else None
        if token is None:
            return None
        row = Ticket.objects.filter(token=token).values_list("branch_id", "pk").first()
        return None if row is None else (row[0], str(row[1]))

    def render(self, branch_id: int, keys: list[Key]) -> Mapping[Key, str]:
        """All the tickets asked for: the line is read once for all of them."""
        asked = Ticket.objects.filter(pk__in={key.subject for key in keys})
        found = ticket_screen.pages(branch_id, asked)
        self._in_line[branch_id] = found.in_line
        states = {str(state.ticket.pk): state for state in found.states}
        tickets = [state.ticket for state in found.states]
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
