"""The house keeps its rules: each search finds nothing here, and what is planted in a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import house

pytestmark = pytest.mark.once
Search = Callable[[Path], list[str]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the searches look at."""
    root = tmp_path_factory.mktemp("house")
    for name in (*house.APPS, "demo", "templates", "static/css"):
        shutil.copytree(
            house.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.json")
        )
    (root / "docs").mkdir()
    for name in ("pyproject.toml", "docs/architecture.md"):
        shutil.copy(house.ROOT / name, root / name)
    return root


@pytest.mark.parametrize(
    "search",
    [
        house.homeless,
        house.against_the_layers,
        house.dotted_registries,
        house.untold_settings,
        house.rights_asked_elsewhere,
        house.late_elsewhere,
        house.unrecorded,
    ],
)
def test_nothing_in_the_house_breaks_its_rules(search: Search) -> None:
    assert search(house.ROOT) == []


PLANTED = [
    (
        house.late_elsewhere,
        "ratings/late.py",
        "late = matter.due_on < today",
        "ratings/late.py:1 compares a due day",
    ),
    (
        house.late_elsewhere,
        "complaints/late.py",
        "late = Matter.objects.filter(contact_due_on__lt=today)",
        "complaints/late.py:1 compares a due day",
    ),
    (
        house.late_elsewhere,
        "demo/late.py",
        "in_time = Q(replied_on__lte=F('due_then'))",
        "demo/late.py:1 compares a due day",
    ),
    (
        house.rights_asked_elsewhere,
        "queueing/screens/asking.py",
        'may = member.has_perm("queueing.watch_hall")',
        "queueing/screens/asking.py:1 asks by has_perm",
    ),
    (
        house.rights_asked_elsewhere,
        "complaints/asking.py",
        'clerks = Member.objects.filter(groups__name="clerk")',
        "complaints/asking.py:1 asks by groups__name",
    ),
    (
        house.rights_asked_elsewhere,
        "demo/asking.py",
        "from django.contrib.auth.models import Permission",
        "demo/asking.py:1 asks by Permission",
    ),
    (
        house.rights_asked_elsewhere,
        "templates/staff/supervisor/asking.html",
        "{% if perms.hall.pair_device %}{% endif %}",
        "templates/staff/supervisor/asking.html asks by perms",
    ),
    (
        house.unrecorded,
        "queueing/actions/quiet.py",
        "def rename(*, ticket, by):\n    _write(ticket)\n\ndef _write(ticket):\n    ticket.save()",
        "queueing.actions.quiet.rename writes (save) and records nothing",
    ),
    (house.homeless, "staff/helpers.py", "", "staff/helpers.py stands in no room"),
    (house.homeless, "queueing/things/tool.py", "", "queueing/things/tool.py stands in no room"),
    (house.homeless, "templates/queueing/gadget/page.html", "", "templates/queueing/gadget"),
    (house.homeless, "static/css/gadget.css", "", "static/css/gadget.css is of no screen"),
    (
        house.against_the_layers,
        "hall/screens/upward.py",
        "from queueing.models import Ticket",
        "hall is not allowed to import queueing",
    ),
    (
        house.against_the_layers,
        "queueing/figures/upward.py",
        "from queueing.views import board",
        "queueing.figures is not allowed to import queueing.views",
    ),
    (
        house.untold_settings,
        "hall/screens/secretive.py",
        'GADGET = env.bool("HALL_GADGET", True)',
        "HALL_GADGET is not in the table",
    ),
    (
        house.dotted_registries,
        "queueing/screens/finder.py",
        "from django.utils.module_loading import import_string",
        "queueing/screens/finder.py:1 looks code up by its name",
    ),
]


@pytest.mark.parametrize(("search", "file", "source", "told"), PLANTED)
def test_the_searches_can_fail(
    copy: Path, search: Search, file: str, source: str, told: str
) -> None:
    planted = copy / file
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(f"{source}\n", encoding="utf-8")
    try:
        assert any(told in sentence for sentence in search(copy))
    finally:
        planted.unlink()


def test_a_dotted_registry_in_the_settings_is_found(copy: Path) -> None:
    settings = copy / "hall" / "settings.py"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(before + '\nHALL_GADGETS = {"one": "queueing.streams.Board"}\n')
    try:
        assert "HALL_GADGETS names queueing.streams.Board" in str(house.dotted_registries(copy))
    finally:
        settings.write_text(before)


def test_a_rule_that_is_gone_is_told_of(copy: Path) -> None:
    pages = copy / "docs" / "architecture.md"
    before = pages.read_text(encoding="utf-8")
    pages.write_text(before + "\n| `hall/gone` | nothing |\n")
    try:
        assert "hall/gone is told of, and is not there" in house.homeless(copy)
    finally:
        pages.write_text(before)
