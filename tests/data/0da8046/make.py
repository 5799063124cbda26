"""Makes the database of commit 0da8046 that lies beside it, and what that commit's code says of it.

Runs on that commit's code, in a checkout of it, with its requirements installed:

    git worktree add ../then 0da8046 && cd ../then
    python …/tests/data/0da8046/make.py

It loads the demo on a Wednesday morning, adds what the demo lacks, has the hall work until 10:40,
and leaves most of the past's tickets out, for size. It is kept as it ran: nothing here follows
what Hall renames later, so it is neither typed nor run with the tests.
"""

import datetime as dt
import json
import lzma
import os
import random
import secrets
import sqlite3
import sys
import tempfile
import uuid
from itertools import cycle
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = Path(tempfile.mkdtemp())
os.environ.update(HALL_DATA=str(DATA), HALL_SECRET_KEY="only-for-this", HALL_DEMO_PASSWORD="")
os.environ.update(DJANGO_SETTINGS_MODULE="hall.settings", DATABASE_URL="", REDIS_URL="")
sys.path[:0] = [str(Path.cwd()), str(HERE)]

import django  # noqa: E402

django.setup()

import facts  # noqa: E402
from django.contrib.auth.models import Group, Permission  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone, translation  # noqa: E402

from complaints import actions as box  # noqa: E402
from complaints import owners  # noqa: E402
from complaints.models import Matter  # noqa: E402
from hall import devices  # noqa: E402
from hall.calendar import Month  # noqa: E402
from hall.models import Branch, Device, Notice  # noqa: E402
from hall.refusal import Refused  # noqa: E402
from queueing import actions as queue  # noqa: E402
from queueing.models import Numbering, Sitting, Step, Ticket  # noqa: E402
from ratings import actions as rate  # noqa: E402
from ratings.models import Rating, Remark, Summary  # noqa: E402
from staff import actions as staff  # noqa: E402
from staff.models import Duty, Member  # noqa: E402

NOW = facts.NOW
TODAY = dt.date(2026, 11, 25)
KEPT_SINCE = dt.date(2026, 11, 16)
MATTERS_SINCE = dt.date(2026, 10, 26)
DUTY_SINCE, DUTY_UNTIL = dt.date(2026, 11, 16), dt.date(2026, 12, 4)
MINUTE = dt.timedelta(minutes=1)
chance = random.Random("0da8046")
clock = NOW - 100 * MINUTE  # nine o'clock
timezone.now = lambda: clock


def main():
    call_command("migrate", verbosity=0)
    call_command("demo")
    with translation.override("zh-hans"):
        change_people()
        change_rules()
        pair_devices()
        yesterday_left_open()
        correct_a_summary()
        work_until_now()
        handle_matters()
    leave_out_the_past()
    (HERE / "database.sql.xz").write_bytes(lzma.compress(dumped(), preset=9 | lzma.PRESET_EXTREME))
    cache.clear()
    with translation.override("en"):
        told = {name: facts.plain(ask()) for name, ask in facts.FACTS.items()}
    lines = ",\n".join(f"{json.dumps(name)}: {in_lines(each)}" for name, each in told.items())
    (HERE / "facts.json").write_text(f"{{\n{lines}\n}}\n")


def in_lines(value):
    """One line for each entry, so that a difference can be read."""
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    entries = (f" {json.dumps(key)}: {in_lines(each)}" for key, each in value.items())
    return "{\n" + ",\n".join(entries) + "\n}" if value else "{}"


def at(minutes):
    """A moment of this morning, so many minutes after nine; the clock is set to it."""
    global clock
    clock = NOW + (minutes - 100) * MINUTE
    return clock


def member(number):
    return Member.objects.get(staff_number=number)


def branch(slug):
    return Branch.objects.get(slug=slug)


def right(name):
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


# --- what an administrator did ---


def change_people():
    role = {group.name: group for group in Group.objects.all()}
    role["supervisor"].permissions.remove(right("hall.pair_device"))
    role["administrator"].permissions.remove(
        right("hall.pair_device"), right("hall.delete_counter"), right("staff.add_member")
    )
    role["clerk"].permissions.add(right("queueing.issue_for_visitors"))
    role["guide"].permissions.clear()
    role["inspector"].delete()  # whoever had it has no role now
    reader = Group.objects.create(name="reads summaries")  # a role of the hall's own
    reader.permissions.add(right("ratings.read_summaries"), right("hall.view_branch"))
    member("N1043").groups.add(role["complaint-handler"])
    member("N1003").groups.add(reader)
    member("N2006").groups.clear()
    member("N2006").groups.add(role["supervisor"], role["administrator"])
    member("N1042").user_permissions.add(right("queueing.issue_for_visitors"))
    member("N1010").user_permissions.add(right("complaints.handle_matters"))
    member("N3006").user_permissions.add(right("hall.pair_device"))
    member("N4003").groups.clear()
    Member.objects.filter(staff_number="N1039").update(is_active=False)
    names = {"name_zh_hans": "最高管理员", "name_en": "The one who may do everything"}
    Member.objects.create_superuser("R0001", "only-R0001-knows", **names)
    visiting = Member.objects.create_user(
        "V0001", "only-V0001-knows", name_zh_hans="无处之人", name_en="Somebody of no branch"
    )
    visiting.groups.add(role["clerk"], role["supervisor"])
    Member.objects.create_user(
        "V0002", name_zh_hans="无职", name_en="Of no role", branch=branch("xili")
    )


def change_rules():
    Branch.objects.filter(slug="oct").update(
        return_after=1,
        requeue_limit=4,
        assisted_head_start=22,
        express_head_start=7,
        rating_days=9,
        pad_seconds=45,
        answer_days=3,
        contact_days=2,
        extension_days=6,
        alarm_wait_minutes=20,
        alarm_line_length=4,
        alarm_service_minutes=12,
        alarm_idle_minutes=6,
    )
    Branch.objects.filter(slug="xili").update(
        requeue_limit=0, assisted_head_start=0, pad_seconds=15
    )
    place = branch("shekou")
    place.offerings.filter(service__slug="work-accident").update(daily_limit=3, is_open=False)
    Notice.objects.create(
        branch=place, text_zh_hans="今日下午停电检修", text_en="No power this afternoon"
    )


def pair_devices():
    by, place = member("N3006"), branch("nanshan")
    Member.objects.filter(pk=by.pk).update(branch=None)  # as somebody of no branch would
    by.refresh_from_db()
    counters = {counter.number: counter for counter in place.counters.all()}
    at(1)
    pair("a kiosk", by, place, Device.Kind.KIOSK)
    pair("a board", by, branch("oct"), Device.Kind.BOARD)
    pair("a display", by, place, Device.Kind.DISPLAY, counters[3])
    pair("an old pad", by, place, Device.Kind.PAD, counters[3])
    at(2)
    pair("a pad", by, place, Device.Kind.PAD, counters[3])  # which takes out the old one
    gone = pair("nobody", by, branch("xili"), Device.Kind.KIOSK)
    staff.revoke_screen(device=gone, by=by)
    at(99)
    begun("a newcomer")
    Member.objects.filter(pk=by.pk).update(branch=branch("shekou"))


def pair(name, by, place, kind, counter=None):
    code = begun(name).code
    return staff.pair_screen(code=code, branch=place, kind=kind, counter=counter, by=by)


def begun(name):
    """A device whose cookie holds a secret that the test knows."""
    given, secrets.token_urlsafe = secrets.token_urlsafe, lambda _size: f"the secret of {name}"
    device, secret = devices.begin()
    secrets.token_urlsafe = given
    assert secret == f"the secret of {name}"
    return device


# --- the past ---


def yesterday_left_open():
    global clock
    place = branch("shekou")
    offerings = list(place.offerings.filter(is_open=True))
    for minutes in (0, 7, 9):
        clock = NOW - dt.timedelta(hours=17) + minutes * MINUTE
        queue.issue(offering=offerings[minutes], now=clock)


def correct_a_summary():
    """Ratings of October that came to light later; the second version counts them."""
    global clock
    place, month = branch("nanshan"), Month(2026, 10)
    done = Ticket.objects.filter(branch=place, day=dt.date(2026, 10, 30), state="done")
    for ticket in done.filter(rating=None, closed_by_day_end=False).order_by("pk")[:7]:
        rate.rate(ticket=ticket, grade="satisfied", via="phone", now=ticket.state_since + MINUTE)
    clock = at(3)
    by = member("N1043")
    rate.summarise(
        branch=place, month=month, by=by, now=clock, correct=True, reason="补录十月三十日的七条评价"
    )
    assert Summary.objects.filter(branch=place, first_day=month.first).count() == 2


# --- the morning ---


def work_until_now():
    crews = {
        "nanshan": [
            (1, "N1001"),
            (3, "N1003"),
            (10, "N1010"),
            (15, "N1015"),
            (26, "N1026"),
            (34, "N1034"),
        ],
        "oct": [(1, "N2001"), (3, "N2003"), (5, "N2006")],
        "shekou": [(3, "N3001")],
        "xili": [(4, "N4001"), (5, "V0001")],
    }
    hands = [
        Hand(branch(slug), number, who) for slug, crew in crews.items() for number, who in crew
    ]
    for minute in range(4, 100):
        for slug, crew in crews.items():
            arrive(branch(slug), crew, at(minute + chance.random() / 2))
        for hand in hands:
            if chance.random() < 0.45:
                hand.act(at(minute + 0.5 + chance.random() / 2))
    queue.leave(by=free_hand(hands).who, now=at(99.6))


def free_hand(hands):
    return next(hand for hand in hands if queue.visitor_at(hand.seat.counter) is None)


def arrive(place, crew, now):
    """Visitors, more than the counters can serve; some for what no counter is open for."""
    often = (45, 40, 15) if len(crew) > 3 else (80, 16, 4)
    for _each in range(chance.choices((0, 1, 2), often)[0]):
        offering = chance.choice(list(place.offerings.filter(is_open=True)))
        if chance.random() < 0.8:
            served = place.counters.filter(number__in=[number for number, _who in crew])
            offering = chance.choice(list(place.offerings.filter(service__counters__in=served)))
        lane = chance.choices(("ordinary", "assisted", "express"), (80, 12, 8))[0]
        by = chance.choice((None, None, None, member("N1042")))
        language = chance.choice(("zh-hans", "zh-hant", "en"))
        identity = uuid.UUID(int=chance.getrandbits(128), version=4)
        ticket = queue.issue(
            offering=offering, lane=lane, by=by, language=language, request_id=identity, now=now
        )
        if chance.random() < 0.04:
            queue.cancel(ticket=ticket, by=by, now=now)


class Hand:
    """Somebody at a counter, who does what comes."""

    def __init__(self, place, number, who):
        self.who = member(who)
        counter = place.counters.get(number=number)
        self.seat = queue.sit_down(counter=counter, by=self.who, now=at(3.5))
        self.grades = cycle(
            ("satisfied", "basically", "dissatisfied", None, "satisfied", None, None)
        )

    def act(self, now):
        visitor = queue.visitor_at(self.seat.counter)
        try:
            if visitor is None:
                self.free(now)
            elif visitor.state == "called":
                self.called(visitor, now)
            else:
                self.serving(visitor, now)
        except Refused:
            pass

    def free(self, now):
        today = Ticket.objects.of_day(self.seat.branch, TODAY)
        held = today.filter(state="held", counter=self.seat.counter).first()
        missed = today.filter(state="no_show", counter=self.seat.counter).first()
        if held and chance.random() < 0.4:
            queue.resume(ticket=held, sitting=self.seat, by=self.who, now=now)
        elif missed and chance.random() < 0.3:
            queue.requeue(ticket=missed, by=chance.choice((None, self.who)), now=now)
        elif chance.random() < 0.1:
            services = self.seat.counter.services.all()
            last = today.filter(state="waiting", service__in=services).order_by("-pk").first()
            if last:  # out of turn
                queue.call(ticket=last, sitting=self.seat, by=self.who, now=now)
        else:
            queue.call_next(sitting=self.seat, by=self.who, now=now)

    def called(self, visitor, now):
        act = chance.choices(
            (queue.start, queue.recall, queue.no_show, queue.return_to_line), (70, 12, 12, 6)
        )[0]
        act(ticket=visitor, by=self.who, now=now)

    def serving(self, visitor, now):
        drawn = chance.random()
        if drawn < 0.12:
            queue.hold(ticket=visitor, by=self.who, reason="复印材料", now=now)
        elif drawn < 0.2:
            other = self.seat.branch.offerings.filter(is_open=True).exclude(service=visitor.service)
            queue.transfer(
                ticket=visitor,
                offering=chance.choice(list(other)),
                by=self.who,
                reason="转办",
                now=now,
            )
        elif drawn < 0.6:
            visit = queue.finish(ticket=visitor, by=self.who, now=now)
            if chance.random() < 0.08:
                visit = queue.reopen(ticket=visit, by=self.who, now=now)
            else:
                self.rated(visit, now + MINUTE / 6)

    def rated(self, visit, now):
        grade = next(self.grades)
        if grade is None:
            return
        pad = Device.objects.filter(kind="pad", counter=self.seat.counter, revoked_at=None).first()
        via = "pad" if pad else "phone"
        given = rate.rate(ticket=visit, grade=grade, via=via, device=pad, now=now)
        if grade == "dissatisfied":
            rate.explain(
                rating=given, reasons=["waited", "slow"], comment="等了很久", now=now + MINUTE / 9
            )


# --- what must be answered ---


def handle_matters():
    by, oct_leader = member("N1043"), member("N2006")
    place, station = branch("nanshan"), branch("oct")
    now = at(99.7)
    closed = Matter.objects.filter(
        branch=place, state="closed", source="box", day__gte=MATTERS_SINCE
    )
    again, once_more, words = closed.exclude(about=by).order_by("-pk")[:3]
    box.reopen(matter=again, reason="来访人不满意答复", by=by, now=now)
    box.reopen(matter=once_more, reason="材料有误", by=by, now=now)
    box.reply(matter=once_more, text="已更正，致歉。", by=by, and_close=True, now=now)
    box.add_words(matter=words, text="还想问一下。", now=now)
    theirs = {"name": "张先生", "contact": "0755-0000 9999", "language": "zh-hant", "now": now}
    here = {"branch": station, "kind": "complaint"}
    put_off = box.receive(**here, text="空调太冷。", **theirs)
    box.take(matter=put_off, by=oct_leader, now=now)
    box.extend(matter=put_off, reason="须请物业查看", by=oct_leader, now=now)
    counter = station.counters.get(number=5)
    box.receive(
        **here, text="窗口态度不好。", counter=counter, now=now, contact="visitor@example.org"
    )
    everybody = list(owners.handlers(station))
    box.receive(**here, text="谁来处理？", about=everybody, now=now)  # nobody may own it
    bad = Matter.objects.filter(branch=station, source="rating", day=TODAY).first()
    box.contact(matter=bad, by=bad.owner, text="已致电。", now=now)
    leaves = box.receive(branch=place, kind="help", text="请帮我找丢失的伞。", **theirs)
    box.assign(matter=leaves, owner=member("N1010"), by=by, reason="请跟进", now=now)
    box.note(matter=leaves, text="监控已调取。", by=member("N1010"), now=now)
    late = Matter.objects.filter(branch=place, kind="suggestion", state="in_hand").first()
    Matter.objects.filter(pk=late.pk).update(owner=member("N1039"))  # who works here no more


# --- for size ---


def leave_out_the_past():
    """Tickets before the last days go, but for those of a matter or of the summary's ratings."""
    old = Matter.objects.filter(day__lt=MATTERS_SINCE, state="closed")
    Rating.objects.filter(matter__in=old).update(matter=None)
    old.delete()
    kept = set(Matter.objects.exclude(ticket=None).values_list("ticket", flat=True))
    gone = Ticket.objects.filter(day__lt=KEPT_SINCE).exclude(pk__in=kept)
    Remark.objects.filter(rating__ticket__in=gone).delete()
    Rating.objects.filter(ticket__in=gone).delete()
    for model in (Step, Ticket):
        rows = model.objects.filter(
            **{"ticket__in" if model is Step else "pk__in": gone.values("pk")}
        )
        rows._raw_delete(rows.db)
    Numbering.objects.filter(day__lt=KEPT_SINCE).delete()
    Sitting.objects.filter(
        started_at__lt=dt.datetime.combine(KEPT_SINCE, dt.time(), dt.UTC)
    ).delete()
    Duty.objects.exclude(day__range=(DUTY_SINCE, DUTY_UNTIL)).delete()


def dumped():
    """The database as SQL text."""
    connection.close()
    source = sqlite3.connect(DATA / "hall.sqlite3")
    text = "\n".join(source.iterdump())
    assert str(DATA) not in text
    return text.encode()


if __name__ == "__main__":
    main()
