"""The summary as people read it: the page, the workbook, the text table."""

from __future__ import annotations

import csv
import io
import itertools
import re
import zipfile
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from hall.formats import as_clock
from hall.models import Department, Service
from ratings import actions
from ratings.models import Rating, Row, Summary
from ratings.screens import summary as summary_screen
from ratings.screens import summary_charts as charts
from ratings.screens import summary_files as sheets
from ratings.screens import summary_words as words
from staff.models import Member
from tests import months
from tests.cast import Cast, member
from tests.test_query_counts import count, crowd

pytestmark = pytest.mark.once  # the database makes no difference

LAST = months.last_month()
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def made(cast: Cast) -> Summary:
    """Last month of the branch, with the one before it."""
    return months.sum_up(cast.branch, [cast.clerk, cast.colleague])


def page(client: Client, by: Member, address: str = "") -> str:
    """What the member sees."""
    client.force_login(by)
    client.cookies["django_language"] = "en"
    response = client.get(address or f"/summary/nanshan/{LAST}/")
    assert response.status_code == 200
    return response.content.decode()


def whole(summary: Summary) -> Row:
    """The figures of the whole branch."""
    return summary.rows.get(scope=Row.Scope.BRANCH)


def correct(summary: Summary) -> Summary:
    """Ratings turn out to be too many."""
    summary.branch.ratings.filter(day__gte=LAST.first, day__lt=LAST.next.first).delete()
    return actions.summarise(
        branch=summary.branch, month=LAST, correct=True, reason="Counted <twice>"
    )


# --- the page ---


def test_the_page_has_the_figures_and_last_months_beside_them(
    cast: Cast, made: Summary, client: Client
) -> None:
    seen = page(client, cast.supervisor)
    row = whole(made)
    assert f"<dd>{row.issued:,}</dd>" in seen
    assert f"{row.done:,} of {row.issued:,} tickets" in seen
    assert re.search(r"[▲▼] \S+ (more|less) than in ", seen)
    for day in LAST.days:
        assert f"/supervisor/nanshan/tickets/?day={day}" in seen
    assert seen.count('role="img"') == 5 and "style=" not in seen


def test_a_month_without_one_before_says_so(cast: Cast, client: Client) -> None:
    actions.summarise(branch=cast.branch, month=LAST)
    assert "There is no summary of the month before" in page(client, cast.supervisor)


def test_the_list_has_every_month_of_every_branch(
    cast: Cast, made: Summary, client: Client
) -> None:
    actions.summarise(branch=cast.other, month=LAST)
    seen = page(client, cast.administrator, "/summary/")
    assert f"/summary/nanshan/{LAST.previous}/" in seen and f"/summary/shekou/{LAST}/" in seen
    own = page(client, cast.supervisor, "/summary/")
    assert f"/summary/nanshan/{LAST}/" in own and "shekou" not in own


@pytest.mark.parametrize("suffix", ["/", ".xlsx", ".csv"])
def test_another_branch_and_another_role_see_nothing(
    cast: Cast, made: Summary, client: Client, suffix: str
) -> None:
    client.force_login(member("S2100", "别处", cast.other, "supervisor"))
    assert client.get(f"/summary/nanshan/{LAST}{suffix}").status_code == 404
    client.force_login(cast.handler)
    assert client.get(f"/summary/nanshan/{LAST}{suffix}").status_code == 403
    assert client.post(f"/summary/nanshan/{LAST}{suffix}").status_code == 405


@pytest.mark.parametrize(
    "address",
    ["2026-13/", "0000-01/", "9999-12/", "0001-01/", "１２３４-01/"],
)
def test_what_is_not_there_is_not_found(
    cast: Cast, made: Summary, client: Client, address: str
) -> None:
    client.force_login(cast.supervisor)
    assert client.get(f"/summary/nanshan/{address}").status_code == 404


@pytest.mark.parametrize("version", ["0", "2", "-1", "٣", "x", "9" * 30])
def test_a_version_that_is_not_there_is_not_found(
    cast: Cast, made: Summary, client: Client, version: str
) -> None:
    client.force_login(cast.supervisor)
    answer = client.get(f"/summary/nanshan/{LAST}/", {"version": version})
    assert answer.status_code == 404


def test_every_version_stays_and_says_what_it_is(cast: Cast, made: Summary, client: Client) -> None:
    first = page(client, cast.supervisor)
    second = correct(made)
    assert second.version == 2
    now = page(client, cast.supervisor)
    assert "Corrected: Counted &lt;twice&gt;" in now and "A later version" not in now
    before = page(client, cast.supervisor, f"/summary/nanshan/{LAST}/?version=1")
    assert "A later version corrects this one." in before
    assert figures_on(before) == figures_on(first) != figures_on(now)


def figures_on(seen: str) -> list[str]:
    """The numbers of a page's tables and key figures."""
    return re.findall(r"<d?td?[^>]*>([^<]*)<", seen)


def test_pages_take_a_fixed_number_of_queries(cast: Cast, made: Summary, client: Client) -> None:
    client.force_login(cast.supervisor)
    addresses = [
        "/summary/",
        f"/summary/nanshan/{LAST}/",
        f"/summary/nanshan/{LAST}.xlsx",
        f"/summary/nanshan/{LAST}.csv",
    ]
    few = [count(client, each) for each in addresses]
    crowd(cast)
    month = LAST.previous.previous
    for _each in range(5):
        month = month.previous
        actions.summarise(branch=cast.branch, month=month)
    Department.objects.bulk_create(
        Department(branch=cast.branch, name_zh_hans="科") for _each in range(20)
    )
    correct(made)
    many = [count(client, each) for each in addresses]
    assert few == many == [5, 8, 8, 8]


def test_summing_up_takes_a_fixed_number_of_queries(
    cast: Cast, made: Summary, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        actions.summarise(branch=cast.branch, month=LAST, correct=True, reason="again")


# --- how figures are written ---


def test_lengths_are_minutes_and_seconds() -> None:
    minute = charts.MINUTE
    assert [as_clock(minute * each) for each in (0, 0.5, 12.57, 59.999, 61)] == [
        "0:00",
        "0:30",
        "12:34",
        "1:00:00",
        "1:01:00",
    ]
    assert as_clock(None) == words.share(0, 0) == words.number(None) == "–"
    assert (words.share(1, 3), words.share(None, 3), words.number(12345)) == (
        "33.3%",
        "0.0%",
        "12,345",
    )


@pytest.mark.parametrize("count", [0, 1, 2, 7, 10, 11, 99, 245, 2501, 100_000])
def test_an_axis_reaches_far_enough_and_not_much_further(count: int) -> None:
    marks = charts.scale(count)
    assert marks[0] == 0 and marks[-1] >= count
    assert marks[-1] <= max(2 * count, 1) and len(marks) <= 6
    assert len({after - before for before, after in itertools.pairwise(marks)}) == 1


def test_a_stack_is_as_high_as_its_day(made: Summary) -> None:
    rows = list(made.rows.filter(scope=Row.Scope.DAY).order_by("order"))
    chart = charts.days(rows)
    top = float(chart.ticks[-1].text.replace(",", ""))
    for row, column in zip(rows, chart.columns, strict=True):
        height = sum(float(piece.size) for piece in column.pieces)
        assert height == pytest.approx(charts.PLOT * row.issued / top, abs=0.3)


# --- the files ---


def strange(cast: Cast) -> summary_screen.Report:
    """A month whose names are formulas and links."""
    Service.objects.filter(slug="retire").update(name_en="=1+1", name_zh_hans="=1+1")
    Service.objects.filter(slug="refund").update(name_en="https://example.org/")
    cast.clerk.name_en = '@SUM(A1)\t"x",\n'
    cast.clerk.save()
    months.sum_up(cast.branch, [cast.clerk, cast.colleague])
    report = summary_screen.report(cast.branch, LAST)
    assert report is not None
    return report


def cells(content: bytes, number: int) -> dict[str, tuple[str, str]]:
    """Type and value of every cell of a sheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    return {
        cell.attrib["r"]: (cell.get("t", "n"), "".join(cell.itertext()))
        for cell in sheet.iter(f"{SHEET}c")
    }


def test_the_workbook_has_numbers_and_no_formulas(cast: Cast) -> None:
    content = sheets.workbook(strange(cast))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        inside = "".join(book.read(name).decode() for name in book.namelist())
    assert "<f>" not in inside and "<hyperlink" not in inside
    services = cells(content, 3)
    assert services["A2"] == ("inlineStr", "=1+1")
    row = Row.objects.get(
        summary__first_day=LAST.first, scope=Row.Scope.SERVICE, service__slug="retire"
    )
    assert services["C2"] == ("n", str(row.issued))
    assert row.wait_median is not None
    days = row.wait_median.total_seconds() / 86400
    assert float(services["J2"][1]) == pytest.approx(days, abs=1e-9)


def test_the_text_table_is_safe_in_a_spreadsheet(cast: Cast) -> None:
    content = sheets.text(strange(cast)).decode()
    assert content.startswith("\ufeff")
    lines = list(csv.reader(io.StringIO(content[1:])))
    assert {len(line) for line in lines} == {len(lines[0])}
    names = [line[3] for line in lines]
    assert "'=1+1" in names and '\'@SUM(A1)\t"x",\n' in names
    assert not [cell for line in lines for cell in line if cell[:1] in ("=", "+", "-", "@")]
    assert len(lines) == 1 + Row.objects.filter(summary__first_day=LAST.first).count()


def test_files_are_in_the_language_of_the_page(cast: Cast, made: Summary, client: Client) -> None:
    client.force_login(cast.supervisor)
    names = set()
    for language in ("zh-hans", "zh-hant", "en"):
        client.cookies["django_language"] = language
        response = client.get(f"/summary/nanshan/{LAST}.csv")
        with translation.override(language):
            names.add(response.content.decode().splitlines()[0])
            assert str(words.HEADINGS["issued"]) in response.content.decode()
    assert len(names) == 3
    assert response["Content-Disposition"] == f'attachment; filename="nanshan-{LAST}.csv"'


def test_files_say_nothing_of_when_they_were_made(cast: Cast, made: Summary) -> None:
    report = summary_screen.report(cast.branch, LAST)
    assert report is not None
    before = sheets.workbook(report), sheets.text(report)
    Summary.objects.update(made_at="2030-01-01T00:00Z")
    Summary.objects.filter(first_day=LAST.previous.first).update(version=7)
    report = summary_screen.report(cast.branch, LAST)
    assert report is not None
    assert (sheets.workbook(report), sheets.text(report)) == before


# --- the administration ---


def test_the_administration_shows_and_changes_nothing(
    cast: Cast, made: Summary, client: Client
) -> None:
    client.force_login(cast.supervisor)
    rating = Rating.objects.filter(branch=cast.branch)[0]
    for name, pk in (("summary", made.pk), ("rating", rating.pk)):
        change = reverse(f"admin:ratings_{name}_change", args=[pk])
        assert client.get(reverse(f"admin:ratings_{name}_changelist")).status_code == 200
        assert client.get(change).status_code == 200
        assert client.post(change, {"grade": "satisfied"}).status_code == 403
        assert client.post(change.replace("change", "delete")).status_code == 403
        assert client.get(reverse(f"admin:ratings_{name}_add")).status_code == 403
