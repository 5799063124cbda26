"""A matter's life in the box: an owner and a due date at once, and no end without a reply."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from complaints import actions, owners
from complaints.models import Kind, Matter, Source, State
from hall.refusal import Refused
from queueing import actions as queue
from queueing.models import Ticket
from tests.cast import Cast, member

FRIDAY = dt.datetime(2026, 3, 6, 2, tzinfo=dt.UTC)  # ten o'clock in Shenzhen


def put_in(cast: Cast, **fields: object) -> Matter:
    """A complaint in the box of the branch."""
    fields = {"kind": Kind.COMPLAINT, "text": "等了很久。"} | fields
    return actions.receive(branch=cast.branch, **fields)  # type: ignore[arg-type]


def served(cast: Cast) -> Ticket:
    """A visit that the clerk finished."""
    cast.ticket()
    seat = cast.sit()
    visit = queue.call_next(sitting=seat, by=cast.clerk)
    assert visit is not None
    queue.start(ticket=visit, by=cast.clerk)
    return queue.finish(ticket=visit, by=cast.clerk)


def test_a_matter_has_owner_and_due_date_at_once(cast: Cast) -> None:
    matter = put_in(cast, now=FRIDAY)
    assert matter.owner == cast.handler
    assert matter.due_on == dt.date(2026, 3, 13), "five working days, the weekend not counted"
    assert [entry.move for entry in matter.entries.all()] == ["receive"]
    assert len(matter.reference) == 16 and matter.reference.isdecimal()


def test_the_same_request_gives_the_same_matter(cast: Cast) -> None:
    request = uuid.uuid4()
    assert put_in(cast, request_id=request) == put_in(cast, request_id=request)
    assert Matter.objects.count() == 1


@pytest.mark.parametrize("text", ["", "  \n ", "字" * 10_001])
def test_no_words_or_too_many_are_refused(cast: Cast, text: str) -> None:
    with pytest.raises(Refused):
        put_in(cast, text=text)
    assert not Matter.objects.exists()


def test_ten_thousand_characters_are_kept_to_the_last(cast: Cast) -> None:
    text = "<script>alert(1)</script>" + "字" * (10_000 - 25)
    matter = put_in(cast, text=text)
    matter.refresh_from_db()
    assert matter.text == text


def test_nothing_closes_without_a_reply(cast: Cast) -> None:
    matter = put_in(cast)
    actions.take(matter=matter, by=cast.handler)
    with pytest.raises(Refused):
        actions.close(matter=matter, by=cast.handler)
    with pytest.raises(IntegrityError), transaction.atomic():
        Matter.objects.filter(pk=matter.pk).update(state=State.CLOSED)
    actions.reply(matter=matter, text="对不起，已改进。", by=cast.handler)
    closed = actions.close(matter=matter, by=cast.handler)
    assert closed.state == State.CLOSED and closed.replied_at and closed.closed_at
    moves = [entry.move for entry in matter.entries.all()]
    assert moves == ["receive", "take", "reply", "close"]


def test_a_reply_needs_words(cast: Cast) -> None:
    with pytest.raises(Refused):
        actions.reply(matter=put_in(cast), text=" ", by=cast.handler, and_close=True)


def test_who_served_is_whom_it_is_about_and_never_sees_it(cast: Cast) -> None:
    matter = put_in(cast, ticket=served(cast))
    assert list(matter.about.all()) == [cast.clerk]
    assert not Matter.objects.visible_to(cast.clerk).exists()
    assert Matter.objects.visible_to(cast.handler).get() == matter
    assert not Matter.objects.visible_to(cast.stranger).exists(), "another branch"


def test_who_sat_at_the_counter_that_day_is_whom_it_is_about_though_they_left(cast: Cast) -> None:
    before = member("N1101", "赵敏", cast.branch, "clerk")
    for days, who in ((1, before), (0, cast.clerk)):
        begin = FRIDAY - dt.timedelta(days=days)
        queue.sit_down(counter=cast.counters[3], by=who, now=begin)
        queue.leave(by=who, now=begin + dt.timedelta(hours=1))
    queue.sit_down(counter=cast.counters[4], by=cast.colleague, now=FRIDAY)
    evening = FRIDAY + dt.timedelta(hours=8)
    matter = put_in(cast, counter=cast.counters[3], now=evening)
    assert list(matter.about.all()) == [cast.clerk]


def test_nobody_owns_or_handles_a_matter_about_themselves(cast: Cast) -> None:
    second = member("N1301", "孙丽", cast.branch, "complaint-handler")
    matter = put_in(cast, about=[cast.handler])
    assert matter.owner == second
    with pytest.raises(Refused):
        actions.reply(matter=matter, text="没有的事。", by=cast.handler)
    with pytest.raises(Refused):
        actions.assign(matter=matter, owner=cast.handler, by=second)
    with pytest.raises(Refused):
        actions.take(matter=matter, by=cast.handler)


def test_with_nobody_to_handle_it_a_matter_is_kept_all_the_same(cast: Cast) -> None:
    matter = put_in(cast, about=owners.handlers(cast.branch))
    assert matter.owner is None and Matter.objects.get() == matter


def test_a_clerk_handles_nothing(cast: Cast) -> None:
    with pytest.raises(Refused):
        actions.reply(matter=put_in(cast), text="好。", by=cast.colleague)
    with pytest.raises(Refused):
        actions.assign(matter=put_in(cast), owner=cast.colleague, by=cast.handler)


def test_an_answer_is_put_off_once_and_with_a_reason(cast: Cast) -> None:
    matter = put_in(cast, now=FRIDAY)
    with pytest.raises(Refused):
        actions.extend(matter=matter, reason=" ", by=cast.handler)
    later = actions.extend(matter=matter, reason="需要核实。", by=cast.handler)
    assert later.due_on == dt.date(2026, 3, 27)
    with pytest.raises(Refused):
        actions.extend(matter=matter, reason="还要时间。", by=cast.handler)
    answered = actions.reply(matter=put_in(cast), text="已答复。", by=cast.handler)
    with pytest.raises(Refused, match="answered already"):
        actions.extend(matter=answered, reason="还要时间。", by=cast.handler)


def test_a_case_from_a_rating_has_a_first_contact_due(cast: Cast) -> None:
    matter = put_in(cast, source=Source.RATING, now=FRIDAY)
    assert matter.contact_due_on == dt.date(2026, 3, 9)
    called = actions.contact(matter=matter, by=cast.handler)
    assert called.contacted_at is not None and called.state == State.IN_HAND
    again = actions.contact(matter=matter, by=cast.handler)
    assert again.contacted_at == called.contacted_at, "the first time counts"


def test_the_first_reply_counts(cast: Cast) -> None:
    matter = put_in(cast, now=FRIDAY)
    first = actions.reply(matter=matter, text="已答复。", by=cast.handler)
    second = actions.reply(matter=matter, text="补充。", by=cast.handler)
    assert second.replied_at == first.replied_at


def test_overdue_is_unanswered_after_the_due_date(cast: Cast) -> None:
    matter = put_in(cast, now=FRIDAY)
    assert not Matter.objects.overdue(dt.date(2026, 3, 13)).exists()
    assert Matter.objects.overdue(dt.date(2026, 3, 14)).get() == matter
    actions.reply(matter=matter, text="已答复。", by=cast.handler)
    assert not Matter.objects.overdue(dt.date(2026, 3, 14)).exists()


def test_a_closed_matter_opens_again_with_a_reason(cast: Cast) -> None:
    matter = actions.reply(matter=put_in(cast), text="好的。", by=cast.handler, and_close=True)
    with pytest.raises(Refused):
        actions.reply(matter=matter, text="再说一次。", by=cast.handler)
    again = actions.reopen(matter=matter, reason="来电不满意。", by=cast.handler)
    assert again.state == State.IN_HAND and again.closed_at is None


def test_a_matter_that_was_opened_again_wants_another_reply(cast: Cast) -> None:
    matter = actions.reply(matter=put_in(cast), text="好的。", by=cast.handler, and_close=True)
    matter = actions.reopen(matter=matter, reason="来电不满意。", by=cast.handler)
    with pytest.raises(Refused, match="before it was answered"):
        actions.close(matter=matter, by=cast.handler)
    matter = actions.reply(matter=matter, text="已重新办理。", by=cast.handler)
    assert actions.close(matter=matter, by=cast.handler).state == State.CLOSED


def test_the_owner_is_the_handler_with_the_least_to_do(cast: Cast) -> None:
    second = member("N1301", "孙丽", cast.branch, "complaint-handler")
    found = [put_in(cast).owner for _ in range(4)]
    assert found.count(second) == found.count(cast.handler) == 2


def test_times_do_not_run_backwards(cast: Cast) -> None:
    matter = put_in(cast)
    before = timezone.now() - dt.timedelta(hours=1)
    assert (
        actions.take(matter=matter, by=cast.handler, now=before).state_since >= matter.received_at
    )
