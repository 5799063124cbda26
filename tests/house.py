"""Rules of the house that a newcomer relies on, each as a search for what breaks it.

Every search takes the folder of a checkout and answers with sentences, so that a test can point it
at the real tree and, as a control, at a copy in which somebody broke the rule.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SETTING: Final = re.compile(r"""\benv(?:iron)?(?:\.\w+)?[\[(]\s*["']([A-Z][A-Z_]+)["']""")
TOLD: Final = re.compile(r"^\| ([A-Z_]+(?:, [A-Z_]+)*) \|", re.MULTILINE)
APPS: Final = ("hall", "staff", "queueing", "complaints", "ratings")
# The rooms that every app may have (docs/architecture.md, "The rooms"); what they hold follows.
ROOMS: Final = (
    "actions admin alarms api apps figures forms guards management migrations models panels "
    "screens states streams tasks templatetags urls views"
).split()
TABLE_ROW: Final = re.compile(r"^\| (`\w+/\w+`.*?) \|", re.MULTILINE)
MODULE: Final = re.compile(r"`(\w+)/(\w+)`")
SHARED_TEMPLATES: Final = {"components"}
SHARED_STYLES: Final = {"tokens", "base", "components", "fonts"}
# Django's ways to ask who may: Hall's own code asks staff.access, which these serve.
ASK_FOR_RIGHTS: Final = set(
    "staff/models.py staff/backends.py hall/admin.py hall/admin_site.py".split()
)
DJANGOS_WAYS: Final = set(
    "has_perm has_perms has_module_perms with_perm get_all_permissions user_permissions groups "
    "is_superuser is_staff Permission Group PermWrapper permission_required user_passes_test "
    "login_required staff_member_required PermissionRequiredMixin ModelBackend".split()
)
LATENESS: Final = re.compile(
    r"due_(on|then)(__(lt|gt)e?\b| [<>])|[<>]=? [\w.]*due_(on|then)|__(lt|gt)e?=F\(.due_"
)
# Functions of actions that write and leave no row in the ledger, and why not.
UNRECORDED: Final = {
    "hall.actions.device.seen": "when a device was last heard of: nothing is decided",
    "queueing.actions.locking.changing": "the move that is made in it is recorded",
    "queueing.actions.locking.at_own_counter": "the move that is made in it is recorded",
    "queueing.actions.locking.from_seat": "the move that is made in it is recorded",
    "queueing.actions.announcement.announced": "what a board has spoken: nothing is decided",
    "hall.actions.device.renew": "another code for a screen that nobody has paired",
    "hall.actions.outbox.put": "part of the action that calls it; the parcel is a row of its own",
}
WRITES: Final = set(
    "save create bulk_create get_or_create update_or_create update delete set add move".split()
)
RECORDS: Final = {"ledger.record", "numbering.insert", "dispatch.claim", "states.apply"}
DOTTED: Final = re.compile(rf"({'|'.join(APPS)}|demo)(\.\w+){{2,}}")


def modules(root: Path = ROOT, *, of: tuple[str, ...] = APPS) -> Iterator[Path]:
    """The Python files of the apps, but for their migrations."""
    for app in of:
        yield from (p for p in (root / app).rglob("*.py") if "migrations" not in p.parts)


def named_rules(root: Path) -> set[tuple[str, str]]:
    """The modules that are no room of every app: docs/architecture.md has a line for each."""
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    return {(app, name) for row in TABLE_ROW.findall(text) for app, name in MODULE.findall(row)}


def homeless(root: Path = ROOT) -> list[str]:
    """Python files that stand in no room, rules that are told of and gone, and templates or styles
    of no screen."""
    known, seen = named_rules(root), set()
    found = []
    for path in modules(root):
        app, name = path.relative_to(root).parts[:2]
        name = name.removesuffix(".py")
        seen.add((app, name))
        if name not in (*ROOMS, "__init__") and (app, name) not in known:
            found.append(f"{path.relative_to(root)} stands in no room")
    found += [f"{app}/{name} is told of, and is not there" for app, name in sorted(known - seen)]
    return found + screenless(root)


def screenless(root: Path) -> list[str]:
    """Folders of templates and sheets of style that bear no screen's name."""
    words = {"supervisor"}
    found = []
    for app in APPS:
        folders = [root / app / room for room in ("screens", "views")]
        own = {path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.py")}
        words |= own
        for folder in sorted((root / "templates" / app).glob("*")):
            if folder.name not in own | {"supervisor"}:
                found.append(f"templates/{app}/{folder.name} is no screen of {app}")
    for sheet in sorted((root / "static" / "css").glob("*.css")):
        word = sheet.stem.removesuffix("-paper").replace("-", "_")
        if word not in words | SHARED_STYLES | {"paper"}:
            found.append(f"static/css/{sheet.name} is of no screen")
    return found


def against_the_layers(root: Path = ROOT) -> list[str]:
    """What import-linter finds, with the contracts of the checkout's pyproject.toml."""
    lint = Path(sys.executable).with_name("lint-imports")
    asked = subprocess.run(
        [lint, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )
    if asked.returncode == 0:
        return []
    broken = [line for line in asked.stdout.splitlines() if " is not allowed to import " in line]
    return broken or [asked.stdout[-2000:] + asked.stderr[-2000:]]


def dotted_registries(root: Path = ROOT) -> list[str]:
    """Where code is named by a string: a list or table of dotted paths in the settings, and every
    use of ``import_string``; what is plugged in is registered by its object (hall/plugs.py)."""
    found = []
    for path in [*modules(root), *modules(root, of=("demo",))]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        where = path.relative_to(root)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = [alias.name for alias in node.names]
                if "import_string" in names or "importlib" in names:
                    found.append(f"{where}:{node.lineno} looks code up by its name")
    return found + list(paths_in_settings(root))


def late_elsewhere(root: Path = ROOT) -> list[str]:
    """Where it is worked out whether something is late otherwise than by ``hall/clocks``: a due
    day compared with another day, in Python or in a query."""
    found = []
    for path in [*modules(root), *modules(root, of=("demo",))]:
        where = path.relative_to(root)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if LATENESS.search(line) and str(where) != "hall/clocks.py":
                found.append(f"{where}:{number} compares a due day")
    return found


def paths_in_settings(root: Path) -> Iterator[str]:
    """Settings of ours (``HALL_…``) that hold dotted paths of ours."""
    tree = ast.parse((root / "hall" / "settings.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [each.id for each in targets if isinstance(each, ast.Name)]
        texts = [n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant)]
        if any(name.startswith("HALL_") for name in names):
            for text in texts:
                if isinstance(text, str) and DOTTED.fullmatch(text):
                    yield f"hall/settings.py:{node.lineno} {names[0]} names {text}"


def rights_asked_elsewhere(root: Path = ROOT) -> list[str]:
    """Where a right is asked otherwise than by ``staff.access``: by Django's permissions, groups
    and columns, in Python or in a template."""
    found = []
    for path in [*modules(root), *modules(root, of=("demo",))]:
        where = str(path.relative_to(root))
        if where not in ASK_FOR_RIGHTS:
            for line, name in names_in(ast.parse(path.read_text(encoding="utf-8"))):
                if name.partition("__")[0] in DJANGOS_WAYS:
                    found.append(f"{where}:{line} asks by {name}")
    for path in sorted((root / "templates").rglob("*.html")):
        if re.search(r"\bperms\.|\buser\.(is_staff|is_superuser|groups)", path.read_text("utf-8")):
            found.append(f"{path.relative_to(root)} asks by perms")
    return found


def names_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every attribute, keyword, imported name and word of a look-up, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.value.lineno, node.arg
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value if node.value.isidentifier() else ""


def untold_settings(root: Path = ROOT) -> list[str]:
    """What the apps read from the environment and the table in hall/settings.py does not tell, and
    what it tells and nobody reads. Django's and the operating system's own names are theirs."""
    table = (root / "hall" / "settings.py").read_text(encoding="utf-8")
    told = {name for row in TOLD.findall(table) for name in row.split(", ")}
    read = set()
    for path in [*modules(root), *modules(root, of=("demo",))]:
        read |= set(SETTING.findall(path.read_text(encoding="utf-8")))
    read -= {"DJANGO_SETTINGS_MODULE", "HALL_URL"}  # the second is told by a parent to its children
    return [f"{name} is not in the table" for name in sorted(read - told)] + [
        f"{name} is read by nobody" for name in sorted(told - read)
    ]


def unrecorded(root: Path = ROOT) -> list[str]:
    """Public functions of actions that write, themselves or by a private one of their module, and
    come by no line that writes to the ledger."""
    found = []
    for app in APPS:
        for path in sorted((root / app / "actions").glob("*.py")):
            calls = calls_of(ast.parse(path.read_text(encoding="utf-8")))
            module = ".".join(path.relative_to(root).with_suffix("").parts)
            for name in sorted(calls):
                reached = reached_from(name, calls)
                writes = {call.rpartition(".")[2] for call in reached} & WRITES
                is_known = name.startswith("_") or f"{module}.{name}" in UNRECORDED
                if writes and not reached & RECORDS and not is_known:
                    found.append(f"{module}.{name} writes ({min(writes)}) and records nothing")
    return found


def calls_of(tree: ast.Module) -> dict[str, set[str]]:
    """What each function of a module calls, by dotted name; of the end of a chain the last word."""
    return {
        function.name: {dotted(n.func) for n in ast.walk(function) if isinstance(n, ast.Call)}
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
    }


def dotted(node: ast.expr) -> str:
    """``ledger.record``; of ``Ticket.objects.filter(…).update`` it is ``.update``."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        start = dotted(node.value)
        return f"{start}.{node.attr}" if start else f".{node.attr}"
    return ""


def reached_from(name: str, calls: dict[str, set[str]]) -> set[str]:
    """All calls of a function, and of those of its module that it calls."""
    seen: set[str] = set()
    waiting = {name}
    while waiting:
        inner = set().union(*(calls.get(each, set()) for each in waiting))
        waiting = {each for each in inner if each in calls} - seen
        seen |= inner
    return seen
