"""What must reach the world outside: written with the action, delivered after it, seen if not."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from pytest_django import DjangoCaptureOnCommitCallbacks

from hall import events, states, tasks
from hall.actions import delivery, outbox
from hall.models import Parcel
from hall.outbox import bell
from hall.outbox.kinds import (
    KINDS,
    Content,
    Hopeless,
    InDoubt,
    Kind,
    Needless,
    Trouble,
    Undelivered,
)
from hall.refusal import Refused
from staff import actions, alarms, panels
from staff.look import Look
from staff.streams import parcel_marks
from tests.cast import Cast
from tests.crowd import all_at_once
from tests.processes import soon

State = Parcel.State
LABEL: Promise = gettext_lazy("paper")
ENGLISH = {"django_language": "en"}


class Post:
    """A way out that does what a test says: what it raises, one after the other, then nothing."""

    def __init__(self) -> None:
        self.troubles: list[Exception] = []
        self.got: list[Content] = []

    def deliver(self, content: Content) -> None:
        """Take it, or raise what is next."""
        self.got.append(content)
        if self.troubles:
            raise self.troubles.pop(0)


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Two kinds of parcels: a ``letter`` may come twice, a ``slip`` of paper may not."""
    found = Post()
    kinds = KINDS._plugs | {
        "letter": Kind("letter", LABEL, found.deliver, pauses=(10, 30)),
        "slip": Kind("slip", LABEL, found.deliver, comes_once=True, pauses=(10, 30)),
    }
    monkeypatch.setattr(KINDS, "_plugs", kinds)
    return found


def put(cast: Cast, kind: str = "letter", key: str = "1", **fields: Any) -> Parcel:
    """Something is put into the outbox."""
    known = KINDS.get(kind)
    assert known is not None
    with transaction.atomic():
        outbox.put(known, {"id": 7}, key=key, branch=cast.branch, **fields)
    return Parcel.objects.get(kind=kind, key=key)


def later(parcel: Parcel, **columns: int) -> None:
    """Time passes: what was to come in so many seconds is now."""
    ago = {name: timezone.now() - dt.timedelta(seconds=each) for name, each in columns.items()}
    Parcel.objects.filter(pk=parcel.pk).update(**ago)


def tried(parcel: Parcel) -> Parcel:
    """The worker tries what is due, which this parcel is."""
    later(parcel, due_at=0)
    delivery.deliver_due()
    parcel.refresh_from_db()
    return parcel


def sentences(cast: Cast) -> list[str]:
    look = Look([cast.branch], cast.supervisor, timezone.now())
    return [each.sentence for each in alarms.collect(look)[cast.branch.pk]]


# --- putting ---


def test_a_parcel_is_delivered_and_noted(cast: Cast, post: Post) -> None:
    parcel = tried(put(cast, body=b"x"))
    assert (parcel.state, parcel.tries, parcel.trouble) == (State.DELIVERED, 1, "")
    assert post.got == [Content("letter-1", {"id": 7}, b"x")]
    assert delivery.deliver_due() == 0, "once"


def test_the_same_key_is_put_once(cast: Cast, post: Post) -> None:
    assert put(cast) == put(cast)
    put(cast, kind="slip")
    assert Parcel.objects.count() == 2, "another kind has keys of its own"


def test_an_action_that_is_rolled_back_tells_nobody(
    cast: Cast, post: Post, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as woken, transaction.atomic():
        put(cast)
        transaction.set_rollback(True)
    assert not Parcel.objects.exists() and not woken


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_put(cast: Cast, post: Post) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        outbox.put(KINDS._plugs["letter"], {}, key="1", branch=cast.branch)
    assert not Parcel.objects.exists()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent by a bell of the test's own."""
    found: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_how: found.append(name))
    monkeypatch.setattr(bell, "BELL", bell.Bell())
    return found


def test_the_worker_is_told_by_the_name_of_its_task(
    cast: Cast,
    post: Post,
    sent: list[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        put(cast)
    assert soon(lambda: sent == [tasks.deliver.name])


def test_a_broker_that_answers_never_holds_up_nobody_and_no_ringing_is_lost(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tell, answers = current_app.send_task, threading.Event()

    def slow(name: str, **how: Any) -> None:
        answers.wait(10)
        tell(name, **how)

    monkeypatch.setattr(current_app, "send_task", slow)
    began = time.monotonic()
    bell.ring()
    time.sleep(0.05)  # its thread waits for the broker by now
    bell.ring()
    bell.ring()
    assert time.monotonic() - began < 1 and not sent
    answers.set()
    assert soon(lambda: len(sent) == 2), "once for the first, once for all who rang meanwhile"


def test_without_a_broker_the_next_look_finds_it_and_the_bell_rings_on(
    cast: Cast,
    post: Post,
    sent: list[str],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    tried: list[str] = []

    def nobody(name: str, **_how: object) -> None:
        tried.append(name)
        raise ConnectionRefusedError

    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(current_app, "send_task", nobody)
        bell.ring()
        assert soon(lambda: len(tried) == 1)
        put(cast)
    assert tasks.deliver() == 1
    assert soon(lambda: bool(sent))
    schedule = [each["task"] for each in current_app.conf.beat_schedule.values()]
    assert tasks.deliver.name in schedule and tasks.prune_outbox.name in schedule


# --- what may come of it ---


def test_it_is_tried_again_after_longer_and_longer_pauses_and_then_not(
    cast: Cast, post: Post
) -> None:
    post.troubles = [Undelivered(Trouble.UNREACHABLE) for _each in range(3)]
    parcel = put(cast)
    for pause in (10, 30):
        before = timezone.now()
        tried(parcel)
        assert (parcel.state, parcel.trouble) == (State.WAITING, Trouble.UNREACHABLE)
        assert pause <= (parcel.due_at - before).total_seconds() < pause + 5
        assert delivery.deliver_due() == 0, "not before its time"
    assert tried(parcel).state == State.FAILED
    assert len(post.got) == parcel.tries == 3
    assert {each.key for each in post.got} == {"letter-1"}, "the other side can know it again"


@pytest.mark.parametrize(
    ("kind", "trouble", "state"),
    [
        ("letter", Undelivered(Trouble.REFUSED), State.WAITING),
        ("letter", InDoubt(Trouble.NO_ANSWER), State.WAITING),
        ("letter", ValueError("a fault"), State.WAITING),
        ("letter", Hopeless(Trouble.REFUSED), State.FAILED),
        ("letter", Needless(), State.DROPPED),
        ("slip", Undelivered(Trouble.UNREACHABLE), State.WAITING),
        ("slip", InDoubt(Trouble.BROKEN_OFF), State.UNKNOWN),
        ("slip", ValueError("a fault"), State.UNKNOWN),
    ],
)
def test_what_became_of_it(
    cast: Cast, post: Post, kind: str, trouble: Exception, state: str
) -> None:
    post.troubles = [trouble]
    parcel = tried(put(cast, kind))
    assert parcel.state == state
    assert parcel.trouble == getattr(trouble, "trouble", parcel.trouble)
    assert len(post.got) == 1


def test_one_that_fails_leaves_the_others_alone(cast: Cast, post: Post) -> None:
    post.troubles = [ValueError("a fault")]
    put(cast, key="1")
    put(cast, key="2")
    assert delivery.deliver_due() == 2
    assert [each.state for each in Parcel.objects.order_by("key")] == ["waiting", "delivered"]


def test_of_a_kind_that_no_app_has_nothing_is_lost(cast: Cast, post: Post) -> None:
    parcel = put(cast)
    Parcel.objects.update(kind="telegram")
    assert tried(parcel).state == State.FAILED


def test_a_look_at_the_outbox_ends_in_time(cast: Cast, post: Post) -> None:
    for key in "123":
        put(cast, key=key)
    assert delivery.deliver_due(seconds=0) == 0
    assert delivery.deliver_due() == 3


# --- a worker that died, or only seemed to ---


def left_behind(cast: Cast, kind: str) -> Parcel:
    """A worker claimed it and was never heard of again."""
    parcel = put(cast, kind)
    claimed = delivery._claim_next()
    assert claimed == parcel
    return claimed


def test_before_its_lease_is_over_nobody_else_takes_it(cast: Cast, post: Post) -> None:
    parcel = left_behind(cast, "letter")
    assert delivery.deliver_due() == 0
    parcel.refresh_from_db()
    assert parcel.state == State.SENDING


@pytest.mark.parametrize(("kind", "state"), [("letter", State.WAITING), ("slip", State.UNKNOWN)])
def test_after_it_a_letter_is_tried_again_and_paper_waits(
    cast: Cast, post: Post, kind: str, state: str
) -> None:
    parcel = left_behind(cast, kind)
    later(parcel, lease_until=0)
    assert delivery.deliver_due() == 0, "a letter, too, pauses first"
    parcel.refresh_from_db()
    assert (parcel.state, parcel.trouble) == (state, Trouble.STOPPED)


def test_a_letter_that_kills_every_worker_is_given_up(cast: Cast, post: Post) -> None:
    parcel = put(cast)
    for _each in range(3):
        later(parcel, due_at=0)
        assert delivery._claim_next() == parcel
        later(parcel, lease_until=0)
        delivery._sort_out_abandoned()
    parcel.refresh_from_db()
    assert (parcel.state, parcel.tries) == (State.FAILED, 3)


def test_who_comes_back_late_may_say_that_paper_came_out(cast: Cast, post: Post) -> None:
    late = left_behind(cast, "slip")
    later(late, lease_until=0)
    delivery.deliver_due()
    delivery._note(late, "deliver")
    late.refresh_from_db()
    assert late.state == State.DELIVERED


@pytest.mark.parametrize("outcome", ["deliver", "retry", "fail", "doubt", "skip"])
def test_who_comes_back_late_changes_nothing_of_another_try(
    cast: Cast, post: Post, outcome: str
) -> None:
    late = left_behind(cast, "slip")
    later(late, lease_until=0)
    delivery.deliver_due()
    outbox.decide(parcel=late, decision="again", by=cast.supervisor)
    now = delivery._claim_next()
    assert now is not None and now.tries == 2
    delivery._note(late, outcome)
    now.refresh_from_db()
    assert now.state == State.SENDING


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_guard", [True, False])
def test_eight_workers_deliver_each_once(
    cast: Cast, post: Post, monkeypatch: pytest.MonkeyPatch, has_guard: bool
) -> None:
    """And the control: claims that do not look whether it is still to be had deliver twice."""
    for key in range(20):
        put(cast, key=str(key))
    if not has_guard:
        monkeypatch.setattr(states, "move", careless)
    answers = all_at_once(range(8), lambda _each: delivery.deliver_due())
    assert not [each for each in answers if isinstance(each, Exception)], answers
    keys = [content.key for content in post.got]
    assert (len(keys) == 20) == has_guard
    assert len(set(keys)) == 20


def careless(rows: Any, name: str, *, at: dt.datetime, **fields: object) -> bool:
    """The same move without its condition, after a pause in which all others look, too."""
    ids = list(rows.values_list("pk", flat=True))
    time.sleep(0.05)
    Parcel.objects.filter(pk__in=ids).update(state=states.MOVES[name].target, **fields)
    return bool(ids)


# --- what waits for a person ---


def stuck(cast: Cast, post: Post, kind: str = "slip", key: str = "1") -> Parcel:
    """One that waits for a person: paper of unknown outcome, or a letter that failed."""
    post.troubles = [InDoubt(Trouble.NO_ANSWER) if kind == "slip" else Hopeless(Trouble.REFUSED)]
    return tried(put(cast, kind, key))


def test_the_supervisor_sees_it_among_the_alarms_until_it_is_settled(
    cast: Cast, post: Post
) -> None:
    slip = stuck(cast, post)
    letters = [stuck(cast, post, "letter", key) for key in "12"]
    assert sentences(cast) == ["1 print: did it come out?", "2 messages were not delivered"]
    for each in (slip, *letters):
        actions.settle_parcel(parcel=each, decision="drop", by=cast.supervisor)
    assert sentences(cast) == []


def test_whoever_does_not_watch_over_the_hall_does_not_see_it(cast: Cast, post: Post) -> None:
    stuck(cast, post)
    for member, branch in [(cast.handler, cast.branch), (cast.supervisor, cast.other)]:
        found = alarms.collect(Look([branch], member, timezone.now()))
        assert found == {branch.pk: []}


def test_the_panel_of_alarms_is_fetched_again(
    cast: Cast,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    told: list[object] = []
    monkeypatch.setattr(events.publisher, "send", told.append)
    now = timezone.now()
    before, marks = panels.revisions(cast.branch, now)["alarms"], parcel_marks()
    with django_capture_on_commit_callbacks(execute=True):
        stuck(cast, post)
    assert events.Change(cast.branch.pk, events.Event.OUTBOX_CHANGED) in told
    assert panels.revisions(cast.branch, now)["alarms"] != before
    assert parcel_marks() != marks, "a process without Redis sees it, too"


@pytest.mark.parametrize(
    ("kind", "decision", "state"),
    [
        ("slip", "came_out", State.DELIVERED),
        ("slip", "again", State.WAITING),
        ("slip", "drop", State.DROPPED),
        ("letter", "again", State.WAITING),
        ("letter", "drop", State.DROPPED),
    ],
)
def test_a_person_decides_once(
    cast: Cast, post: Post, kind: str, decision: str, state: str
) -> None:
    parcel = stuck(cast, post, kind)
    actions.settle_parcel(parcel=parcel, decision=decision, by=cast.supervisor)
    parcel.refresh_from_db()
    assert (parcel.state, parcel.settled_by) == (state, "N1100")
    with pytest.raises(Refused):
        actions.settle_parcel(parcel=parcel, decision=decision, by=cast.supervisor)


def test_printed_again_it_is_printed_once_more(cast: Cast, post: Post) -> None:
    parcel = stuck(cast, post)
    actions.settle_parcel(parcel=parcel, decision="again", by=cast.supervisor)
    delivery.deliver_due()
    parcel.refresh_from_db()
    assert (parcel.state, len(post.got)) == (State.DELIVERED, 2)


@pytest.mark.parametrize(
    ("kind", "decision"), [("letter", "came_out"), ("slip", "deliver"), ("slip", "claim")]
)
def test_what_nobody_may_decide(cast: Cast, post: Post, kind: str, decision: str) -> None:
    parcel = stuck(cast, post, kind)
    with pytest.raises(Refused):
        actions.settle_parcel(parcel=parcel, decision=decision, by=cast.supervisor)


def test_only_who_watches_over_this_hall_decides(cast: Cast, post: Post) -> None:
    parcel = stuck(cast, post)
    Parcel.objects.update(branch=cast.other)
    parcel.refresh_from_db()
    for member in (cast.supervisor, cast.stranger):
        with pytest.raises(Refused):
            actions.settle_parcel(parcel=parcel, decision="drop", by=member)


def test_the_page_lists_and_settles(cast: Cast, post: Post) -> None:
    client = Client()
    client.cookies.load(ENGLISH)
    client.force_login(cast.supervisor)
    page = "/supervisor/nanshan/outbox/"
    assert "Everything was delivered" in client.get(page).content.decode()
    slip, letter = stuck(cast, post), stuck(cast, post, "letter")
    text = client.get(page).content.decode()
    assert "Print again" in text and "Try again" in text
    assert "no answer in time" in text and "refused by the other side" in text
    answer = client.post(f"{page}{slip.pk}/", {"decision": "came_out"}, follow=True)
    assert "Print again" not in answer.content.decode()
    twice = client.post(f"{page}{slip.pk}/", {"decision": "again"}, follow=True)
    assert "Meanwhile this was settled." in twice.content.decode()
    Parcel.objects.filter(pk=letter.pk).update(branch=cast.other)
    assert client.post(f"{page}{letter.pk}/", {"decision": "drop"}).status_code == 404


@pytest.mark.parametrize("role", ["clerk", "guide", "handler", "stranger"])
def test_who_does_not_watch_over_the_hall_settles_nothing(
    cast: Cast, post: Post, client: Client, role: str
) -> None:
    slip = stuck(cast, post)
    client.force_login(getattr(cast, role))
    page = f"/supervisor/nanshan/outbox/{slip.pk}/"
    assert client.post(page, {"decision": "again"}).status_code == 403
    slip.refresh_from_db()
    assert slip.state == State.UNKNOWN


def test_the_administration_lists_everything(cast: Cast, post: Post, client: Client) -> None:
    client.force_login(cast.administrator)
    parcel = tried(put(cast))
    assert client.get("/admin/hall/parcel/").status_code == 200
    shown = client.get(f"/admin/hall/parcel/{parcel.pk}/change/")
    assert shown.status_code == 200 and b'name="_save"' not in shown.content
    client.force_login(cast.clerk)
    assert client.get("/admin/hall/parcel/").status_code == 302


# --- forgetting ---


def test_what_was_settled_is_forgotten_after_some_weeks(cast: Cast, post: Post) -> None:
    done = tried(put(cast, key="done"))
    recent = tried(put(cast, key="recent"))
    open_ones = [stuck(cast, post), stuck(cast, post, "letter", "failed"), put(cast, key="new")]
    for each in (done, *open_ones):
        later(each, state_since=31 * 86_400)
    assert tasks.prune_outbox() == 1
    left = set(Parcel.objects.values_list("pk", flat=True))
    assert left == {recent.pk, *(each.pk for each in open_ones)}
