"""The rating pad: asks only after a finish, once, the visitor alone, on the counter's own pad."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from complaints.models import Matter
from hall import devices
from hall.actions.device import hashed
from hall.live import Key
from hall.models import Counter, Device
from queueing import actions as queue
from queueing.models import Ticket
from ratings import actions, rateable, signed
from ratings import streams as live
from ratings.models import Grade, Rating, Via
from ratings.screens import pad as pad_screen
from ratings.screens.pad import PAD_SECONDS
from staff.models import Member
from tests.cast import Cast, member
from tests.crowd import all_at_once

PAD = "/pad/nanshan/3/"
RATE, REASONS = f"{PAD}rate/", f"{PAD}reasons/"
ASKS = 'class="pad-ask"'
NAME = re.compile(r'name="visit" value="([^"]+)"')
GIVEN = re.compile(r'name="given" value="([^"]+)"')
SECOND = dt.timedelta(seconds=1)


def pad_at(counter: Counter, kind: str = Device.Kind.PAD, secret: str = "secret") -> Client:
    """The browser of a paired screen, in English."""
    Device.objects.create(
        secret_hash=hashed(secret),
        branch=counter.branch,
        counter=counter,
        kind=kind,
        paired_at=timezone.now(),
        seen_at=timezone.now(),
    )
    client = Client()
    client.cookies.load({devices.COOKIE: secret, "django_language": "en"})
    return client


@pytest.fixture
def pad(cast: Cast) -> Client:
    """The pad of counter 3."""
    return pad_at(cast.counters[3])


def served(cast: Cast, number: int = 3, by: Member | None = None) -> Ticket:
    """An English visitor's visit at a counter, finished just now."""
    ticket = cast.ticket(language="en")
    by = by or cast.clerk
    queue.call(ticket=ticket, sitting=cast.sit(number, by), by=by)
    queue.start(ticket=ticket, by=by)
    return queue.finish(ticket=ticket, by=by)


def text_of(client: Client, address: str = PAD) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def visit_asked(client: Client, address: str = PAD) -> str:
    """What the form calls the visit that the pad asks for."""
    found = NAME.search(text_of(client, address))
    assert found, "the pad asks nothing"
    return found[1]


def tap(client: Client, visit: str, grade: str = "satisfied", address: str = RATE) -> int:
    """Tap a face; the answer's status."""
    return client.post(address, {"visit": visit, "grade": grade, "speak": "en"}).status_code


def thanked(client: Client, grade: str = "satisfied") -> str:
    """Rate what is asked, and come to the thanks."""
    form = {"visit": visit_asked(client), "grade": grade, "speak": "en"}
    response = client.post(RATE, form, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def later(visit: Ticket, length: dt.timedelta) -> None:
    """Let the visit have ended so long ago."""
    visit.steps.filter(move="finish").update(at=visit.state_since - length)
    Ticket.objects.filter(pk=visit.pk).update(state_since=visit.state_since - length)


# --- what it shows ---


def test_idle_it_shows_who_serves_here(cast: Cast, pad: Client) -> None:
    cast.sit()
    page = text_of(pad)
    for wanted in ("Member N1003", "Officer", "N1003", "Your supervision is welcome"):
        assert wanted in page
    assert ASKS not in page


def test_the_department_is_the_post(cast: Cast, pad: Client) -> None:
    department = cast.branch.departments.get()
    Counter.objects.filter(pk=cast.counters[3].pk).update(department=department)
    cast.sit()
    assert "Pension section" in text_of(pad)


def test_nobody_there_the_counter_is_closed(cast: Cast, pad: Client) -> None:
    page = text_of(pad)
    assert "This counter is closed" in page and "ground floor, right of the door" in page


def test_after_a_visit_it_asks_in_the_visitors_language(cast: Cast, pad: Client) -> None:
    visit = served(cast)
    pad.cookies.load({"django_language": "zh-hans"})
    page = text_of(pad)
    assert "How was your visit?" in page and visit.code in page
    assert page.count("How was your visit?") == 1 and '<html lang="zh-Hans">' in page
    assert "李晓梅" in page, "the card beneath speaks the hall's language"
    assert "How was your visit?" not in text_of(pad, f"{PAD}?speak=zh-hant")
    assert 'lang="zh-hant"' in text_of(pad, f"{PAD}?speak=zh-hant")


def test_the_ticket_is_not_to_be_read_from_the_pad(cast: Cast, pad: Client) -> None:
    visit = served(cast)
    assert visit.token not in text_of(pad)
    assert visit.token not in thanked(pad, "dissatisfied")


def test_the_pads_of_a_hall(cast: Cast, client: Client) -> None:
    page = text_of(client, "/pad/")
    assert all(f'href="/pad/nanshan/{number}/"' in page for number in (3, 4, 5))
    assert 'href="/pad/shekou/1/"' in page


@pytest.mark.parametrize("path", ["nowhere/3", "nanshan/99", "shekou/3", "nanshan/x"])
def test_an_unknown_counter_is_not_found(cast: Cast, client: Client, path: str) -> None:
    assert client.get(f"/pad/{path}/").status_code == 404
    assert client.post(f"/pad/{path}/rate/").status_code == 404


def test_a_failure_shows_a_page_that_comes_back(
    cast: Cast, pad: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(pad_screen, "pads", fail)
    response = pad.get(PAD)
    assert (response.status_code, response.headers["Refresh"]) == (503, "10")


# --- when it asks ---


def test_one_tap_is_a_rating(cast: Cast, pad: Client) -> None:
    visit = served(cast)
    assert "You chose: satisfied" in thanked(pad)
    rating = Rating.objects.get()
    assert (rating.ticket, rating.grade, rating.via) == (visit, Grade.SATISFIED, Via.PAD)
    assert rating.device == Device.objects.get() and rating.counter == cast.counters[3]
    assert ASKS not in text_of(pad)


def test_not_satisfied_opens_a_case_whose_number_the_counter_does_not_show(
    cast: Cast, pad: Client
) -> None:
    visit = served(cast)
    page = thanked(pad, "dissatisfied")
    matter = Matter.objects.get(ticket=visit)
    assert "We are sorry." in page
    for secret in (matter.reference, matter.printed_reference, matter.token):
        assert secret not in page


def test_it_does_not_ask_before_the_finish(cast: Cast, pad: Client) -> None:
    ticket = cast.ticket()
    queue.call(ticket=ticket, sitting=cast.sit(), by=cast.clerk)
    assert ASKS not in text_of(pad)
    queue.start(ticket=ticket, by=cast.clerk)
    assert ASKS not in text_of(pad)
    forged = pad_screen.Question(ticket, cast.counters[3], timezone.now() + 60 * SECOND).name
    assert tap(pad, forged) == 409
    assert not Rating.objects.exists()


def test_a_visit_that_goes_on_is_not_rated(cast: Cast, pad: Client) -> None:
    visit = served(cast)
    name = visit_asked(pad)
    queue.reopen(ticket=visit, by=cast.clerk)
    assert ASKS not in text_of(pad)
    assert tap(pad, name) == 409
    queue.finish(ticket=visit, by=cast.clerk)
    assert ASKS in text_of(pad)


def test_the_time_runs_out(cast: Cast, pad: Client) -> None:
    visit = served(cast)
    name = visit_asked(pad)
    later(visit, dt.timedelta(seconds=PAD_SECONDS.default - 3))
    assert ASKS in text_of(pad)
    later(visit, dt.timedelta(seconds=PAD_SECONDS.default + 4))
    assert ASKS not in text_of(pad)
    response = pad.post(RATE, {"visit": name, "grade": "dissatisfied", "speak": "en"})
    assert response.status_code == 409
    assert "You can still rate the visit on the page of your ticket" in response.content.decode()
    assert not Rating.objects.exists() and not Matter.objects.exists()


def nothing(cast: Cast, ticket: Ticket) -> None:
    """The next visitor stands at the counter."""


def gone(cast: Cast, ticket: Ticket) -> None:
    queue.return_to_line(ticket=ticket, by=cast.clerk)


def missed(cast: Cast, ticket: Ticket) -> None:
    queue.no_show(ticket=ticket, by=cast.clerk)


def passed_on(cast: Cast, ticket: Ticket) -> None:
    queue.start(ticket=ticket, by=cast.clerk)
    queue.transfer(ticket=ticket, offering=cast.medical, by=cast.clerk)


@pytest.mark.parametrize("then", [nothing, gone, missed, passed_on])
def test_the_next_call_ends_the_question_for_good(
    cast: Cast, pad: Client, then: Callable[[Cast, Ticket], None]
) -> None:
    served(cast)
    name, following = visit_asked(pad), cast.ticket()
    queue.call(ticket=following, sitting=cast.sit(), by=cast.clerk)
    then(cast, following)
    assert ASKS not in text_of(pad)
    assert tap(pad, name) == 409
    assert not Rating.objects.exists()


def test_the_clerk_may_leave_meanwhile(cast: Cast, pad: Client) -> None:
    served(cast)
    queue.leave(by=cast.clerk)
    page = text_of(pad)
    assert ASKS in page and "This counter is closed" in page
    assert tap(pad, visit_asked(pad)) == 303
    assert Rating.objects.get().member == cast.clerk


def test_a_visit_that_the_day_closed_is_not_asked_for(cast: Cast, pad: Client) -> None:
    ticket = cast.ticket()
    queue.call(ticket=ticket, sitting=cast.sit(), by=cast.clerk)
    queue.start(ticket=ticket, by=cast.clerk)
    queue.close_day(branch=cast.branch, day=ticket.day)
    assert ASKS not in text_of(pad)


def test_no_rating_counts_as_nothing(cast: Cast, pad: Client) -> None:
    served(cast)
    text_of(pad)
    served(cast)
    assert not Rating.objects.exists() and not Matter.objects.exists()


def test_a_tap_in_the_last_moment_counts(cast: Cast, pad: Client) -> None:
    visit = served(cast)
    later(visit, dt.timedelta(seconds=PAD_SECONDS.default - 5))
    name = visit_asked(pad)
    later(Ticket.objects.get(), 6 * SECOND)
    assert ASKS not in text_of(pad)
    assert tap(pad, name) == 303


# --- whose form ---


def test_a_form_of_another_counter_rates_nothing(cast: Cast, pad: Client) -> None:
    served(cast)
    served(cast, 4, cast.colleague)
    other = visit_asked(pad_at(cast.counters[4], secret="other"), "/pad/nanshan/4/")
    assert tap(pad, other) == 409
    assert tap(pad, other, address="/pad/nanshan/4/rate/") == 403, "not the pad of that counter"
    assert not Rating.objects.exists()


def test_the_form_of_the_visit_before_rates_nothing(cast: Cast, pad: Client) -> None:
    served(cast)
    before = visit_asked(pad)
    served(cast)
    assert visit_asked(pad) != before
    assert tap(pad, before) == 409
    assert not Rating.objects.exists()


@pytest.mark.parametrize("visit", ["", "x", "1", "W10:forged", "é\0", "'" * 5000])
def test_a_forged_form_rates_nothing(cast: Cast, pad: Client, visit: str) -> None:
    served(cast)
    assert tap(pad, visit) == 409
    assert not Rating.objects.exists()


@pytest.mark.parametrize("grade", ["", "excellent", "SATISFIED", "\0"])
def test_a_grade_that_is_none_is_refused(cast: Cast, pad: Client, grade: str) -> None:
    served(cast)
    assert tap(pad, visit_asked(pad), grade) == 409
    assert not Rating.objects.exists()


def test_a_signed_name_is_good_for_its_counter_and_time_alone(cast: Cast) -> None:
    here, there, now = cast.counters[3], cast.counters[4], timezone.now()
    name = signed.name(signed.VISIT, 7, here, now + SECOND)
    assert signed.opened(signed.VISIT, name, here, now) == 7
    assert signed.opened(signed.VISIT, name, there, now) is None
    assert signed.opened(signed.RATING, name, here, now) is None, "a visit's name is no rating's"
    assert signed.opened(signed.VISIT, name, here, now + 2 * SECOND) is None


# --- never twice, never by the staff, on no other screen ---


def test_a_double_tap_is_one_rating_and_one_thanks(cast: Cast, pad: Client) -> None:
    served(cast)
    name = visit_asked(pad)
    assert tap(pad, name) == 303
    assert tap(pad, name, "dissatisfied") == 303, "the first tap counts; the second is thanked"
    assert Rating.objects.get().grade == Grade.SATISFIED
    assert not Matter.objects.exists()


def test_rated_on_the_phone_it_asks_no_more(cast: Cast, pad: Client) -> None:
    visit = served(cast)
    name = visit_asked(pad)
    actions.rate(ticket=visit, grade=Grade.BASICALLY, via=Via.PHONE)
    assert ASKS not in text_of(pad)
    assert tap(pad, name, "dissatisfied") == 409
    assert Rating.objects.get().grade == Grade.BASICALLY


@pytest.mark.django_db(transaction=True)
def test_taps_in_two_windows_at_once_give_one_rating(cast: Cast, pad: Client) -> None:
    served(cast)
    name = visit_asked(pad)

    def press(grade: str) -> int:
        client = Client()
        client.cookies.load({devices.COOKIE: "secret"})
        return tap(client, name, grade)

    answers = all_at_once(["satisfied", "dissatisfied", "basically"] * 3, press)
    assert answers == [303] * 9
    assert Rating.objects.count() == 1
    assert Matter.objects.count() == Rating.objects.filter(grade="dissatisfied").count()


@pytest.mark.parametrize("role", ["clerk", "colleague", "supervisor", "administrator"])
def test_nobody_of_the_staff_rates(cast: Cast, pad: Client, role: str) -> None:
    served(cast)
    name = visit_asked(pad)
    pad.force_login(getattr(cast, role))
    response = pad.post(RATE, {"visit": name, "grade": "satisfied", "speak": "en"})
    assert response.status_code == 403
    assert "Only the visitor rates the visit." in response.content.decode()
    assert not Rating.objects.exists()


def test_the_clerk_does_not_slip_in_behind_the_visitor(cast: Cast, pad: Client) -> None:
    served(cast)
    name, page = visit_asked(pad), thanked(pad, "dissatisfied")
    given = GIVEN.search(page)
    assert given
    pad.force_login(cast.clerk)
    assert tap(pad, name) == 403, "the visitor's thanks are not the clerk's"
    response = pad.post(REASONS, {"given": given[1], "reasons": ["slow"]})
    assert response.status_code == 403
    assert not Rating.objects.get().remarks.exists()


def test_the_clerks_own_browser_is_no_pad(cast: Cast, pad: Client) -> None:
    """The clerk reads the form off the public stream, and sends it signed out."""
    served(cast)
    name, elsewhere = visit_asked(pad), Client()
    elsewhere.cookies.load({"django_language": "en"})
    page = text_of(elsewhere)
    assert "This screen is not paired with counter 3" in page and 'href="/screens/"' in page
    assert name not in page
    assert tap(elsewhere, name) == 403
    assert not Rating.objects.exists()


@pytest.mark.parametrize("kind", [Device.Kind.DISPLAY, Device.Kind.KIOSK, Device.Kind.BOARD])
def test_another_screen_is_no_pad(cast: Cast, pad: Client, kind: str) -> None:
    served(cast)
    name, other = visit_asked(pad), pad_at(cast.counters[3], kind, "other")
    assert "is not paired with counter 3" in text_of(other)
    assert tap(other, name) == 403
    assert not Rating.objects.exists()


def test_a_pad_of_another_counter_or_out_of_use_is_none(cast: Cast, pad: Client) -> None:
    served(cast)
    name, other = visit_asked(pad), pad_at(cast.counters[4], secret="other")
    assert tap(other, name) == 403
    Device.objects.update(revoked_at=timezone.now())
    assert tap(pad, name) == 403
    assert not Rating.objects.exists()


def test_in_a_trial_any_browser_is_a_pad(cast: Cast, client: Client, settings: Settings) -> None:
    settings.HALL_TRIAL = True
    served(cast)
    assert tap(client, visit_asked(client)) == 303
    client.force_login(cast.clerk)
    served(cast)
    assert tap(client, visit_asked(client)) == 403, "but of no member of staff"


def test_a_form_from_elsewhere_rates_nothing(cast: Cast, pad: Client) -> None:
    served(cast)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = pad.cookies
    assert tap(strict, visit_asked(pad)) == 403
    assert pad.get(RATE).status_code == 405 and pad.post(PAD).status_code == 405


# --- thanks, and reasons ---


def test_reasons_are_offered_by_aspect(cast: Cast, pad: Client) -> None:
    served(cast)
    good = thanked(pad)
    assert "Explained clearly" in good or "explained clearly" in good
    assert 'value="slow"' not in good and 'value="quick"' in good
    served(cast)
    bad = thanked(pad, "basically")
    assert 'value="slow"' in bad and 'value="quick"' not in bad
    for aspect in ("attitude", "quality", "efficiency"):
        assert f"<legend>{aspect}</legend>" in bad


def test_reasons_are_kept_once(cast: Cast, pad: Client) -> None:
    served(cast)
    given = GIVEN.search(thanked(pad, "dissatisfied"))
    assert given
    form = {"given": given[1], "reasons": ["slow", "waited", "quick"], "speak": "en"}
    for _tap in range(2):
        page = pad.post(REASONS, form, follow=True).content.decode()
        assert "Thank you for telling us." in page
    rating = Rating.objects.get()
    assert {each.reason for each in rating.remarks.all()} == {"slow", "waited"}
    assert rating.matter and rating.matter.entries.filter(move="words").count() == 1


def test_who_says_nothing_more_may_do_so_on_the_phone(cast: Cast, pad: Client) -> None:
    served(cast)
    given = GIVEN.search(thanked(pad))
    assert given
    response = pad.post(REASONS, {"given": given[1]})
    assert (response.status_code, response.headers["Location"]) == (303, PAD)
    assert rateable.may_explain(Rating.objects.get())


def test_reasons_of_nobody_lead_back(cast: Cast, pad: Client) -> None:
    for address in (REASONS, f"{REASONS}?given=forged"):
        response = pad.get(address)
        assert (response.status_code, response.headers["Location"]) == (303, PAD)
    assert pad.post(REASONS, {"given": "x", "reasons": ["slow"]}).headers["Location"] == PAD


# --- live, and how much it asks of the database ---


def rendered(cast: Cast, *subjects: str) -> list[str]:
    counters = {str(number): str(each.pk) for number, each in cast.counters.items()}
    named = [subject.partition("/") for subject in subjects]
    found = [f"{counters[number]}{slash}{language}" for number, slash, language in named]
    keys = [Key("pad", cast.branch.pk, subject, "en") for subject in found]
    parts = live.Pad().render(cast.branch.pk, keys)
    return [parts[key] for key in keys]


def test_the_live_part_is_that_of_the_page(cast: Cast, pad: Client) -> None:
    served(cast)
    (part,) = rendered(cast, "3")
    page = re.sub(r'<input type="hidden" name="csrfmiddlewaretoken"[^>]*>', "", text_of(pad))
    assert "".join(part.split()) in "".join(page.split())


def test_the_live_part_changes_only_with_the_counter(cast: Cast) -> None:
    served(cast)
    assert rendered(cast, "3") == rendered(cast, "3")


def test_a_chosen_language_has_a_stream_of_its_own(cast: Cast) -> None:
    pad = live.Pad()
    pk = cast.counters[3].pk
    assert pad.resolve(["nanshan", "3"]) == (cast.branch.pk, f"{pk}")
    assert pad.resolve(["nanshan", "3", "zh-hans"]) == (cast.branch.pk, f"{pk}/zh-hans")
    for path in (["nanshan"], ["nanshan", "x"], ["nanshan", "99"], ["a", "3"], ["nanshan"] * 4):
        assert pad.resolve(path) is None
    served(cast)
    plain, chinese, unknown = rendered(cast, "3", "3/zh-hans", "3/xx")
    assert "How was your visit?" in plain and "How was your visit?" not in chinese
    assert unknown == plain


def test_a_rating_and_its_reasons_are_seen_without_redis(cast: Cast) -> None:
    before = live.rating_marks()
    rating = actions.rate(ticket=served(cast), grade=Grade.SATISFIED, via=Via.PHONE)
    given = live.rating_marks()
    actions.explain(rating=rating, reasons=["quick"])
    assert before != given != live.rating_marks()


def test_all_pads_of_a_hall_take_a_fixed_number_of_queries(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    served(cast)
    with django_assert_num_queries(5):
        rendered(cast, "3")
    for number in range(20, 32):
        counter = Counter.objects.create(branch=cast.branch, number=number)
        counter.services.set([cast.pension.service])
        cast.counters[number] = counter
        served(cast, number, member(f"C{number}", "乙", cast.branch, "clerk"))
    with django_assert_num_queries(5):
        parts = rendered(cast, *map(str, cast.counters))
    assert sum(ASKS in part for part in parts) == 13


def test_a_page_asks_no_more_than_it_shows(cast: Cast, pad: Client) -> None:
    served(cast)
    text_of(pad)
    with CaptureQueriesContext(connection) as queries:
        text_of(pad)
    assert len(queries) == 6
