"""Rules of the design that a reader of the code must be able to rely on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from django.conf import global_settings

from hall import settings as hall_settings

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
APPS = ("hall", "staff", "queueing", "complaints", "ratings")
OURS = (*APPS, "demo")


def modules(apps: Iterable[str] = APPS) -> Iterator[Path]:
    for app in apps:
        yield from (p for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts)


def assignments(tree: ast.AST) -> Iterator[str]:
    """The names of attributes that are assigned, and of keywords of ``update(…)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("update", "setattr"):
            yield from (keyword.arg or "" for keyword in node.keywords)


@pytest.mark.parametrize("path", list(modules()), ids=str)
def test_only_states_assigns_the_state_of_a_ticket(path: Path) -> None:
    source = path.read_text()
    if path.name != "states.py":
        assert "state" not in set(assignments(ast.parse(source)))
    if path.name != "dispatch.py":
        assert not re.search(r"SET\s+state\b", source)


@pytest.mark.parametrize("path", list(modules()), ids=str)
def test_events_are_published_by_actions_and_the_administration_alone(path: Path) -> None:
    if path.parent.name != "actions" and path.name not in ("admin.py", "events.py"):
        assert not re.search(r"\bpublish\(", path.read_text())


def test_the_first_two_rules_can_fail() -> None:
    assert "state" in set(assignments(ast.parse("ticket.state = 'done'")))
    assert "state" in set(assignments(ast.parse("tickets.update(state='done')")))


@pytest.mark.parametrize("path", list(modules()), ids=str)
def test_what_htmx_says_is_asked_in_one_typed_place(path: Path) -> None:
    if path.relative_to(ROOT) != Path("hall/pages.py"):
        assert not re.search(r"request\.htmx|request\.headers.*HX-", path.read_text())


# --- no registry of dotted strings: what a higher app adds is plugged in (hall/plugs.py) ---

# Django's own settings that name code by a path, and those of its kind that other packages read.
READ_BY_OTHERS = {*dir(global_settings), "ROOT_URLCONF", "ASGI_APPLICATION", "CELERY_BEAT_SCHEDULE"}
BY_PATH = {"import_string", "import_module", "__import__", "resolve_name", "autodiscover_modules"}
OUR_PATH = re.compile(rf"({'|'.join(OURS)})(\.\w+)+")


def dotted(value: object) -> Iterator[str]:
    """The strings within a setting that name something of ours by its path."""
    if isinstance(value, str):
        yield from [value] if OUR_PATH.fullmatch(value) else []
    elif isinstance(value, Mapping):
        yield from dotted([*value, *value.values()])
    elif isinstance(value, list | tuple | set):
        for each in value:
            yield from dotted(each)


def imports_by_path(tree: ast.AST) -> Iterator[str]:
    """The names of functions that import what a string names, wherever they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            yield from (alias.name.rpartition(".")[2] for alias in node.names)
        if isinstance(node, ast.Name | ast.Attribute):
            yield node.id if isinstance(node, ast.Name) else node.attr


def test_no_setting_of_ours_names_code_by_its_path() -> None:
    ours = {name: getattr(hall_settings, name) for name in dir(hall_settings) if name.isupper()}
    found = {name: list(dotted(value)) for name, value in ours.items()}
    assert {name for name, paths in found.items() if paths} <= READ_BY_OTHERS


@pytest.mark.parametrize("path", list(modules(OURS)), ids=str)
def test_nothing_is_imported_by_its_path(path: Path) -> None:
    assert not BY_PATH & set(imports_by_path(ast.parse(path.read_text())))


def test_the_rules_about_paths_can_fail() -> None:
    assert list(dotted([("floor", "queueing.panels.FLOOR")])) == ["queueing.panels.FLOOR"]
    assert list(dotted({"board": "queueing.streams.Board"})) == ["queueing.streams.Board"]
    assert list(dotted({"a": ["text/html", "axes.backends.X", "staff:sign_in"]})) == []
    for source in (
        "from django.utils.module_loading import import_string",
        "importlib.import_module(path)",
        "__import__(path)",
    ):
        assert BY_PATH & set(imports_by_path(ast.parse(source))), source


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=str)
def test_templates_need_no_eval_no_inline_code_and_no_other_host(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"hx-on|js:|hx-trigger=\"[^\"]*\[", source)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"(src|href|action)=\"(https?:)?//", source)
    assert not re.search(r"[^'\"]\|safe", source), "only a literal may be called safe"
