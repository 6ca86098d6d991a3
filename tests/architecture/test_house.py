"""House rules that a linter does not know: what stays light, what is banned, what stays small."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "motionlens"
SOURCES = sorted(PACKAGE.rglob("*.py"))
HEAVY = (
    "PySide6 torch cv2 av scipy pandas pyarrow sqlite_utils pyqtgraph qtawesome superqt peft"
).split()

# Pattern -> why it is not wanted here.
BANNED = {
    r"\bimport (pickle|dill|shelve|marshal)\b": "media and checkpoints come from strangers",
    r"pickle\.loads?\(": "media and checkpoints come from strangers",
    r"shell=True": "file names come from strangers",
    r"processEvents\(": "the event loop is not re-entered; use a lane",
    r"\bwith (conn|connection|self\._conn|self\.connection)\s*:": "opens no transaction in sqlite3",
    r"#.*\b(TODO|FIXME|XXX|HACK)\b": "do it, or file it",
    r"weights_only\s*=\s*False": "a checkpoint could run code",
}


def _imported_by(code: str) -> set[str]:
    probe = f"{code}\nimport sys\nprint(*sorted(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()) if done.stdout.strip() else set()


def test_importing_the_package_is_light_and_lists_its_names() -> None:
    assert _imported_by("import motionlens; assert 'open_project' in dir(motionlens)") == set()


def test_help_is_light() -> None:
    code = (
        "import contextlib, io\nfrom motionlens.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    try:\n        main(['--help'])\n    except SystemExit: pass"
    )
    assert _imported_by(code) == set()


def test_listing_clips_needs_no_torch_and_no_qt(tmp_path: Path) -> None:
    folder = str(tmp_path / "project")
    code = (
        "import contextlib, io\nfrom motionlens.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    assert main(['new', {folder!r}]) == 0\n    assert main(['clips', {folder!r}]) == 0"
    )
    assert _imported_by(code) <= {"sqlite_utils"}


@pytest.mark.parametrize("pattern", BANNED)
def test_banned_idioms(pattern: str) -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, f"{BANNED[pattern]}: {found}"


def test_no_module_passes_400_lines_and_no_function_60() -> None:
    long = [str(p.relative_to(CHECKOUT)) for p in SOURCES if p.read_text().count("\n") > 400]
    assert not long
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                words = ast.get_docstring(node, clean=False) or ""
                length -= words.count("\n") + 1  # a long explanation is no long function
                assert length <= 60, f"{path.name}:{node.lineno} {node.name} has {length} lines"


def test_no_error_is_swallowed_whole() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")
            ):
                silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
                assert not silent, f"{path.name}:{node.lineno}"


def test_public_names_have_docstrings() -> None:
    bare = []
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            bare.append(f"{path.relative_to(CHECKOUT)}: module")
    assert not bare


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("needs a git checkout")
    return [p for name in listed.stdout.split("\0") if name and (p := CHECKOUT / name).is_file()]


def test_the_repository_stays_small() -> None:
    sizes = {path: path.stat().st_size for path in _tracked()}
    assert not [str(p) for p, size in sizes.items() if size > 5 << 20]
    assert sum(sizes.values()) < 25 << 20


def test_no_machine_path_and_no_registry_host_is_named() -> None:
    # Built from pieces, so that this file does not name what it bans.
    hosts = ["py" + "pi.org", "pythonhosted" + ".org", "deb.debian" + ".org", "npmjs" + ".org"]
    banned = re.compile(r"(?<![\w.])/(work|farm)/[a-z.]|" + "|".join(map(re.escape, hosts)))
    found = []
    for path in _tracked():
        if path.suffix in {".py", ".md", ".toml", ".sh", ".txt", ".json", ".yml", ""}:
            text = path.read_text(encoding="utf-8", errors="ignore")
            found += [f"{path.name}: {m.group()}" for m in banned.finditer(text)]
    assert not found
