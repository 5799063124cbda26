"""Rules of the design that a reader of the code must be able to rely on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
APPS = ("hall", "staff", "queueing", "complaints", "ratings")


def modules() -> Iterator[Path]:
    for app in APPS:
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


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=str)
def test_templates_need_no_eval_no_inline_code_and_no_other_host(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"hx-on|js:|hx-trigger=\"[^\"]*\[", source)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"(src|href|action)=\"(https?:)?//", source)
    assert not re.search(r"[^'\"]\|safe", source), "only a literal may be called safe"
