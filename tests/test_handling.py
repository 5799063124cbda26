"""Those who answer: every matter in its order, answered before it closes, hidden from whom it is
about."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from complaints import actions, owed, tasks
from complaints import streams as live
from complaints.admin import MatterAdmin
from complaints.models import Matter, Source, State
from complaints.screens import desk as desk_screen
from complaints.views.handle import MOVES
from hall import calendar, clocks
from hall.calendar import WorkWeek
from hall.events import Event
from hall.live import ALL_BRANCHES, Key
from queueing import actions as queue
from staff import actions as staff
from staff.models import Member
from staff.rights import Right
from tests.cast import Cast, member

pytestmark = pytest.mark.servers  # pages: once, on what a hall has

LONG = "我们了解了情况。<i>{{ 1 }}</i>\n" * 300
FRIDAY = dt.datetime(2026, 3, 6, 2, tzinfo=dt.UTC)  # ten o'clock in Shenzhen


@pytest.fixture
def second(cast: Cast) -> Member:
    """Another complaint handler of the branch."""
    return member("N1301", "孙丽", cast.branch, "complaint-handler")


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The handler's browser."""
    return browser(cast.handler, client)


def browser(who: Member, client: Client | None = None) -> Client:
    client = client or Client()
    client.cookies["django_language"] = "en"
    client.force_login(who)
    return client


def put_in(cast: Cast, **fields: object) -> Matter:
    fields = {"kind": "complaint", "text": "Two hours in line."} | fields
    return actions.receive(branch=cast.branch, **fields)  # type: ignore[arg-type]


def press(client: Client, matter: Matter, move: str, **fields: object) -> int:
    """Press a button of the page as it is now; returns the answer's status."""
    fields.setdefault("seen", last(matter))
    return client.post(reverse("complaints:act", args=[matter.pk, move]), fields).status_code


def last(matter: Matter) -> int:
    """The last entry of the time line."""
    newest = matter.entries.last()
    assert newest is not None
    return newest.pk


def shown(client: Client, query: str = "") -> list[int]:
    """The matters in the list, in order."""
    response = client.get(f"/matters/{query}")
    assert response.status_code == 200
    return [int(pk) for pk in re.findall(r'id="matter-(\d+)"', response.content.decode())]


# --- the list ---


def test_the_list_is_in_the_order_of_what_is_due(cast: Cast, desk: Client) -> None:
    now = timezone.now()
    late = put_in(cast, now=now - dt.timedelta(days=30))
    new = put_in(cast)
    case = put_in(cast, source=Source.RATING)
    answered = put_in(cast, now=now - dt.timedelta(days=20))
    actions.reply(matter=answered, text="Sorry.", by=cast.handler)
    assert shown(desk) == [late.pk, case.pk, new.pk, answered.pk], "the case by its contact"
    assert shown(desk, "?show=overdue") == [late.pk]
    assert shown(desk, "?show=contact") == [case.pk]
    actions.contact(matter=case, by=cast.handler)
    assert shown(desk, "?show=contact") == []
    actions.reply(matter=new, text="Done.", by=cast.handler, and_close=True)
    assert new.pk not in shown(desk) and shown(desk, "?show=closed") == [new.pk]


def test_mine_and_nobodys(cast: Cast, desk: Client, second: Member) -> None:
    mine, theirs = put_in(cast, about=[second]), put_in(cast, about=[cast.handler])
    orphan = put_in(cast, about=[second, cast.supervisor])
    Matter.objects.filter(pk=orphan.pk).update(owner=None)
    assert shown(desk, "?show=mine") == [mine.pk]
    assert shown(desk, "?show=unassigned") == [orphan.pk]
    assert theirs.pk not in shown(desk)


def test_kind_number_and_branch_narrow_the_list(cast: Cast, desk: Client) -> None:
    praise, complaint = put_in(cast, kind="praise"), put_in(cast)
    assert shown(desk, "?kind=praise") == [praise.pk]
    assert shown(desk, f"?q={complaint.printed_reference.replace(' ', '+')}") == [complaint.pk]
    assert shown(desk, f"?q={complaint.reference[-6:]}") == [complaint.pk]
    everywhere = browser(member("Z1", "总", None, "supervisor"))
    elsewhere = actions.receive(branch=cast.other, kind="help", text="Where?")
    assert len(shown(everywhere)) == 3
    assert shown(everywhere, "?branch=shekou") == [elsewhere.pk]
    assert elsewhere.pk not in shown(desk)
    assert 'data-live="/live/matters/all/"' in everywhere.get("/matters/").content.decode()


@pytest.mark.parametrize(
    "query", ["?show=x&kind=y&page=z", "?page=-1&q=%00", f"?page={'9' * 5000}", "?branch=%00"]
)
def test_a_strange_address_shows_a_list(cast: Cast, desk: Client, query: str) -> None:
    put_in(cast)
    assert desk.get(f"/matters/{query}").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "kind=praise&q=12345678901234567890",
        "kind=praise&q=12",
        "kind=praise&q=abc",
        "kind=praise&branch=nowhere",
        "kind=praise&branch=shekou",
        "kind=praise&show=x",
        "kind=praise&branch=%00",
    ],
)
def test_a_word_that_is_not_understood_gets_a_sentence_and_the_others_hold(
    cast: Cast, desk: Client, query: str
) -> None:
    praise, _other = put_in(cast, kind="praise"), put_in(cast)
    assert shown(desk, f"?{query}") == [praise.pk]
    assert "Please look at this again" in desk.get(f"/matters/?{query}").content.decode()


def test_a_number_holds_beside_a_kind_that_is_none(cast: Cast, desk: Client) -> None:
    matter = put_in(cast)
    put_in(cast)
    query = f"?kind=y&q={matter.reference}"
    assert shown(desk, query) == [matter.pk]
    page = desk.get(f"/matters/{query}").content.decode()
    assert "Please look at this again" in page and f'value="{matter.reference}"' in page


def test_what_is_asked_for_in_order_is_no_mistake(cast: Cast, desk: Client) -> None:
    matter = put_in(cast)
    for query in ("", "?show=mine", "?branch=nanshan&show=open", f"?q={matter.reference[-4:]}"):
        page = desk.get(f"/matters/{query}").content.decode()
        assert "Please look at this again" not in page


def test_a_long_list_has_pages(cast: Cast, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_screen, "ROWS_A_PAGE", 2)
    made = [put_in(cast).pk for _ in range(5)]
    pages = [shown(desk, f"?page={number}") for number in (1, 2, 3, 4)]
    assert pages == [made[:2], made[2:4], made[4:], []]


def test_what_the_visitor_adds_to_a_closed_matter_is_not_overlooked(
    cast: Cast, desk: Client
) -> None:
    matter = put_in(cast)
    actions.reply(matter=matter, text="Done.", by=cast.handler, and_close=True)
    assert shown(desk) == shown(desk, "?show=mine") == []
    actions.add_words(matter=matter, text="It is not.")
    assert shown(desk) == shown(desk, "?show=mine") == [matter.pk]
    assert "The visitor added something" in desk.get("/matters/").content.decode()
    assert press(desk, matter, "note", text="Rang her.") == 303
    assert shown(desk) == []


def test_htmx_gets_the_list_alone(cast: Cast, desk: Client) -> None:
    matter = put_in(cast)
    part = desk.get("/matters/?show=mine", headers={"HX-Request": "true"}).content.decode()
    assert f'id="matter-{matter.pk}"' in part and "<html" not in part
    assert 'hx-get="/matters/?show=mine"' in part


# --- what is due, and when ---


@pytest.mark.parametrize(
    ("day", "card", "left"),
    [
        ((2026, 3, 6), "", 5),
        ((2026, 3, 11), "", 2),
        ((2026, 3, 12), "yellow", 1),
        ((2026, 3, 13), "yellow", 0),
        ((2026, 3, 14), "red", 0),  # a Saturday
        ((2026, 3, 17), "red", -2),
    ],
)
def test_a_yellow_card_a_working_day_before_a_red_one_after(
    cast: Cast, day: tuple[int, int, int], card: str, left: int
) -> None:
    matter = put_in(cast, now=FRIDAY)
    week = calendar.work_weeks([cast.branch.pk])[cast.branch.pk]
    due = owed.due(matter, dt.date(*day), week, owed.YELLOW_DAYS.default)
    assert due is not None and (due.card, due.left) == (card, left)


def test_an_answer_takes_the_card_away(cast: Cast) -> None:
    matter = put_in(cast, now=FRIDAY)
    matter = actions.reply(matter=matter, text="Sorry.", by=cast.handler)
    week = calendar.work_weeks([cast.branch.pk])[cast.branch.pk]
    assert owed.due(matter, dt.date(2026, 5, 1), week, 1) is None


def test_working_days_left_agree_with_the_calendar(cast: Cast) -> None:
    cast.branch.special_days.create(date=dt.date(2026, 3, 9), is_working=False)
    cast.branch.special_days.create(date=dt.date(2026, 3, 14), is_working=True)
    week = calendar.work_weeks([cast.branch.pk, cast.other.pk])[cast.branch.pk]
    friday = dt.date(2026, 3, 6)
    for count in range(1, 12):
        due = clocks.due_day(week, friday, count)
        assert clocks.left(week, friday, due) == count
        assert clocks.left(week, due, friday) == -count
    assert clocks.left(WorkWeek(frozenset(), {}), friday, dt.date(2026, 3, 9)) == 3


def test_the_list_says_the_card_in_words(cast: Cast, desk: Client) -> None:
    put_in(cast, now=timezone.now() - dt.timedelta(days=30))
    put_in(cast, now=timezone.now() - dt.timedelta(days=7))
    html = desk.get("/matters/").content.decode()
    assert "Red card: " in html and 'data-card="red"' in html


# --- one matter ---


def test_the_page_shows_the_words_as_text_and_the_visit_without_its_key(
    cast: Cast, desk: Client
) -> None:
    cast.ticket()
    visit = queue.call_next(sitting=cast.sit(), by=cast.clerk)
    assert visit is not None
    queue.start(ticket=visit, by=cast.clerk)
    queue.finish(ticket=visit, by=cast.clerk)
    matter = put_in(cast, text="<script>x</script>", ticket=visit, name="王", contact="138")
    html = desk.get(f"/matters/{matter.pk}/").content.decode()
    assert "&lt;script&gt;x&lt;/script&gt;" in html and "<script>x" not in html
    assert visit.code in html and "0 minutes" in html and "N1003" in html and "138" in html
    assert visit.token not in html and matter.token not in html


def test_a_matter_from_taking_to_closing(cast: Cast, desk: Client) -> None:
    matter = put_in(cast)
    assert press(desk, matter, "take") == 303
    assert press(desk, matter, "contact", text="Rang.") == 303
    assert press(desk, matter, "note", text="Ask the section.") == 303
    assert press(desk, matter, "extend", text="The section is away.") == 303
    assert press(desk, matter, "reply", text="We are sorry.") == 303
    assert press(desk, matter, "close") == 303
    matter.refresh_from_db()
    assert matter.state == State.CLOSED and matter.owner == cast.handler
    assert "Open again" in desk.get(f"/matters/{matter.pk}/").content.decode()
    assert press(desk, matter, "reopen", text="She rang again.") == 303
    moves = [entry.move for entry in matter.entries.all()]
    assert moves == "receive take contact note extend reply close reopen".split()
    assert (
        'disabled aria-describedby="why-not"' in desk.get(f"/matters/{matter.pk}/").content.decode()
    )
    assert press(desk, matter, "close") == 409
    assert press(desk, matter, "reply", text="Now it is done.", and_close="1") == 303
    assert Matter.objects.get(pk=matter.pk).state == State.CLOSED


def test_nothing_closes_without_a_reply_by_address_either(cast: Cast, desk: Client) -> None:
    matter = put_in(cast)
    html = desk.get(f"/matters/{matter.pk}/").content.decode()
    assert 'disabled aria-describedby="why-not"' in html
    for move, fields in (("close", {}), ("reply", {"and_close": "1", "text": " "})):
        response = desk.post(f"/matters/{matter.pk}/{move}/", {"seen": last(matter), **fields})
        assert response.status_code == 409
        assert 'role="alert" tabindex="-1" autofocus' in response.content.decode()
    matter.refresh_from_db()
    assert matter.state == State.RECEIVED and matter.entries.count() == 1


@pytest.mark.parametrize("move", ["note", "reply", "contact", "extend", "assign", "reopen", "take"])
@pytest.mark.parametrize("is_closed", [False, True])
def test_what_is_refused_is_told_with_the_words_kept(
    cast: Cast, desk: Client, second: Member, move: str, is_closed: bool
) -> None:
    """Somebody else was quicker, and closed the matter or only put it off."""
    matter = put_in(cast)
    seen = last(matter)
    actions.extend(matter=matter, reason="Wait.", by=second)
    if is_closed:
        actions.reply(matter=matter, text="Sorry.", by=second, and_close=True)
    count = matter.entries.count()
    address = f"/matters/{matter.pk}/{move}/"
    response = desk.post(address, {"seen": seen, "text": LONG, "owner": second.pk})
    html = response.content.decode()
    assert response.status_code == 409 and matter.entries.count() == count
    assert html.count('role="alert" tabindex="-1" autofocus') == 1
    assert html.count("{{ 1 }}") == LONG.count("{{ 1 }}")


def test_two_handlers_at_once_the_second_sees_what_the_first_did(
    cast: Cast, desk: Client, second: Member
) -> None:
    matter = put_in(cast)
    seen = last(matter)
    assert press(browser(second), matter, "reply", text="The lamp is repaired.") == 303
    response = desk.post(f"/matters/{matter.pk}/reply/", {"seen": seen, "text": LONG})
    html = response.content.decode()
    assert response.status_code == 409 and "Meanwhile something was added" in html
    assert "The lamp is repaired." in html and 'class="is-new"' in html
    assert html.count("{{ 1 }}") == LONG.count("{{ 1 }}")
    assert matter.entries.filter(move="reply").count() == 1
    assert press(desk, matter, "reply", text=LONG) == 303, "sent again, it goes"


def test_a_page_that_does_not_say_what_it_saw_is_an_old_one(cast: Cast, desk: Client) -> None:
    matter = put_in(cast)
    for seen in ("", "x", "-1", "9" * 30, "\u0663"):
        assert press(desk, matter, "take", seen=seen) == 409
    assert matter.entries.count() == 1


def test_the_time_line_follows_by_itself(cast: Cast, desk: Client) -> None:
    matter = put_in(cast)
    seen = last(matter)
    actions.add_words(matter=matter, text="One thing more.")
    part = desk.get(f"/matters/{matter.pk}/?seen={seen}", headers={"HX-Request": "true"})
    html = part.content.decode()
    assert "One thing more." in html and "it is marked" in html and "<form" not in html


def test_who_is_signed_out_keeps_the_words(cast: Cast, client: Client) -> None:
    matter = put_in(cast)
    client.cookies["django_language"] = "en"
    response = client.post(f"/matters/{matter.pk}/reply/", {"text": LONG, "seen": "1"})
    html = response.content.decode()
    assert response.status_code == 403 and "no longer signed in" in html
    assert html.count("{{ 1 }}") == LONG.count("{{ 1 }}")
    assert "Two hours in line." not in html and matter.entries.count() == 1


def test_an_old_page_comes_back_with_the_words_and_changes_nothing(cast: Cast) -> None:
    matter = put_in(cast)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.handler)
    response = strict.post(f"/matters/{matter.pk}/reply/", {"text": LONG, "seen": last(matter)})
    html = response.content.decode()
    assert response.status_code == 403 and html.count("{{ 1 }}") == LONG.count("{{ 1 }}")
    assert matter.entries.count() == 1


def test_only_who_may_is_offered_and_taken(cast: Cast, desk: Client, second: Member) -> None:
    matter = put_in(cast, about=[cast.supervisor])
    elsewhere = member("S1", "某", cast.other, "complaint-handler")
    html = desk.get(f"/matters/{matter.pk}/").content.decode()
    offered = {int(pk) for pk in re.findall(r'<option value="(\d+)"', html)}
    assert offered == {second.pk} if matter.owner == cast.handler else {cast.handler.pk}
    for wrong in (cast.supervisor, cast.clerk, elsewhere):
        assert press(desk, matter, "assign", owner=wrong.pk) == 409
    assert press(desk, matter, "assign", owner=offered.pop()) == 303


# --- who may ---


@pytest.mark.parametrize("move", MOVES)
def test_a_matter_about_the_member_does_not_exist_for_them(
    cast: Cast, desk: Client, second: Member, move: str
) -> None:
    matter = put_in(cast, about=[cast.handler])
    other = put_in(cast)
    assert shown(desk) == [other.pk]
    assert shown(desk, f"?q={matter.reference}") == []
    html = desk.get("/matters/").content.decode()
    assert re.search(r'All open <span class="num">1</span>', html), "nor in the counts"
    assert desk.get(f"/matters/{matter.pk}/").status_code == 404
    assert press(desk, matter, move, text="Not true.", owner=second.pk) == 404
    assert desk.get(f"/matters/{matter.pk}/", headers={"HX-Request": "true"}).status_code == 404
    assert matter.entries.count() == 1
    assert press(browser(second), matter, "assign", owner=cast.handler.pk) == 409


def test_another_branch_and_other_roles(cast: Cast, client: Client) -> None:
    matter = put_in(cast)
    elsewhere = browser(member("S1", "某", cast.other, "complaint-handler"))
    assert elsewhere.get(f"/matters/{matter.pk}/").status_code == 404
    assert press(elsewhere, matter, "take") == 404
    for role in (cast.clerk, cast.guide, cast.administrator):
        assert browser(role).get("/matters/").status_code == 403
        assert browser(role).get(f"/matters/{matter.pk}/").status_code == 403
        assert press(browser(role), matter, "reply", text="Yes.") == 403
    assert client.get("/matters/").status_code == 302
    assert client.get(f"/matters/{matter.pk}/").status_code == 302
    assert matter.entries.count() == 1


def test_wrong_methods_and_moves(cast: Cast, desk: Client) -> None:
    matter = put_in(cast)
    assert desk.get(f"/matters/{matter.pk}/take/").status_code == 405
    assert desk.post(f"/matters/{matter.pk}/").status_code == 405
    assert desk.post("/matters/").status_code == 405
    assert press(desk, matter, "burn") == 404
    assert desk.post(f"/matters/{10**15}/take/").status_code == 404
    assert desk.get(f"/matters/{10**40}/").status_code == 404


def test_the_administration_shows_no_matter_about_the_member(cast: Cast) -> None:
    staff.grant(
        member=cast.handler, right=Right.ADMINISTRATION, branch=cast.branch, reason="test", by=None
    )
    matter, other = put_in(cast, about=[cast.handler]), put_in(cast)
    client = browser(cast.handler)
    assert client.get(f"/admin/complaints/matter/{other.pk}/change/").status_code == 200
    assert client.get(f"/admin/complaints/matter/{matter.pk}/change/").status_code == 302
    html = client.get("/admin/complaints/matter/").content.decode()
    assert other.printed_reference in html and matter.printed_reference not in html
    assert client.get("/admin/complaints/matter/add/").status_code == 403
    assert MatterAdmin.search_fields == ["=reference"]


# --- how much it asks of the database ---


def test_the_pages_take_a_fixed_number_of_queries(cast: Cast, desk: Client, second: Member) -> None:
    visit = cast.ticket()
    matter = put_in(cast, ticket=visit, about=[cast.clerk])
    pages = ["/matters/", "/matters/?show=closed&q=1234", f"/matters/{matter.pk}/"]
    few = [asked(desk, page) for page in pages]
    for number in range(20):
        more = put_in(cast, ticket=cast.ticket(), about=[second])
        actions.note(matter=matter, text="Again.", by=cast.handler)
        actions.add_words(matter=more, text="And again.")
        member(f"H{number}", "手", cast.branch, "complaint-handler")
    assert [asked(desk, page) for page in pages] == few == [10, 10, 11]


def asked(client: Client, address: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


# --- owners that are found later ---


def test_an_owner_is_found_as_soon_as_somebody_may(cast: Cast) -> None:
    matter = put_in(cast, about=[cast.handler, cast.supervisor])
    assert matter.owner is None and tasks.find_owners() == 0
    assert matter.entries.count() == 1, "nothing is written while there is nobody"
    second = member("N1301", "孙丽", cast.branch, "complaint-handler")
    assert tasks.find_owners() == 1 and tasks.find_owners() == 0
    assert Matter.objects.get(pk=matter.pk).owner == second
    assert [entry.move for entry in matter.entries.all()] == ["receive", "assign"]


def test_who_leaves_leaves_no_matter_behind(cast: Cast) -> None:
    matter = put_in(cast)
    closed = actions.reply(matter=put_in(cast), text="Done.", by=cast.handler, and_close=True)
    cast.handler.is_active = False
    cast.handler.save()
    assert tasks.find_owners() == 1
    matter.refresh_from_db()
    closed.refresh_from_db()
    assert matter.owner == cast.supervisor and closed.owner == cast.handler


# --- live ---


def test_the_nudge_changes_with_every_matter_and_tells_nothing(cast: Cast) -> None:
    before = nudges(cast)
    matter = put_in(cast, text="Secret.")
    after = nudges(cast)
    assert all(one != two for one, two in zip(before, after, strict=True))
    assert str(matter.pk) not in re.sub(r'data-rev="\w+"', "", "".join(after))
    before_it = live.matter_marks()
    actions.take(matter=matter, by=cast.handler)
    marks = live.matter_marks()
    (change,) = (marks[mark] for mark in marks.keys() - before_it.keys())
    assert (change.branch_id, change.event) == (cast.branch.pk, Event.MATTER_CHANGED)
    assert change.ids == {"matter": frozenset({matter.pk})}


def nudges(cast: Cast) -> list[str]:
    """What the streams of the branch and of all branches say now."""
    source = live.Matters()
    places = [source.resolve(["nanshan"]), source.resolve(["all"])]
    assert places == [(cast.branch.pk, ""), (ALL_BRANCHES, "")]
    assert source.resolve(["nowhere"]) is None and source.resolve([]) is None
    keys = [Key("matters", pk, "", "en") for pk in (cast.branch.pk, ALL_BRANCHES)]
    return [source.render(key.branch_id, [key])[key] for key in keys]
