"""The code keeps to its own rules: size, names, one place that commits, one that writes the trail."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.house.readme_tables import ROOT

SOURCES = [
    ROOT / "app.py",
    *sorted(
        path
        for folder in ("review", "tests", "migrations")
        for path in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in path.parts
    ),
]
PRODUCT = [path for path in SOURCES if "tests" not in path.relative_to(ROOT).parts]
FORBIDDEN_NAMES = {
    "utils",
    "helpers",
    "helper",
    "manager",
    "handler",
    "misc",
    "data",
    "info",
    "obj",
}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_files_and_functions_stay_small() -> None:
    large = []
    for path in SOURCES:
        lines = path.read_text().count("\n")
        large += [f"{_name(path)}: {lines}"] if lines >= 400 else []
        large += [
            f"{_name(path)}:{function.name}: {function.end_lineno - function.lineno + 1}"
            for function in _functions(_tree(path))
            if function.end_lineno is not None and function.end_lineno - function.lineno + 1 > 60
        ]
    assert large == []


def test_everything_public_says_what_it_is_for() -> None:
    silent = [_name(path) for path in PRODUCT if _tree(path).body and not ast.get_docstring(_tree(path))]
    silent += [
        f"{_name(path)}:{node.name}"
        for path in PRODUCT
        for node in _tree(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def _words(path: Path) -> set[str]:
    defined = {path.stem} | {
        node.name for node in ast.walk(_tree(path)) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    return {
        word for name in defined for word in re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", name).lower())
    }


def test_names_are_words_of_the_field() -> None:
    assert {_name(path): found for path in PRODUCT if (found := _words(path) & FORBIDDEN_NAMES)} == {}


def test_only_the_database_module_commits() -> None:
    committing = [_name(path) for path in PRODUCT if re.search(r"\.commit\(\)", path.read_text())]
    # the session ends what it began; `db.transaction()` alone lets it write
    assert committing == ["review/db.py", "review/sessions.py"]


def test_only_the_database_module_lets_a_session_write() -> None:
    beginning = [_name(path) for path in PRODUCT if re.search(r"\.begin_writing\(\)", path.read_text())]
    assert beginning == ["review/db.py"]


def test_only_the_ledger_writes_the_trail() -> None:
    tables = "Opening|PendingEvent|Leaf|StoredTile|TreeHead|StoredCheckpoint"
    pattern = re.compile(rf"(insert|update|delete)\(({tables})\)|\.add\(({tables})\(")
    writing = [_name(path) for path in PRODUCT if pattern.search(path.read_text())]
    assert writing == ["review/ledger.py"]


def test_only_actions_open_transactions() -> None:
    opening = [
        _name(path)
        for path in PRODUCT
        if "db.transaction()" in path.read_text() and not _name(path).startswith("review/actions/")
    ]
    assert [name for name in opening if name not in ("review/db.py", "review/ledger.py")] == []


def test_nothing_below_imports_the_application_or_imports_late() -> None:
    for path in PRODUCT:
        if _name(path) == "app.py":
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ImportFrom):
                assert node.module != "app", _name(path)
            if isinstance(node, ast.FunctionDef):
                late = [inner for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom)]
                assert late == [], f"{_name(path)}:{node.name}"


def test_floors_hold() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_lock_names_no_registry_and_covers_the_project() -> None:
    lock = (ROOT / ".ci" / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock
    project = (ROOT / "pyproject.toml").read_text()
    wanted = set(re.findall(r'^  "([a-z0-9-]+)(?:\[[a-z]+\])?(?:~=|>=)', project, re.MULTILINE))
    locked = set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z]+\])?==", lock, re.MULTILINE))
    assert len(wanted) > 20
    assert wanted - locked == set()
    assert lock.count("--hash=sha256:") >= len(locked)


def test_the_repository_speaks_only_of_itself() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    place = re.compile(
        "|".join(["py" + r"pi\.org", "python" + "hosted", "npm" + "js", "/wor" + "k/", "/roo" + "t/"])
    )
    named = [
        name
        for name in tracked.stdout.split()
        if (ROOT / name).is_file() and place.search((ROOT / name).read_text("utf-8", "replace"))
    ]
    assert named == []
