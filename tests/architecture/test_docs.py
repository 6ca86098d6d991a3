"""The documents say what is: verbs, options, keys, words, links, and an example that runs."""

from __future__ import annotations

import argparse
import ast
import functools
import html
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from motionlens.cli.parser import build_parser
from motionlens.ui.action_table import TABLE
from tests.support.verbs import slide

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "motionlens"
DOCUMENTS = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
GUIDE = CHECKOUT / "docs" / "guide" / "command-line.md"
GLOSSARY = CHECKOUT / "docs" / "glossary.md"

# The verbs that the first issue asks for, each of which must be there.
ASKED = (
    "new add clips probe frame flow mask analyse models index rank neighbours decide undo redo"
    " history export finetune runs stop generate trial report check doctor open demo"
).split()
# Told once for all verbs, at the top of the guide.
COMMON = {"-h", "--help", "--json", "--quiet"}

# Words that the glossary avoids, where they name something else than what it means by them.
# Word -> beginnings of the modules where it may stand; why, above each.
ELSEWHERE = {
    # Drawing from a diffusion model is called sampling, and so is reading a picture or a clip at
    # chosen places; no clip is meant.
    "sample": """models/ domain/ports/attribution.py app/bindings.py operations/generate.py
        operations/flow_fields.py operations/model_clip.py finetune/ media/picture.py""",
    # Qt's rows, a list's rows and a queue's entries are items; a clip never is.
    "item": """ui/ session/ cli/output.py formats/ store/rows.py operations/add.py
        operations/ahead.py""",
    # The file that a write aims at, the step that an undo acts on, where an arrow ends, the
    # regression's target; a query never is.
    "target": "files.py domain/decision.py store/ media/ motion/ formats/ models/ finetune/ ui/",
    # The table of class vectors, as torch names it.
    "embedding": "models/",
    # Text in a window or page; the two classes of a classifier; the name of the port to the store
    # of decisions, older than the word.
    "label": "ui/ formats/ attribution/learned.py domain/statistics.py domain/ports/",
}


@functools.cache
def verbs() -> dict[str, argparse.ArgumentParser]:
    """Every verb with its parser; steps of `trial` as "trial new"."""
    found: dict[str, argparse.ArgumentParser] = {}
    for name, parser in _below(build_parser()):
        steps = list(_below(parser))
        found |= {f"{name} {step}": below for step, below in steps} or {name: parser}
    return found


def _below(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def sections() -> dict[str, str]:
    """Verb -> its usage lines in the guide."""
    text = GUIDE.read_text()
    return dict(re.findall(r"^### `([^`]+)`\n```\n(.*?)```", text, re.M | re.S))


def options(parser: argparse.ArgumentParser) -> set[str]:
    return {flag for action in parser._actions for flag in action.option_strings} - COMMON


def test_the_guide_lists_exactly_the_verbs_there_are() -> None:
    assert set(sections()) == set(verbs())


def test_every_verb_that_was_asked_for_is_there() -> None:
    assert set(ASKED) <= {name.split()[0] for name in verbs()}


@pytest.mark.parametrize("name", list(verbs()))
def test_the_guide_lists_exactly_the_options_of(name: str) -> None:
    usage = sections()[name]
    named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", usage))
    assert named == options(verbs()[name])
    words = name.split()
    assert all(
        line.startswith(("    ", f"motionlens {words[0]}")) for line in usage.splitlines() if line
    )


@pytest.mark.parametrize("name", list(verbs()))
def test_the_guide_names_the_choices_of(name: str) -> None:
    usage = sections()[name]
    for action in verbs()[name]._actions:
        if action.choices and "R]" not in usage:
            for choice in action.choices:
                assert re.search(rf"\b{re.escape(str(choice))}\b", usage), (name, choice)


def commands() -> list[tuple[str, list[str]]]:
    """Every `motionlens ...` line of the documents' code blocks, as (document, words)."""
    found = []
    for document in DOCUMENTS:
        if document == GUIDE:
            continue
        for block in re.findall(r"^```sh\n(.*?)^```", document.read_text(), re.M | re.S):
            for line in block.splitlines():
                words = re.sub(r"\s+#.*", "", line.strip()).replace("packaging/run", "motionlens")
                if words.startswith("motionlens "):
                    found.append((document.name, shlex.split(words)[1:]))
    return found


@pytest.mark.parametrize(("document", "words"), commands())
def test_a_command_in_a_document_is_understood(document: str, words: list[str]) -> None:
    assert build_parser().parse_args(words).run


def test_the_documents_hold_commands() -> None:
    assert {"README.md", "researcher.md"} <= {document for document, _ in commands()}


def test_the_readmes_example_runs(tmp_path: Path) -> None:
    text = (CHECKOUT / "README.md").read_text()
    (example,) = re.findall(r"<!-- example -->\n```python\n(.*?)```", text, re.S)
    slide(tmp_path / "clip.mp4", 3, frames=9)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        env={"PYTHONPATH": str(CHECKOUT), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "1 added, 1 approved" in done.stdout
    assert (tmp_path / "train.jsonl").is_file()


def test_the_curators_keys_are_the_windows_keys() -> None:
    text = html.unescape((CHECKOUT / "docs" / "guide" / "curator.md").read_text())
    listed = re.findall(r"^\| <kbd>(.+?)</kbd> \| (.+?) \|$", text, re.M)
    assert len(listed) > 15
    names = {spec.text: spec.keys for spec in TABLE}
    for key, name in listed:
        assert name in names, f"the window has no command {name!r}"
        assert key in names[name], f"{name} is on {names[name]}, the guide says {key}"
    single = {"X": "judge.exclude", "C": "judge.keep", "S": "judge.later", "Z": "judge.undo"}
    single |= {"A": "move.back", "D": "move.next"}
    for key, command in single.items():
        assert [spec.id for spec in TABLE if key in spec.keys] == [command]


def test_keys_in_running_text_are_the_windows_keys() -> None:
    text = (CHECKOUT / "docs" / "guide" / "curator.md").read_text()
    known = {(key, spec.text) for spec in TABLE for key in spec.keys}
    for name, key in re.findall(r"\*([^*]+)\* \(<kbd>(.+?)</kbd>\)", text):
        assert (key, name) in known, (key, name)


def avoided() -> set[str]:
    """Single words of the glossary's third column."""
    words: set[str] = set()
    for row in re.findall(r"^\|[^|]+\|[^|]+\|([^|]*)\|$", GLOSSARY.read_text(), re.M):
        words |= {word.strip() for word in row.split(",") if word.strip().isidentifier()}
    return words - {"avoid"}


def test_the_glossary_has_words_to_avoid() -> None:
    assert {"sample", "item", "target", "heatmap", "embedding", "similarity"} <= avoided()
    assert set(ELSEWHERE) <= avoided(), "an exemption for a word that nobody avoids"


@pytest.mark.parametrize("word", sorted(avoided()))
def test_no_identifier_uses_a_word_to_avoid(word: str) -> None:
    pattern = re.compile(rf"(^|_){re.escape(word)}s?(_|$)", re.I)
    camel = re.compile(rf"(^|[a-z0-9]){re.escape(word.title())}s?([A-Z]|$)")
    where = tuple(ELSEWHERE.get(word, "").split())
    found = []
    for name, identifiers in defined().items():
        if name.startswith(where):
            continue
        found += [f"{name}: {i}" for i in identifiers if pattern.search(i) or camel.search(i)]
    assert not found


@functools.cache
def defined() -> dict[str, set[str]]:
    """Module -> the names that it gives."""
    return {
        path.relative_to(PACKAGE).as_posix(): set(_defined(ast.parse(path.read_text())))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def _defined(tree: ast.AST) -> Iterator[str]:
    """Names that a module gives: to functions, classes, arguments, variables, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case _:
                pass


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)", document.read_text()):
        if "://" in link or link.startswith("docs/screenshots/"):
            continue  # pictures are scripted from the demo, not kept by this test
        assert (document.parent / link).resolve().exists(), link


def test_rooms_and_files_named_in_the_architecture_exist() -> None:
    text = (CHECKOUT / "docs" / "architecture.md").read_text()
    for name in re.findall(r"`((?:\w+/)*\w+\.py|\w+/)`", text):
        hits = list(PACKAGE.rglob(name.rstrip("/"))) + list(CHECKOUT.glob(name.rstrip("/")))
        assert hits, name
    rooms = {p.name for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    assert {name for name in rooms if f"`{name}/`" not in text} == set()


def test_the_house_is_complete() -> None:
    assert "Apache License" in (CHECKOUT / "LICENSE").read_text()[:200]
    assert "## [Unreleased]" in (CHECKOUT / "CHANGELOG.md").read_text()
    numbers = [path.name[:4] for path in sorted((CHECKOUT / "docs" / "adr").glob("*.md"))]
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]
