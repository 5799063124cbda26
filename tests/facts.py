"""What a hall's database says, asked through Hall's own code: one function for each kind of fact.

``tests/data/0da8046/facts.json`` holds the same facts as the code of that commit told them.
Whoever moves or renames something adapts the function here, never the file. Rows are named by what
people call them (address, staff number, code and day, reference number), never by an id.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import json
import re
import sys
import zipfile
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest
from django.utils import translation

from complaints import actions as box
from complaints import owed, owners
from complaints.figures import day as matters_day
from complaints.models import Entry, Matter
from complaints.screens import desk as handlers_desk
from hall import calendar, devices
from hall import rules as hall_rules
from hall.calendar import Month
from hall.formats import as_clock
from hall.models import Branch, Counter, Device, Notice, Offering, ServiceGuide, SpecialDay
from hall.refusal import Refused
from queueing import actions as queue
from queueing import dispatch
from queueing.figures import clerk_day, counter_plan, waits
from queueing.figures import day as whole_day
from queueing.figures.spread import Spread
from queueing.models import Numbering, Sitting, Step, Ticket
from queueing.opening import OUTSIDE_HOURS
from queueing.screens import board as lobby
from queueing.screens import counter as desk_screen
from ratings import rateable
from ratings.figures import day as ratings_day
from ratings.figures import summary_rows
from ratings.models import Rating, Row, Summary
from ratings.screens import summary as summary_screen
from ratings.screens import summary_files
from staff import access, alarms, duty
from staff.look import Look
from staff.models import Duty, Grant, Member
from staff.rights import Right

NOW: Final = dt.datetime(2026, 11, 25, 2, 40, tzinfo=dt.UTC)  # 10:40 on a Wednesday in Shenzhen
A_DAY: Final = dt.timedelta(days=1)
FACTS: Final[dict[str, Callable[[], Any]]] = {}
# What a page or an action of 0da8046 asked for, and what its administration did.
RIGHTS: Final = (
    "queueing.serve_visitors queueing.issue_for_visitors queueing.watch_hall staff.plan_duty "
    "complaints.handle_matters ratings.read_summaries hall.pair_device hall.view_branch "
    "hall.change_branch hall.change_service hall.delete_counter hall.view_guide hall.change_guide "
    "hall.view_notice hall.add_notice hall.change_notice hall.delete_notice hall.add_specialday "
    "staff.view_member staff.add_member staff.change_member staff.delete_member"
).split()
# Rights that go by another name since.
NOW_CALLED: Final = {
    "hall.view_guide": "hall.view_serviceguide",
    "hall.change_guide": "hall.change_serviceguide",
}
RULES: Final = (
    "return_after requeue_limit assisted_head_start express_head_start rating_days pad_seconds "
    "answer_days contact_days extension_days alarm_wait_minutes alarm_line_length "
    "alarm_service_minutes alarm_idle_minutes"
).split()
LANES: Final = ("ordinary", "appointment", "assisted", "express")
DEVICES: Final = ("a kiosk", "a board", "a display", "a pad", "an old pad", "a newcomer", "nobody")
COUNTED: Final = (
    "issued done no_show cancelled abandoned closed_by_day_end waits wait_median wait_p90 services "
    "service_median service_p90 satisfied basically dissatisfied unrated received answered_in_time "
    "answered_late overdue open"
).split()


def fact(function: Callable[[], Any]) -> Callable[[], Any]:
    """One kind of fact, under the function's name."""
    FACTS[function.__name__] = function
    return function


def tell(*names: str) -> None:
    """Print the facts of these names, or all of them, as JSON."""
    # The migration that made them dates them as of today; what is told here is of that morning.
    Grant.objects.filter(starts_at__gt=NOW).update(starts_at=NOW - dt.timedelta(days=365))
    with translation.override("en"):
        told = {name: plain(FACTS[name]()) for name in names or FACTS}
    json.dump(told, sys.stdout, ensure_ascii=False)


def plain(value: Any) -> Any:
    """A value as JSON has it: moments in UTC, lengths as h:mm:ss."""
    match value:
        case dict():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat()
        case dt.date() | dt.time():
            return value.isoformat()
        case dt.timedelta():
            return str(value)
        case None | bool() | int() | float():
            return value
    return str(value)


def digest(value: Any) -> str:
    """A short mark of something long."""
    return hashlib.sha256(json.dumps(plain(value)).encode()).hexdigest()[:16]


def number_of(member: Member | None) -> str | None:
    return member.staff_number if member else None


def code_of(ticket: Ticket | None) -> str | None:
    return f"{ticket.code} {ticket.day}" if ticket else None


def place_of(counter: Counter | None) -> str | None:
    return f"{counter.branch.slug} {counter.number}" if counter else None


def branches() -> list[Branch]:
    return list(Branch.objects.order_by("slug"))


def members() -> list[Member]:
    return list(Member.objects.select_related("branch", "department").order_by("staff_number"))


def today_at(branch: Branch) -> dt.date:
    return calendar.local_day(branch, NOW)


def days_of(branch: Branch) -> list[dt.date]:
    """Days on which the branch issued anything."""
    days = Ticket.objects.filter(branch=branch).order_by("day").values_list("day", flat=True)
    return list(days.distinct())


# --- who works here, and what they may do ---


def may(member: Member, right: str) -> bool:
    """Whether the member has a right."""
    return access.may(member, right)


def may_everything(member: Member) -> bool:
    """What a superuser could; since there is none any more, it is granted."""
    return all(may(member, right) for right in RIGHTS)


@fact
def rights() -> Any:
    """What each member may do."""
    return {
        each.staff_number: [right for right in RIGHTS if may(each, NOW_CALLED.get(right, right))]
        for each in members()
    }


@fact
def who_may() -> Any:
    """Who may handle matters, lead and guide, at each branch."""
    return {
        branch.slug: {
            "handle": numbers_of(owners.handlers(branch)),
            "lead": numbers_of(duty.candidates(branch, Duty.Role.LEADER)),
            "guide": numbers_of(duty.candidates(branch, Duty.Role.GUIDE)),
        }
        for branch in branches()
    }


def numbers_of(found: Iterable[Member]) -> list[str]:
    return sorted(member.staff_number for member in found)


def by_number(found: Iterable[Member]) -> list[Member]:
    return sorted(found, key=lambda member: member.staff_number)


@fact
def people() -> Any:
    """Members as they are on file; who has a password can still use it."""
    return {
        each.staff_number: [
            [each.name_zh_hans, each.name_zh_hant, each.name_en],
            [each.title_zh_hans, each.title_zh_hant, each.title_en],
            each.branch.slug if each.branch else None,
            each.department.name_zh_hans if each.department else None,
            [each.is_active, each.is_staff, may_everything(each), each.photo.name],
            each.has_usable_password() and each.check_password(f"only-{each.staff_number}-knows"),
        ]
        for each in members()
    }


@fact
def roster() -> Any:
    """Who is on duty."""
    rows = Duty.objects.select_related("branch", "member", "changed_by")
    return sorted(
        [each.branch.slug, str(each.day), each.role, each.member.staff_number, by_whom(each)]
        for each in rows
    )


def by_whom(row: Duty) -> str:
    return number_of(row.changed_by) or ""


# --- the place ---


@fact
def place() -> Any:
    """Branches with their hours, counters, services and special days."""
    return {branch.slug: place_at(branch) for branch in branches()}


def place_at(branch: Branch) -> Any:
    offerings = Offering.objects.filter(branch=branch).select_related("service", "department")
    special = SpecialDay.objects.filter(branch=branch) | SpecialDay.objects.filter(branch=None)
    return {
        "names": [branch.name_zh_hans, branch.name_zh_hant, branch.name_en, branch.kind],
        "open": [branch.is_active, OUTSIDE_HOURS.at(branch, NOW), branch.timezone],
        "where": [branch.phone, branch.address_en, branch.guide_desk_zh_hans],
        "hours": [
            [each.weekday, each.opens, each.closes]
            for each in branch.opening_hours.order_by("weekday", "opens")
        ],
        "special": digest(sorted([str(day.date), day.is_working, day.reason] for day in special)),
        "counters": {
            each.number: [
                each.is_active,
                each.zone.name_zh_hans if each.zone else None,
                " ".join(sorted(each.services.values_list("slug", flat=True))),
            ]
            for each in branch.counters.select_related("zone").order_by("number")
        },
        "services": {
            each.service.slug: [
                each.prefix,
                each.is_open,
                each.typical_minutes,
                each.daily_limit,
                each.department.name_zh_hans if each.department else None,
            ]
            for each in offerings
        },
    }


@fact
def texts() -> Any:
    """The service guides, and the notices of this moment."""
    guides = ServiceGuide.objects.select_related("service").order_by("service__slug", "language")
    fields = [
        field.name
        for field in ServiceGuide._meta.concrete_fields
        if field.get_internal_type() == "TextField"
    ]
    said = [
        [each.service.slug, each.language, *(getattr(each, name) for name in sorted(fields))]
        for each in guides
    ]
    shown = {
        branch.slug: [each.text_zh_hans for each in Notice.objects.shown_at(branch, NOW)]
        for branch in branches()
    }
    return {"guides": [len(said), digest(said)], "notices": shown}


@fact
def rules() -> Any:
    """The rules in effect at each branch."""
    return {branch.slug: rules_at(branch) for branch in branches()}


def rules_at(branch: Branch) -> Any:
    declared = {name.partition(".")[2]: rule for name, rule in hall_rules.declared().items()}
    told = {name: declared[name].at(branch, NOW) for name in RULES}
    starts = {f"head start, {lane}": dispatch.head_start(branch, lane, NOW) for lane in LANES}
    return told | starts


@fact
def pairings() -> Any:
    """Each device of the hall; the kept secret of its cookie still opens its place."""
    kept = [f"the secret of {name}" for name in DEVICES]
    return dict(zip(DEVICES, map(pairing, kept), strict=True))


def pairing(secret: str) -> Any:
    request = HttpRequest()
    request.COOKIES[devices.COOKIE] = secret
    device = devices.known(request)
    if device is None:
        return None
    accepted = devices.of_request(request)
    return {
        "kind": device.kind,
        "branch": device.branch.slug if device.branch else None,
        "counter": place_of(device.counter),
        "paired_at": device.paired_at,
        "revoked_at": device.revoked_at,
        "code": device.code,
        "leads to": devices.place_of(accepted) if accepted else None,
        "in all": Device.objects.count(),
    }


# --- the line ---


@fact
def day_figures() -> Any:
    """Each branch's days in figures."""
    return {
        branch.slug: {day: figures_on(branch, day) for day in days_of(branch)}
        for branch in branches()
    }


def figures_on(branch: Branch, day: dt.date) -> Any:
    found = whole_day.day_figures(branch, day)
    tally = {state: count for state, count in found.by_state.items() if count}
    return [found.issued, tally, spread(found.waits), spread(found.services)]


def spread(lengths: Spread) -> list[object]:
    return [lengths.count, lengths.median, lengths.p90]


@fact
def own_days() -> Any:
    """What each member did today, and on the two days before."""
    told: dict[str, Any] = defaultdict(dict)
    for branch in branches():
        seats = Sitting.objects.filter(branch=branch, started_at__gt=NOW - 3 * A_DAY)
        for member in by_number({seat.member for seat in seats.select_related("member")}):
            for now in (NOW, NOW - A_DAY, NOW - 2 * A_DAY):
                own = clerk_day.clerk_day(member.pk, branch, now)
                told[f"{branch.slug} {member.staff_number}"][
                    calendar.local_day(branch, now).isoformat()
                ] = [own.served, own.no_shows, own.median_service]
    return told


@fact
def lines() -> Any:
    """The lines of this moment, and the place of everybody in them."""
    return {branch.slug: lines_at(branch) for branch in branches()}


def lines_at(branch: Branch) -> Any:
    state = waits.queues(branch, NOW)
    codes = {each.pk: each.code for each in dispatch.line(branch, today_at(branch))}
    return {
        "lines": {
            line.offering.service.slug: [
                line.waiting,
                line.longest_since,
                line.counters,
                line.wait.low,
                line.wait.high,
            ]
            for line in state.lines
            if line.matters
        },
        "places": [
            [codes[pk], place.ahead, place.wait.low, place.wait.high]
            for pk, place in state.places.items()
        ],
        "order": list(codes.values()),
    }


@fact
def boards() -> Any:
    """What each branch's board shows at this moment."""
    return {branch.slug: board_at(branch) for branch in branches()}


def board_at(branch: Branch) -> Any:
    state = lobby.board(branch, NOW)
    return {
        "calls": [call_of(each) for each in state.calls],
        "earlier": [call_of(each) for each in state.earlier],
        "leader": number_of(state.leader),
        "notices": [each.text_zh_hans for each in state.notices],
    }


def call_of(call: lobby.Call) -> list[object]:
    zone = call.zone.name_zh_hans if call.zone else None
    return [call.id, call.counter, zone, call.at, call.is_current, call.is_answered]


@fact
def desks() -> Any:
    """What stands before each member who sits at a counter."""
    seats = Sitting.objects.unended().select_related("branch", "counter__branch", "member")
    ordered = seats.order_by("branch__slug", "counter__number")
    return {
        f"{place_of(seat.counter)}, {number_of(seat.member)}": desk_at(seat) for seat in ordered
    }


def desk_at(seat: Sitting) -> Any:
    desk = desk_screen.desk(seat, now=NOW)
    return {
        "since": seat.started_at,
        "visitor": [code_of(desk.visitor), desk.state, as_clock(desk.elapsed), desk.waited],
        "steps": [[step.move, step.at, number_of(step.member), step.reason] for step in desk.steps],
        "line": [each.code for each in desk.line],
        "in line": desk.line_length,
        "held": [
            [each.ticket.code for each in aside] for aside in (desk.held, desk.held_elsewhere)
        ],
        "missed": [each.code for each in desk.missed],
        "last": code_of(desk.last_done),
    }


@fact
def floors() -> Any:
    """The counters as the supervisor sees them, what was left open, and how loud the alarms are."""
    watcher = Member.objects.get(staff_number="N1048")
    now = counter_plan.at(branches(), NOW)
    found = alarms.collect(Look(branches(), watcher, NOW))
    return {
        branch.slug: {
            "counters": {
                each.counter.number: [each.state, each.since, each.too_long]
                for each in now[branch.pk].counters
            },
            "left open": [[each.day, each.count, each.since] for each in now[branch.pk].left_open],
            "longest": now[branch.pk].longest,
            "alarms": dict(Tally(each.severity.value for each in found[branch.pk])),
        }
        for branch in branches()
    }


@fact
def time_lines() -> Any:
    """Every ticket with its time line, as a mark for each day; a mark for each of this day."""
    told: dict[str, Any] = {}
    for branch in branches():
        for day in days_of(branch):
            found = {each.code: ticket_told(each) for each in tickets_of(branch, day)}
            marks = {code: digest(each) for code, each in found.items()}
            is_today = day == today_at(branch)
            told[f"{branch.slug} {day}"] = marks if is_today else [len(found), digest(found)]
    return told


def tickets_of(branch: Branch, day: dt.date) -> Iterable[Ticket]:
    rows = Ticket.objects.of_day(branch, day).order_by("prefix", "number")
    return rows.select_related(
        "service", "counter__branch", "member", "issued_by"
    ).prefetch_related("steps__service", "steps__counter__branch", "steps__member")


def ticket_told(ticket: Ticket) -> Any:
    moments = [ticket.issued_at, ticket.rank_at, ticket.state_since]
    return [
        [ticket.code, ticket.token, ticket.service.slug, ticket.lane, ticket.language],
        [ticket.state, ticket.closed_by_day_end, ticket.call_count, ticket.requeue_count],
        [*moments, ticket.first_called_at, ticket.last_called_at],
        [place_of(ticket.counter), number_of(ticket.member), number_of(ticket.issued_by)],
        [step_told(step) for step in sorted(ticket.steps.all(), key=lambda step: step.pk)],
    ]


def step_told(step: Step) -> Any:
    where = [step.service.slug, place_of(step.counter), number_of(step.member)]
    return [step.move, step.at, step.to_state, *where, step.reason]


@fact
def last_numbers() -> Any:
    """The last number given today for each prefix: the next one is one more."""
    return {
        branch.slug: dict(
            Numbering.objects.filter(branch=branch, day=today_at(branch))
            .order_by("prefix")
            .values_list("prefix", "last")
        )
        for branch in branches()
    }


# --- what must be answered ---


def matters_all() -> list[Matter]:
    rows = Matter.objects.select_related(
        "branch", "ticket", "counter__branch", "service", "department", "owner"
    )
    return list(rows.order_by("reference"))


@fact
def due_dates() -> Any:
    """What is due in each matter, when, from whom, and whether it is late."""
    weeks = calendar.work_weeks([branch.pk for branch in branches()])
    return {each.reference: due_in(each, weeks[each.branch_id]) for each in matters_all()}


def due_in(matter: Matter, week: calendar.WorkWeek) -> Any:
    today = today_at(matter.branch)
    due = owed.due(matter, today, week, owed.YELLOW_DAYS.at(matter.branch, NOW))
    return {
        "due": [matter.due_on, matter.contact_due_on],
        "owner": number_of(matter.owner),
        "state": [matter.state, matter.state_since],
        "next": [due.day, due.left, due.is_contact, due.card] if due else None,
        "late": owed.is_owed(matter, today),
    }


@fact
def matters() -> Any:
    """Each matter as it was put in, with its moments and its time line."""
    return {each.reference: matter_told(each) for each in matters_all()}


def matter_told(matter: Matter) -> Any:
    entries = list(matter.entries.select_related("by", "owner").order_by("pk"))
    return {
        "what": [matter.token, matter.kind, matter.source, matter.language, digest(matter.text)],
        "from": [matter.name, matter.contact],
        "where": [
            matter.branch.slug,
            code_of(matter.ticket),
            place_of(matter.counter),
            matter.service.slug if matter.service else None,
            matter.department.name_zh_hans if matter.department else None,
        ],
        "about": sorted(matter.about.values_list("staff_number", flat=True)),
        "received": [matter.received_at, matter.day],
        "moments": [
            matter.extended_at,
            matter.contacted_at,
            matter.replied_at,
            matter.closed_at,
            matter.news_since,
        ],
        "time line": [" ".join(each.move for each in entries), digest(list(map(entry, entries)))],
    }


def entry(row: Entry) -> Any:
    who = [number_of(row.by), number_of(row.owner)]
    return [row.at, row.move, row.to_state, *who, row.due_on, row.is_public, row.text]


@fact
def handlers_days() -> Any:
    """What each who handles matters sees of them: the panel, and the tabs of the list."""
    handlers = [each for each in members() if may(each, "complaints.handle_matters")]
    return {each.staff_number: handlers_day(each) for each in handlers}


def handlers_day(member: Member) -> Any:
    seen = [branch for branch in branches() if access.may(member, Right.HANDLE, branch)]
    found = matters_day.matters_today(Look(seen, member, NOW))
    listing = handlers_desk.listing(member, handlers_desk.Wanted(), NOW)
    return {
        "panel": {branch.slug: panel_of(found[branch.pk]) for branch in seen},
        "tabs": {tab.name: tab.count for tab in listing.tabs},
        "list": [row.matter.reference for row in listing.rows],
    }


def panel_of(found: matters_day.MattersToday) -> Any:
    late = [found.overdue, found.overdue_since, found.contact_overdue]
    return [found.received, found.open, found.answered, found.unowned, *late]


# --- how well it went ---


@fact
def ratings() -> Any:
    """Ratings by branch, day and grade; those of this day in full."""
    rows = Rating.objects.select_related("branch", "ticket", "member", "matter", "device")
    tally = Tally(f"{each.branch.slug} {each.day} {each.grade}" for each in rows)
    today = [each for each in rows.order_by("given_at") if each.day == today_at(each.branch)]
    return {
        "by day": dict(sorted(tally.items())),
        "today": {
            f"{code_of(each.ticket)} {each.branch.slug}": rating_told(each) for each in today
        },
    }


def rating_told(rating: Rating) -> Any:
    return [
        [rating.grade, rating.via, rating.given_at],
        [number_of(rating.member), rating.matter.reference if rating.matter else None],
        [rating.device.kind if rating.device else None, rating.comment, rating.explained_at],
        sorted(rating.remarks.values_list("reason", flat=True)),
    ]


@fact
def ratings_seen() -> Any:
    """The ratings of the day, as each who watches the hall sees them."""
    watchers = [each for each in members() if may(each, "queueing.watch_hall")]
    return {each.staff_number: ratings_seen_by(each) for each in watchers}


def ratings_seen_by(member: Member) -> Any:
    seen = [branch for branch in branches() if access.may(member, Right.WATCH, branch)]
    found = ratings_day.ratings_today(Look(seen, member, NOW))
    return {
        branch.slug: [count for _grade, count in found[branch.pk].grades]
        + [found[branch.pk].unrated]
        for branch in seen
    }


@fact
def monthly_summaries() -> Any:
    """Every version of every summary, with all its rows."""
    rows = Summary.objects.select_related("branch", "made_by")
    ordered = rows.order_by("branch__slug", "first_day", "version")
    return {summary_name(each): summary_told(each) for each in ordered}


def summary_name(summary: Summary) -> str:
    return f"{summary.branch.slug} {summary.month} version {summary.version}"


def summary_told(summary: Summary) -> Any:
    made = [summary.made_at, number_of(summary.made_by), summary.reason]
    return {"made": made} | rows_told(summary.rows.order_by("order"))


def rows_told(rows: Iterable[Row]) -> dict[str, str]:
    return {f"{row.scope} {row.order}": row_told(row) for row in rows}


def row_told(row: Row) -> str:
    """A row in one line: figures that are none are left blank."""
    names = [row.name_zh_hans, row.name_zh_hant, row.name_en, row.staff_number]
    whose = [
        row.department.name_zh_hans if row.department else None,
        row.service.slug if row.service else None,
        number_of(row.member),
    ]
    values = [row.day, row.slot, *whose, *names]
    counted = [getattr(row, name) for name in COUNTED]
    return "|".join("" if value is None else str(plain(value)) for value in [*values, *counted])


@fact
def running_month() -> Any:
    """The month that runs, summed up as it is now."""
    return {
        branch.slug: rows_told(summary_rows.rows(branch, Month.of(today_at(branch))))
        for branch in branches()
    }


@fact
def files() -> Any:
    """The figures in the files of each summary, text table and workbook, as marks."""
    told = {}
    for summary in Summary.objects.select_related("branch").order_by("pk"):
        report = summary_screen.report(summary.branch, summary.month, summary.version)
        assert report is not None
        book = summary_files.workbook(report)
        told[summary_name(summary)] = [table_lines(summary_files.text(report)), figures_in(book)]
    return told


def table_lines(table: bytes) -> str:
    """The mark of a text table without its heading."""
    return digest(table.decode().splitlines()[1:])


def figures_in(book: bytes) -> str:
    """The mark of a workbook's sheets behind the cover, each without its heading: its bytes as a
    whole change with the library that packs them."""
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        names = sorted(name for name in parts.namelist() if "/worksheets/sheet" in name)[1:]
        found = [parts.read(name).decode() for name in names]
    return digest([re.findall(r"<c r=\"[A-Z]+(?!1\")[0-9]+\".*?</c>", sheet) for sheet in found])


# --- the hall goes on ---


@fact
def next_steps() -> Any:
    """What the rules make of the next visitor and the next matter; nothing of it is kept."""
    told = {}
    for branch in branches():
        with transaction.atomic():
            told[branch.slug] = {
                "ticket": next_ticket(branch),
                "calls": next_calls(branch),
                "missed": missed_again(branch),
                "matter": next_matter(branch),
                "may be rated": {
                    day: rateable.may_rate(finished(branch, day), NOW) for day in days_of(branch)
                },
            }
            transaction.set_rollback(True)
    return told


def next_ticket(branch: Branch) -> Any:
    offering = Offering.objects.filter(branch=branch, is_open=True).order_by("service__slug")[0]
    taken = [queue.issue(offering=offering, lane=lane, now=NOW) for lane in LANES]
    return [[each.code, each.day, each.rank_at] for each in taken]


def next_calls(branch: Branch) -> Any:
    """Whom each free counter calls, and where they stand who are sent back into line."""
    seats = Sitting.objects.unended().filter(branch=branch).select_related("branch", "counter")
    found = []
    for sitting in seats.order_by("counter__number"):
        with contextlib.suppress(Refused):
            called = queue.call_next(sitting=sitting, by=sitting.member, now=NOW)
            if called:
                back = queue.return_to_line(ticket=called, by=sitting.member, now=NOW)
                found.append([sitting.counter.number, back.code, back.rank_at])
    return found


def missed_again(branch: Branch) -> Any:
    """Which of those who did not come may come back once more, and where they stand then."""
    missed = Ticket.objects.of_day(branch, today_at(branch)).filter(state="no_show")
    found: dict[str, object] = {}
    for ticket in missed.order_by("prefix", "number"):
        found[ticket.code] = None
        with contextlib.suppress(Refused):
            found[ticket.code] = queue.requeue(ticket=ticket, by=None, now=NOW).rank_at
    return found


def next_matter(branch: Branch) -> Any:
    case = box.receive(branch=branch, kind="complaint", text="…", source="rating", now=NOW)
    due = [case.due_on, case.contact_due_on, number_of(case.owner)]
    assert case.owner is not None
    later = box.extend(matter=case, reason="…", by=case.owner, now=NOW)
    return [*due, later.due_on]


def finished(branch: Branch, day: dt.date) -> Ticket:
    done = Ticket.objects.of_day(branch, day).filter(state="done", closed_by_day_end=False)
    return done.select_related("branch").order_by("pk")[0]
