"""The demo hall is complete, hangs together, and may be loaded again at any time."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count, F
from opencc import OpenCC
from PIL import Image, ImageChops, ImageStat
from pytest_django.fixtures import Settings

from demo.people import load as people
from demo.place import load as place
from demo.rows import rows
from hall.models import (
    Branch,
    Category,
    Counter,
    Notice,
    Offering,
    Service,
    ServiceGuide,
    SpecialDay,
)
from staff import access
from staff.models import Member
from staff.rights import Right
from staff.roles import ROLES
from tools.portraits import portrait

pytestmark = pytest.mark.once  # the database makes no difference

ELEMENTS = {field.name for field in ServiceGuide._meta.fields} - {"id", "service", "language"}
LISTS = ("documents", "conditions", "steps", "basis")
# Where Hong Kong writes something else than OpenCC does.
HONG_KONG = {
    "複核": "覆核",
    "瞭解": "了解",
    "短信": "短訊",
    "信息": "資訊",
    "聯繫": "聯絡",
    "賬號": "帳號",
    "羣": "群",
    "儘": "盡",
    "峯": "峰",
    "啓": "啟",
    "“": "「",
    "”": "」",
}
Load = Callable[..., str]


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the portraits are copied to, once for all these tests."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture
def load(db: None, media: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> Load:
    """Runs the command and returns the line that it prints."""
    settings.MEDIA_ROOT = media

    def run(*options: str) -> str:
        call_command("demo", *options)
        return capsys.readouterr().out

    return run


@pytest.fixture
def demo(load: Load) -> str:
    """The demo hall, loaded; the line that the command printed."""
    return load()


def texts(data: Any) -> Iterator[tuple[str, str]]:
    """Each text in Simplified Chinese with the same one in Traditional Chinese."""
    if isinstance(data, list):
        for row in data:
            yield from texts(row)
    elif isinstance(data, dict):
        for name, value in data.items():
            if name.endswith("_zh_hans"):
                yield value, data[name.replace("_zh_hans", "_zh_hant")]
            yield from texts(value)


def test_the_hall_has_its_size(demo: str) -> None:
    main = Branch.objects.get(slug="nanshan")
    assert main.counters.count() == 40
    assert main.departments.count() == 9
    assert set(main.zones.values_list("floor", flat=True)) == {1, 2}
    assert 4 <= main.zones.count() <= 5
    assert main.offerings.count() == Service.objects.count() == 32
    assert Category.objects.count() == 12
    assert ServiceGuide.objects.count() == 3 * 32
    assert Notice.objects.count() >= 12
    assert demo.startswith("Demo hall: added 12 categories, 32 services, 4 branches")


def test_the_stations_have_theirs(demo: str) -> None:
    stations = Branch.objects.filter(kind=Branch.Kind.STATION)
    assert {station.slug for station in stations} == {"oct", "shekou", "xili"}
    for station in stations:
        assert 5 <= station.counters.count() <= 6
        assert station.departments.count() == 1
        assert 15 <= station.offerings.count() < 32


def test_each_service_on_offer_is_served_by_two_counters_of_its_branch(demo: str) -> None:
    for offering in Offering.objects.select_related("branch", "service"):
        counters = offering.branch.counters.filter(services=offering.service)
        assert counters.count() >= 2, offering
        assert offering.zone in {counter.zone for counter in counters}
        assert offering.department in {counter.department for counter in counters}


def test_each_counter_serves_only_what_its_branch_offers(demo: str) -> None:
    for counter in Counter.objects.prefetch_related("services", "branch__offerings"):
        offered = {offering.service_id for offering in counter.branch.offerings.all()}
        assert counter.services.all()
        assert {service.pk for service in counter.services.all()} <= offered


def test_nothing_refers_to_another_branch(demo: str) -> None:
    for model in (Counter, Offering):
        strays = model.objects.exclude(zone__branch=F("branch"), department__branch=F("branch"))
        assert not strays.exists()


def test_a_prefix_belongs_to_one_category_in_every_branch(demo: str) -> None:
    prefixes = defaultdict(set)
    for offering in Offering.objects.select_related("service"):
        prefixes[offering.service.category_id].add(offering.prefix)
    used = [prefix for own in prefixes.values() for prefix in own]
    assert len(used) == len(set(used)) == 12
    assert not set(used) & set("IOQ")  # too like 1 and 0


def test_a_prefix_never_names_another_zone(demo: str) -> None:
    """Who holds D012 and waits in zone C would walk to zone D."""
    zones = {"A", "B", "C", "D", "E"}
    for offering in Offering.objects.filter(branch__slug="nanshan", prefix__in=zones):
        assert offering.zone is not None
        assert offering.zone.name_zh_hans[0] == offering.prefix


@pytest.mark.parametrize("language", ServiceGuide.Language.values)
def test_guides_are_complete(language: str) -> None:
    for slug, guide in place.guides().items():
        assert set(guide[language]) == ELEMENTS, slug
        assert all(text.strip() == text != "" for text in guide[language].values()), slug


def test_guides_say_that_they_are_samples() -> None:
    for guide in place.guides().values():
        assert "示例文本" in guide["zh-hans"]["summary"]
        assert "示例文本" in guide["zh-hans"]["asking"]
        assert "示例文本" in guide["zh-hant"]["summary"]
        assert "Sample text" in guide["en"]["summary"]


def test_lists_have_the_same_items_in_every_language() -> None:
    for slug, guide in place.guides().items():
        for element in LISTS:
            lengths = {len(guide[language][element].splitlines()) for language in guide}
            assert len(lengths) == 1, (slug, element)


def test_english_guides_hold_no_chinese() -> None:
    for guide in place.guides().values():
        assert not [c for text in guide["en"].values() for c in text if "\u3000" <= c <= "\uffef"]


def test_traditional_chinese_is_no_simplified_chinese() -> None:
    convert = OpenCC("s2hk").convert

    def hong_kong(text: str) -> str:
        text = convert(text)
        for usual, ours in HONG_KONG.items():
            text = text.replace(usual, ours)
        return text

    pairs = [pair for file in place.HERE.glob("[!g]*.json") for pair in texts(rows(file))]
    pairs += texts(rows(people.PEOPLE))
    for guide in place.guides().values():
        pairs += [(text, guide["zh-hant"][name]) for name, text in guide["zh-hans"].items()]
    assert len(pairs) > 600
    assert [(hans, hant) for hans, hant in pairs if hong_kong(hans) != hant] == []


def test_chinese_texts_use_chinese_punctuation() -> None:
    for guide in place.guides().values():
        for text in [*guide["zh-hans"].values(), *guide["zh-hant"].values()]:
            assert not set(text) & set(",;()?!"), text


def test_every_name_is_there_in_every_language(demo: str) -> None:
    for model in (Branch, Category, Service, Member):
        assert not model.objects.filter(name_zh_hant="").exists()
        assert not model.objects.filter(name_en="").exists()
    assert not Branch.objects.filter(address_en="").exists()
    assert not Notice.objects.filter(text_en="").exists()


def test_holidays_are_not_worked_and_swapped_weekends_are(demo: str) -> None:
    assert SpecialDay.objects.get(date="2026-10-01").is_working is False
    assert SpecialDay.objects.get(date="2026-10-10").is_working is True
    for day in SpecialDay.objects.all():
        assert day.reason
        assert not day.is_working or day.date.weekday() >= 5
    assert SpecialDay.objects.filter(date__year=2027).exists()


def test_every_role_has_somebody_and_a_portrait(demo: str, media: Path) -> None:
    assert Member.objects.count() >= 60
    for role in ROLES:
        assert access.with_role(role.slug).exists(), role.slug
    for member in Member.objects.all():
        assert member.grants.count() == 1
        assert member.department is not None
        with Image.open(media / str(member.photo)) as picture:
            assert picture.size == portrait.SIZE


def test_there_are_clerks_for_the_counters_and_a_supervisor_for_each_branch(demo: str) -> None:
    clerks = access.with_role("clerk")
    staffed = clerks.values("branch__slug").annotate(clerks=Count("pk"))
    assert {row["branch__slug"]: row["clerks"] for row in staffed} == {
        "nanshan": 40,
        "oct": 4,
        "shekou": 4,
        "xili": 4,
    }
    for branch in Branch.objects.all():
        (supervisor,) = access.with_role("supervisor").filter(branch=branch)
        assert access.may(supervisor, Right.ADMINISTRATION, branch)
        assert access.with_role("guide").filter(branch=branch).exists()


def test_loading_again_adds_nothing(demo: str, load: Load, media: Path) -> None:
    files = sorted(path.name for path in (media / "portraits").iterdir())
    assert load() == "Demo hall: nothing to add.\n"
    assert sorted(path.name for path in (media / "portraits").iterdir()) == files
    assert len(files) == Member.objects.count()


def test_loading_again_undoes_no_change(demo: str, load: Load) -> None:
    Category.objects.filter(icon="pension").update(icon="other", name_zh_hans="退休")
    Service.objects.filter(slug="retirement").update(name_zh_hans="退休申请")
    ServiceGuide.objects.filter(service__slug="retirement").delete()
    Branch.objects.get(slug="oct").counters.filter(number=1).delete()
    Notice.objects.all().delete()
    Member.objects.filter(staff_number="N1001").update(name_zh_hans="林静", photo="")
    assert load() == "Demo hall: nothing to add.\n"
    assert Service.objects.get(slug="retirement").name_zh_hans == "退休申请"
    assert Member.objects.get(staff_number="N1001").photo.name == ""


def test_a_hall_that_is_set_up_can_be_left_alone(load: Load) -> None:
    Branch.objects.create(slug="harbour", name_zh_hans="港口大厅")
    assert "nothing was added" in load("--if-empty")
    assert Branch.objects.count() == 1


def test_an_empty_hall_is_filled(load: Load) -> None:
    assert "4 branches" in load("--if-empty")


def test_a_branch_of_the_same_name_is_left_as_it_is(load: Load) -> None:
    Branch.objects.create(slug="nanshan", name_zh_hans="真的大厅")
    assert "3 branches" in load()
    assert Counter.objects.filter(branch__slug="nanshan").count() == 0
    assert not Notice.objects.filter(branch=None).exists()


def test_without_a_password_nobody_can_sign_in(settings: Settings, load: Load) -> None:
    settings.HALL_DEMO_PASSWORD = ""
    load()
    assert not any(member.has_usable_password() for member in Member.objects.all())


def test_a_password_may_be_set_for_simulations(settings: Settings, load: Load) -> None:
    settings.HALL_DEMO_PASSWORD = "only for a trial"
    load()
    assert Member.objects.get(staff_number="N1001").check_password("only for a trial")


# --- portraits: drawn once by a tool, and kept ---


def pixels(picture: bytes | Path) -> Image.Image:
    with Image.open(picture if isinstance(picture, Path) else io.BytesIO(picture)) as image:
        return image.convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are from each other, on average, of 255."""
    return float(sum(ImageStat.Stat(ImageChops.difference(one, other)).mean))


def test_each_member_of_the_demo_has_a_kept_portrait_and_nobody_else() -> None:
    kept = {path.stem for path in people.PORTRAITS.iterdir()}
    assert kept == {row["staff_number"] for row in rows(people.PEOPLE)}


@pytest.mark.parametrize("nth", [0, -1])
def test_a_kept_portrait_is_what_the_tool_draws(nth: int) -> None:
    """Not to the byte: those depend on the machine's libwebp."""
    row, other = rows(people.PEOPLE)[nth], rows(people.PEOPLE)[1]
    kept = pixels(people.PORTRAITS / f"{row['staff_number']}.webp")
    assert difference(kept, pixels(portrait.of_member(row))) < 3
    assert difference(kept, pixels(portrait.of_member(other))) > 10
