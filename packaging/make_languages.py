"""Collects every English text that the window shows, and says what a language lacks.

    python packaging/make_languages.py            # report; exit 1 where something is missing
    python packaging/make_languages.py --template # write resources/languages/template.json

*words*: what `say`, `word` and `several` are given, and the action table. *sentences*: what lower
rooms say in English alone (errors, reasons, progress), with a number for each part filled in.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FOLDER = ROOT / "resources" / "languages"
# Rooms whose errors and reasons a window can show.
BELOW = (
    "app", "attribution", "domain", "files.py", "finetune", "formats", "lanes", "media", "models",
    "motion", "operations", "plugins.py", "store",
)  # fmt: skip
_PROSE = re.compile(r"[A-Za-z]{2,}.* [A-Za-z{]|^[A-Z][a-z]+")
# Three words or more, and nothing that only code has.
_PIECE = re.compile(r"[a-zA-Z]{2,}\W+(?:\{\d+\}\W*)*[a-z]{2,}.*\W[a-z]{2,}")
_NO_PROSE = re.compile(r"[<>\\_=/\n]|SELECT|INSERT|UPDATE|PRAGMA|%s|-src |^(\S+-)+\S+$")
_NOT_ERRORS = {
    "AssertionError", "AttributeError", "EOFError", "ImportError", "IndexError", "KeyError",
    "LookupError", "OSError", "RuntimeError", "TimeoutError", "TypeError", "ValueError",
}  # fmt: skip
# Calls whose texts are shown: names of functions in lower rooms.
_SHOWN = {"progress", "Flag", "Found", "Finding", "Problem", "Skipped", "warn"}


def words() -> set[str]:
    """Texts of `say`, `word`, `several`, and of the action table."""
    found = set()
    for path in sorted((ROOT / "motionlens").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found |= set(_said(node))
    from motionlens.domain.run import RunState
    from motionlens.ui.action_table import MENUS, TABLE, VIEWS

    for spec in TABLE:
        found |= {spec.text, spec.group}
    found |= {*MENUS, *(view.capitalize() for view in VIEWS)}
    found |= {"The five views", *_methods(), *map(str, RunState)}
    return found - {""}


def _methods() -> set[str]:
    from motionlens.session.explain import METHODS

    return {method.capitalize() for method in METHODS}


def _said(call: ast.Call) -> Iterator[str]:
    name = _name(call)
    if name in ("say", "word") and call.args:
        yield from _constants(call.args[0])
    if name == "several" and len(call.args) > 1:
        for one in _constants(call.args[1]):
            yield one
            many = list(_constants(call.args[2])) if len(call.args) > 2 else [one + "s"]
            yield from many


def _constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _constants(value)


def sentences() -> set[str]:
    """What lower rooms say: arguments of their errors, texts of flags, progress and warnings."""
    found = set()
    for room in BELOW:
        base = ROOT / "motionlens" / room
        for path in [base] if base.is_file() else sorted(base.rglob("*.py")):
            found |= set(
                _told(ast.parse(path.read_text(encoding="utf-8")), "flaggers" in str(path))
            )
    return {one for one in found if _PROSE.search(one)}


def _told(tree: ast.Module, reasons: bool) -> Iterator[str]:
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _name(node)
            error = name.endswith(("Error", "Missing", "Stale", "OutOfMemory"))
            if (error and name not in _NOT_ERRORS) or name in _SHOWN:
                for argument in [*node.args, *(k.value for k in node.keywords)]:
                    yield from _patterns(argument)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(id(node.value))  # a docstring
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in ast.walk(node) if part is not node}
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in inside:
            # Parts of errors are also kept in tables, and put together from pieces.
            for text in _patterns(node):
                if reasons or (_PIECE.search(text) and not _NO_PROSE.search(text)):
                    yield text


def _patterns(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        count, text = 0, ""
        for part in node.values:
            if isinstance(part, ast.Constant):
                text += str(part.value).replace("{", "").replace("}", "")
            else:
                text += f"{{{count}}}"
                count += 1
        yield text
    else:
        yield from _constants(node)


def _name(call: ast.Call) -> str:
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def collected() -> dict[str, list[str]]:
    """Both kinds, sorted; a sentence that is a word too is listed once."""
    shown = words()
    return {"words": sorted(shown), "sentences": sorted(sentences() - shown)}


def missing(language: str) -> dict[str, list[str]]:
    """What a language's file lacks of each kind."""
    known = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return {
        kind: [text for text in texts if not known[kind].get(text)]
        for kind, texts in collected().items()
    }


def main() -> int:
    """Report, or write the template."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--template", action="store_true", help="write template.json")
    options = parser.parse_args()
    if options.template:
        FOLDER.mkdir(parents=True, exist_ok=True)
        text = json.dumps(collected(), ensure_ascii=False, indent=1)
        (FOLDER / "template.json").write_text(text + "\n", encoding="utf-8")
    lacking = 0
    for path in sorted(FOLDER.glob("??.json")):
        for kind, texts in missing(path.stem).items():
            lacking += len(texts)
            print(f"{path.stem}: {len(texts)} {kind} missing")
            for text in texts[:20]:
                print(f"  {text}")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
