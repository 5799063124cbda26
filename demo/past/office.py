"""The office that answers a branch's matters: its working days, its people, and how it goes on."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Collection, Sequence
from typing import Final

from complaints import owed, owners
from complaints.models import Kind
from demo.past.story import Story
from hall import calendar, clocks
from hall.models import Branch
from staff.models import Member

MORNING, EVENING = 9.1, 17.6  # hours between which matters are handled
AHEAD: Final = dt.timedelta(days=60)  # enough for every due date
HOUR: Final = dt.timedelta(hours=1)
Act = Callable[[dt.datetime], None]

ASKS: Final = (
    "请问现在处理到哪一步了？",
    "补充一下，当时大约是上午十点多。",
    "谢谢，等你们的答复。",
)
WAITED_FOR: Final = (Kind.COMPLAINT, Kind.HELP)
NOTES: Final = ("已调看当时监控。", "已向当事窗口了解情况。", "已与相关科室沟通，待书面说明。")
GIVEN: Final = ("请现场核实情况。", "涉及现场管理，请主管处理。")
CONTACTS: Final = (
    "已电话联系来访人，致歉并了解情况。",
    "来访人在大厅，已当面沟通。",
    "来访人未留联系方式，已在进度页面留言。",
)
PUT_OFF: Final = "您反映的情况需要向外单位核实，答复时间延后，敬请谅解。"
# Working days until the reply, and how often; the fifth is the last in time.
REPLIES: Final = ((1, 2, 3, 4, 5, 6, 8), (24, 30, 24, 13, 4, 3, 2))


class Office:
    """Working days of a branch, and who handles its matters, between two days and a while on."""

    def __init__(self, branch: Branch, first: dt.date, until: dt.datetime) -> None:
        self.branch = branch
        self.until = until
        # The demo's hall has not changed a rule since it opened.
        self.answer_days = owed.ANSWER_DAYS.at(branch, until)
        self.contact_days = owed.CONTACT_DAYS.at(branch, until)
        self.days_more = owed.EXTENSION_DAYS.at(branch, until)
        self.today = calendar.local_day(branch, until)
        self.week = calendar.work_week(branch)
        self.days = list(calendar.open_days(branch, first, self.today + AHEAD))
        self.services = dict(branch.offerings.values_list("service__slug", "service"))
        self.departments: dict[int | None, int | None] = dict(
            branch.offerings.values_list("service", "department")
        )
        handlers = list(owners.handlers(branch).order_by("staff_number"))
        self.handlers = {member.pk for member in handlers}
        self.supervisor = _supervisor(handlers, branch)
        self._chosen: dict[object, int | None] = {}

    def add(self, day: dt.date, count: int) -> dt.date:
        """When something is due that has so many working days from a day on."""
        return clocks.due_day(self.week, day, count)

    def owner(self, day: dt.date, about: Collection[int]) -> int | None:
        """As ``owners.choose`` while nobody has any matter."""
        excluded = frozenset(self.handlers.intersection(about))
        if (day, excluded) not in self._chosen:
            chosen = owners.choose(self.branch, day, excluded)
            self._chosen[day, excluded] = chosen.pk if chosen else None
        return self._chosen[day, excluded]

    def later(self, rng: random.Random, after: dt.datetime, days: int) -> dt.datetime:
        """A moment at work so many working days later; for none today, if there is time."""
        day = calendar.local_day(self.branch, after)
        if days == 0 and day in self.days:
            moment = after + HOUR * rng.uniform(0.1, 3)
            if moment < self._at(day, EVENING) and moment > self._at(day, MORNING):
                return moment
        return self._at(self.add(day, max(days, 1)), rng.uniform(MORNING, EVENING))

    def handle(self, rng: random.Random, story: Story, reply: str) -> None:
        """An ordinary matter, as far as it has come by now."""
        taken = self.later(rng, story.received_at, rng.choice((0, 0, 0, 1)))
        answered = self._answered(rng, story, taken)
        plan: list[tuple[dt.datetime, Act]] = [(taken, story.take)]
        plan += self._between(rng, story, taken, answered)
        plan += self._end(rng, story, answered, reply)
        self.go(plan)

    def handle_case(self, rng: random.Random, story: Story, reply: str | None) -> None:
        """What a bad rating opened: the visitor is contacted first. No reply: not until now."""
        taken = self.later(rng, story.received_at, rng.choice((0, 0, 1)))
        contacted = self.later(rng, taken, 0 if rng.random() < 0.9 else 2)
        answered = self._answered(rng, story, contacted)
        text = rng.choice(CONTACTS)
        plan: list[tuple[dt.datetime, Act]] = [(taken, story.take)]
        plan.append((contacted, lambda at: story.contact(at, text)))
        if reply is not None:
            plan += self._end(rng, story, answered, reply)
        self.go(plan)

    def leave_unanswered(self, rng: random.Random, story: Story) -> None:
        """A matter that was taken, and then nothing came of it."""
        taken = self.later(rng, story.received_at, 0)
        note = self.later(rng, taken, 1)
        self.go([(taken, story.take), (note, lambda at: story.note(at, NOTES[2]))])

    def put_off(self, rng: random.Random, story: Story) -> None:
        """A matter whose answer takes longer."""
        taken = self.later(rng, story.received_at, 0)
        later = self.later(rng, taken, 2)
        due_on = self.add(story.due_on, self.days_more)
        self.go([(taken, story.take), (later, lambda at: story.extend(at, PUT_OFF, due_on))])

    def go(self, plan: Sequence[tuple[dt.datetime, Act]]) -> None:
        """What of a plan has been done by now."""
        for at, act in sorted(plan, key=lambda step: step[0]):
            if at < self.until:
                act(at)

    def _answered(self, rng: random.Random, story: Story, after: dt.datetime) -> dt.datetime:
        (days,) = rng.choices(*REPLIES)
        return max(self.later(rng, story.received_at, days), after + HOUR / 4)

    def _between(
        self, rng: random.Random, story: Story, taken: dt.datetime, answered: dt.datetime
    ) -> list[tuple[dt.datetime, Act]]:
        """What happens while the visitor waits for the answer."""
        note, given, asks = rng.choice(NOTES), rng.choice(GIVEN), rng.choice(ASKS)
        moments = sorted(taken + (answered - taken) * rng.uniform(0.1, 0.9) for _each in range(2))
        plan: list[tuple[dt.datetime, Act]] = []
        if rng.random() < 0.3:
            plan.append((moments[0], lambda at: story.note(at, note)))
        if rng.random() < 0.2 and story.fields["kind"] in WAITED_FOR:
            plan.append((moments[1], lambda at: story.add_words(at, asks)))
        if rng.random() < 0.25 and self.supervisor and self.supervisor != story.owner:
            other = self.supervisor
            plan.append((taken + HOUR / 6, lambda at: story.assign(at, other, given)))
        return plan

    def _end(
        self, rng: random.Random, story: Story, answered: dt.datetime, reply: str
    ) -> list[tuple[dt.datetime, Act]]:
        closed = answered if rng.random() < 0.75 else self.later(rng, answered, rng.choice((1, 2)))
        return [(answered, lambda at: story.reply(at, reply)), (closed, story.close)]

    def _at(self, day: dt.date, hours: float) -> dt.datetime:
        seconds = int(hours * 3600)
        return calendar.day_bounds(self.branch, day)[0] + dt.timedelta(seconds=seconds)


def _supervisor(handlers: Sequence[Member], branch: Branch) -> int | None:
    own = [member.pk for member in handlers if member.branch_id == branch.pk]
    return own[0] if own else None
