"""Anybody finds a service's guide by words, reads it in their language, and prints it."""

from __future__ import annotations

import pytest
from django.test import Client

from hall.models import Service, ServiceGuide
from hall.screens import service_guides
from tests.cast import Cast
from tests.guides import TEXTS, publish

pytestmark = pytest.mark.once  # the database makes no difference


@pytest.fixture
def hall(cast: Cast) -> Cast:
    """Two services with guides: the pension in two languages, medical costs in Chinese alone."""
    publish(cast.pension.service, "zh-hans", "en")
    publish(
        cast.medical.service,
        "zh-hans",
        summary="报销医疗费用。",
        documents="发票\n身份证",
        conditions="",
    )
    return cast


def look(address: str, language: str = "en", status: int = 200, **query: str) -> str:
    """What a page shows to somebody who reads this language."""
    client = Client()
    client.cookies.load({"django_language": language})
    response = client.get(address, query)
    assert response.status_code == status
    return response.content.decode()


def found(typed: str, language: str = "en") -> list[str]:
    """The services that a search finds, exactly or nearly."""
    return [guide.service.slug for guide in service_guides.search(typed, language).guides]


# --- finding ---


def test_the_list_has_every_service_with_a_guide_once(hall: Cast) -> None:
    page = look("/guide/")
    assert page.count('href="/guide/retire/"') == page.count('href="/guide/refund/"') == 1
    assert "Pension" in page and 'data-icon="pension"' in page
    assert "/guide/refund/" in look("/guide/", "zh-hant")


@pytest.mark.parametrize(
    "typed",
    [
        "retirement",
        "RETIRE",
        "card pension",
        "  papers,  ticket ",
        "ｐｅｎｓｉｏｎ",
        "退休",
        "养老保险",
    ],
)
def test_words_are_looked_for_in_names_and_texts(hall: Cast, typed: str) -> None:
    result = service_guides.search(typed, "en")
    assert not result.is_loose
    assert [guide.service.slug for guide in result.guides] == ["retire"]


def test_every_word_must_be_there(hall: Cast) -> None:
    assert service_guides.search("身份证 发票", "zh-hans").guides[0].service.slug == "refund"
    assert found("身份证", "zh-hans") == ["retire", "refund"] or found("身份证", "zh-hans") == [
        "refund",
        "retire",
    ]


def test_a_name_goes_before_a_text(hall: Cast) -> None:
    ServiceGuide.objects.filter(service__slug="refund").update(conditions="退休职工也可以申请")
    assert found("退休", "zh-hans") == ["retire", "refund"]


@pytest.mark.parametrize("typed", ["怎么办退休", "申请退休要什么", "医疗报销多久"])
def test_chinese_without_spaces_finds_what_comes_near(hall: Cast, typed: str) -> None:
    result = service_guides.search(typed, "zh-hans")
    assert result.is_loose
    assert result.guides[0].service.slug == ("refund" if "医疗" in typed else "retire")


def test_a_short_form_finds_the_long_one(hall: Cast) -> None:
    Service.objects.filter(slug="refund").update(name_zh_hans="社会保障卡申领")
    result = service_guides.search("社保卡", "zh-hans")
    assert [guide.service.slug for guide in result.guides] == ["refund"] and not result.is_loose
    assert found("办社保卡", "zh-hans")[0] == "refund"
    ServiceGuide.objects.filter(service__slug="retire").update(summary="凭社保卡办理")
    assert found("社保卡", "zh-hans") == ["refund", "retire"]


def test_an_ending_does_not_matter(hall: Cast) -> None:
    assert found("pensions") == found("retiring") == ["retire"]


def test_a_near_miss_says_so(hall: Cast) -> None:
    page = look("/guide/", q="pension spaceship")
    assert "No guide has all of “pension spaceship”." in page
    assert "/guide/retire/" in page


def test_nothing_found_says_what_to_do_and_shows_all(hall: Cast) -> None:
    page = look("/guide/", q="zzz")
    assert "We found nothing for “zzz”" in page
    assert "Try a shorter or another word" in page
    assert "/guide/retire/" in page and 'value="zzz"' in page


def test_blank_is_no_search(hall: Cast) -> None:
    assert "We found nothing" not in look("/guide/", q="   ")


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        "' OR 'x'='x",
        "%",
        "_",
        "\x00",
        "\\",
        "()[]{}*+?",
        "𠮷" * 300,
        "a " * 4000,
        "\u202e\ufeff",
        "🙂",
        "{{ 7*7 }}",
    ],
)
def test_hostile_words_are_words(hall: Cast, typed: str) -> None:
    for language in ("en", "zh-hans"):
        page = look("/guide/", language, q=typed)
        assert "<script>alert" not in page
        assert "{{ 7*7 }}" in page or typed != "{{ 7*7 }}"


def test_a_hall_without_guides_says_so(cast: Cast) -> None:
    assert "There is no guide yet." in look("/guide/")


# --- reading ---


def test_a_guide_has_everything(hall: Cast) -> None:
    page = look("/guide/retire/")
    for text in TEXTS["en"].values():
        assert all(line.strip() in page for line in text.splitlines())
    assert page.count('type="checkbox"') == 2
    assert "/guide/retire/print/" in page


def test_a_blank_element_has_no_heading(hall: Cast) -> None:
    ServiceGuide.objects.filter(language="en").update(basis="", steps="", conditions="")
    page = look("/guide/retire/")
    assert "Policy basis" not in page and "Step by step" not in page


def test_a_guide_says_where_to_go_and_how_many_wait(hall: Cast) -> None:
    hall.ticket()
    hall.ticket()
    hall.ticket(hall.medical)
    page = look("/guide/retire/")
    # The counters that serve it serve the other service, too: all three go before a newcomer.
    assert "3 people waiting now" in page
    assert "Nanshan Service Hall" in page and "Shekou Station" in page
    assert "Nobody waiting now" in page and "Zone A, floor 1" in page


def test_a_service_that_is_closed_everywhere_says_so(hall: Cast) -> None:
    hall.medical.is_open = False
    hall.medical.save()
    assert "No branch takes tickets for this service now." in look("/guide/refund/")


def test_a_guide_that_is_not_there_in_ones_language(hall: Cast) -> None:
    page = look("/guide/refund/")
    assert "This guide is not there in your language yet" in page
    assert "报销医疗费用。" in page and 'lang="zh-Hans">' in page
    assert "not there in your language" not in look("/guide/retire/")


def test_a_guide_in_one_other_language_alone(hall: Cast) -> None:
    ServiceGuide.objects.filter(service__slug="retire", language="zh-hans").delete()
    assert "Employees of retirement age" in look("/guide/retire/", "zh-hant")


@pytest.mark.parametrize("address", ["/guide/nothing/", "/guide/nothing/print/"])
def test_a_guide_that_is_none(hall: Cast, address: str) -> None:
    look(address, status=404)


def test_text_is_shown_as_text(hall: Cast) -> None:
    ServiceGuide.objects.filter(language="en").update(summary="<b>bold</b>", fee="<i>\nfree")
    for address in ("/guide/retire/", "/guide/retire/print/", "/kiosk/nanshan/guides/retire/"):
        page = look(address)
        assert "<b>bold" not in page and "<i>" not in page


@pytest.mark.parametrize("address", ["/guide/", "/guide/retire/", "/guide/retire/print/"])
def test_guides_are_only_read(hall: Cast, address: str) -> None:
    assert Client().post(address).status_code == 405


# --- on paper ---


def test_the_paper_has_the_whole_guide_and_a_way_back(hall: Cast) -> None:
    page = look("/guide/retire/print/")
    for text in TEXTS["en"].values():
        assert all(line.strip() in page for line in text.splitlines())
    assert "checkbox" not in page and "service-guides-paper.css" in page
    assert 'href="/guide/retire/"' in page


# --- from the ticket ---


def test_the_ticket_leads_to_its_guide(hall: Cast) -> None:
    page = look(hall.ticket(language="en").get_absolute_url())
    assert 'href="/guide/retire/?lang=en"' in page
    visitor = Client()
    answer = visitor.get("/guide/retire/?lang=en", follow=True)
    assert "Employees of retirement age" in answer.content.decode()


@pytest.mark.parametrize("asked", ["", "fr", "//evil"])
def test_a_chosen_language_stays(hall: Cast, asked: str) -> None:
    assert "达到退休年龄" in look(f"/guide/retire/?lang={asked}", "zh-hans")


def test_a_ticket_without_a_guide_leads_nowhere(cast: Cast) -> None:
    assert "/guide/" not in look(cast.ticket().get_absolute_url())
