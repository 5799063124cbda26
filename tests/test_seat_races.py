"""Two tabs, two clerks, fifty pairs at once: nobody is called to a counter where nobody sits."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Final

import pytest
from django.db import connection

from hall.models import Counter
from hall.refusal import Refused
from queueing import actions, dispatch, seats
from queueing.actions import visit as visit_actions
from queueing.models import Sitting, State, Ticket
from staff.models import Member
from tests.cast import Cast, hire, member
from tests.crowd import all_at_once

CLERKS: Final = 12
ROUNDS: Final = 3
PAIRS: Final = 50
Act = Callable[[], object]

pytestmark = pytest.mark.django_db(transaction=True)


def counters(cast: Cast, count: int) -> list[Counter]:
    """So many counters that serve everything."""
    made = Counter.objects.bulk_create(
        Counter(branch=cast.branch, number=200 + each) for each in range(count)
    )
    skills = Counter.services.through
    services = (cast.pension.service, cast.medical.service)
    skills.objects.bulk_create(
        skills(counter=counter, service=service) for counter in made for service in services
    )
    return made


def seated(cast: Cast, count: int) -> list[Sitting]:
    """So many clerks, each at a counter of their own."""
    people = hire(*((f"T{each}", "甲", cast.branch, "clerk") for each in range(count)))
    places = zip(counters(cast, count), people, strict=True)
    return [actions.sit_down(counter=counter, by=person) for counter, person in places]


def pressed(acts: Sequence[Act]) -> list[object]:
    """Everything at once; an answer that is no refusal, and went wrong, is raised."""
    answers = all_at_once(acts, lambda act: act())
    for each in answers:
        if isinstance(each, Exception) and not isinstance(each, Refused):
            raise each
    return list(answers)


def at_empty_counters() -> list[str]:
    """Visitors at a counter where nobody sits."""
    sat_at = Sitting.objects.unended().values("counter")
    return [each.code for each in Ticket.objects.at_counters().exclude(counter__in=sat_at)]


def to_next(_cast: Cast, seat: Sitting) -> Act:
    return lambda: actions.call_next(sitting=seat, by=seat.member)


def to_call(cast: Cast, seat: Sitting) -> Act:
    ticket = cast.ticket()
    return lambda: actions.call(ticket=ticket, sitting=seat, by=seat.member)


def to_resume(cast: Cast, seat: Sitting) -> Act:
    ticket = actions.call(ticket=cast.ticket(), sitting=seat, by=seat.member)
    actions.start(ticket=ticket, by=seat.member)
    actions.hold(ticket=ticket, by=seat.member)
    return lambda: actions.resume(ticket=ticket, sitting=seat, by=seat.member)


def to_leave(seat: Sitting) -> Act:
    return lambda: actions.leave(by=seat.member)


@pytest.mark.parametrize("way", [to_next, to_call, to_resume])
def test_leave_in_one_tab_and_a_call_in_another(
    cast: Cast, way: Callable[[Cast, Sitting], Act]
) -> None:
    places = seated(cast, CLERKS)
    for _round in range(ROUNDS):
        for _ in range(CLERKS):
            cast.ticket()
        acts = [act for seat in places for act in (way(cast, seat), to_leave(seat))]
        pressed(acts)
        assert at_empty_counters() == []
        Ticket.objects.at_counters().update(state=State.DONE)
        places = [actions.sit_down(counter=each.counter, by=each.member) for each in places]


def test_control_without_the_lock_visitors_are_called_to_empty_counters(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor == "postgresql":
        monkeypatch.setattr(dispatch, "KEEP_SEAT", "")
        # As in tests/test_race.py: a pause between look and write, in which the clerk leaves.
        monkeypatch.setattr(dispatch, "STILL_WAITING", "AND pg_sleep(0.2)::text = ''")
    else:
        monkeypatch.setattr(visit_actions, "own_seat", lambda *_seat: None)
    places = seated(cast, CLERKS)
    for _ in range(CLERKS):
        cast.ticket()
    stale = [(seat, to_next(cast, seat)) for seat in places]
    if connection.vendor == "postgresql":
        pressed([act for seat, call in stale for act in (call, to_leave(seat))])
    else:
        for seat, call in stale:
            to_leave(seat)()
            call()
    assert at_empty_counters() != []


def test_a_seat_that_was_left_calls_nobody(cast: Cast) -> None:
    seat, ticket = cast.sit(), cast.ticket()
    actions.leave(by=cast.clerk)
    with pytest.raises(actions.SeatLost, match="You no longer sit at counter 3"):
        actions.call_next(sitting=seat, by=cast.clerk)
    with pytest.raises(actions.SeatLost):
        actions.call(ticket=ticket, sitting=seat, by=cast.clerk)
    again = cast.sit(4)
    with pytest.raises(actions.SeatLost):  # another seat of the same clerk is not this one
        actions.call_next(sitting=seat, by=cast.clerk)
    assert actions.call_next(sitting=again, by=cast.clerk) is not None


def test_a_seat_that_was_taken_over_calls_nobody(cast: Cast) -> None:
    seat = cast.sit()
    cast.ticket()
    actions.sit_down(counter=cast.counters[3], by=cast.colleague, take_over=True)
    with pytest.raises(actions.SeatLost):
        actions.call_next(sitting=seat, by=cast.clerk)


def test_a_take_over_and_a_call_at_once_leave_the_visitor_with_who_sits_there(cast: Cast) -> None:
    places = seated(cast, CLERKS)
    others = hire(*((f"U{each}", "乙", cast.branch, "clerk") for each in range(CLERKS)))
    for _ in range(CLERKS):
        cast.ticket()
    take = [
        functools.partial(actions.sit_down, counter=seat.counter, by=other, take_over=True)
        for seat, other in zip(places, others, strict=True)
    ]
    answers = pressed([act for pair in zip(take, map(caller, places), strict=True) for act in pair])
    assert at_empty_counters() == []
    called = {each.pk for each in answers if isinstance(each, Ticket)}
    assert set(Ticket.objects.at_counters().values_list("pk", flat=True)) == called
    for other in others:
        assert seats.current_sitting(other) is not None


def caller(seat: Sitting) -> Act:
    return lambda: actions.call_next(sitting=seat, by=seat.member)


def test_one_clerk_at_two_machines_sits_at_one_counter(cast: Cast) -> None:
    for counter in counters(cast, 6), [cast.counters[3], cast.counters[4]] * 3:
        pressed([functools.partial(actions.sit_down, counter=c, by=cast.clerk) for c in counter])
        assert Sitting.objects.unended().filter(member=cast.clerk).count() == 1


# --- take each other's counters ---


def take_over(places: Sequence[Sitting], wanted: Sequence[Sitting]) -> None:
    """Each takes over another's counter, all at once."""
    pairs = zip(places, wanted, strict=True)
    pressed([taker(there.counter, own.member) for own, there in pairs])


def taker(counter: Counter, by: Member) -> Act:
    return functools.partial(actions.sit_down, counter=counter, by=by, take_over=True)


def swap(places: Sequence[Sitting], wanted: Sequence[Sitting]) -> None:
    """As ``take_over``; afterwards everybody sits where they wanted to."""
    take_over(places, wanted)
    now = dict(Sitting.objects.unended().values_list("member", "counter"))
    pairs = zip(places, wanted, strict=True)
    assert now == {own.member_id: there.counter_id for own, there in pairs}


def partners(places: Sequence[Sitting]) -> list[Sitting]:
    """The first and the second, the third and the fourth, and so on."""
    return [places[at ^ 1] for at in range(len(places))]


def test_two_who_take_over_each_others_counter(cast: Cast) -> None:
    places = [cast.sit(3), cast.sit(4, cast.colleague)]
    swap(places, partners(places))


@pytest.mark.servers
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_fifty_pairs_take_over_each_others_counters_at_once(cast: Cast) -> None:
    before = deadlocks()
    places = seated(cast, 2 * PAIRS)
    swap(places, partners(places))
    places = start_over(places)
    swap(places, places[7:] + places[:7])  # in long rings
    places = start_over(places)
    for _ in range(PAIRS):
        cast.ticket()
    for seat in places[::2]:
        actions.call_next(sitting=seat, by=seat.member)
    # Every second has a visitor, and is refused (VisitorAtCounter) or taken over with them.
    take_over(places, partners(places))
    assert at_empty_counters() == [] and Ticket.objects.at_counters().count() == PAIRS
    assert deadlocks() == before


def start_over(places: Sequence[Sitting]) -> list[Sitting]:
    """Everybody gets up, and sits down where they sat at first."""
    for each in places:
        actions.leave(by=each.member)
    return [actions.sit_down(counter=each.counter, by=each.member) for each in places]


def deadlocks() -> int:
    """How many the server tells of in its log (tests/servers.py), or counted by itself."""
    with connection.cursor() as cursor:
        file = "current_setting('data_directory') || '/../log'"
        cursor.execute(f"SELECT pg_read_file({file}, 0, 100000000, true)")
        (log,) = cursor.fetchone()
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        (count,) = cursor.fetchone()
    return int(count) + str(log or "").count("deadlock detected")


def test_whoever_is_at_a_counter_has_a_clerk(cast: Cast) -> None:
    """Everything at once, round after round: sit, take over, call, start, finish, hold, leave."""
    people = [
        cast.clerk,
        cast.colleague,
        *(member(f"V{n}", "丙", cast.branch, "clerk") for n in "12"),
    ]
    for number in range(3 * ROUNDS):
        for _ in people:
            cast.ticket()
        pressed([act for at, each in enumerate(people) for act in day_of(cast, each, at + number)])
        assert at_empty_counters() == []


def day_of(cast: Cast, by: Member, number: int) -> list[Act]:
    """What one clerk does with three fingers at once."""
    counter = cast.counters[3 + number % 3]

    def serve() -> None:
        seat = seats.current_sitting(by)
        ticket = seat and actions.call_next(sitting=seat, by=by)
        if ticket:
            actions.start(ticket=ticket, by=by)
            act = (actions.finish, actions.hold, actions.finish)[number % 3]
            act(ticket=ticket, by=by)

    return [
        lambda: actions.sit_down(counter=counter, by=by, take_over=True),
        serve,
        lambda: actions.leave(by=by),
    ]
