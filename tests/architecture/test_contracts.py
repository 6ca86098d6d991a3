"""The import contracts hold, and each of them bites: one planted violation per contract."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

# Contract id -> (file, line planted at its end). The last of the stairs is a type-only import.
VIOLATIONS = [
    ("stairs", "domain/seeds.py", "import motionlens.files"),
    ("stairs", "media/probe.py", "import motionlens.motion"),
    (
        "stairs",
        "domain/clip.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import motionlens.ui",
    ),
    ("stairs", "lanes/token.py", "def late():\n    import motionlens.operations.add"),
    ("headless-operations", "operations/add.py", "import torch"),
    ("no-qt-below-the-window", "session/notices.py", "import PySide6.QtCore"),
    ("torch-rooms", "motion/mask.py", "import torch"),
    ("opencv-rooms", "media/geometry.py", "import cv2"),
    ("pyav-room", "motion/mask.py", "import av"),
    ("sql-room", "session/notices.py", "import sqlite3"),
    ("light-domain", "domain/clip.py", "import torch"),
]


def lint_imports(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "importlinter.cli", "lint", "--no-cache"]
    for contract in contracts:
        command += ["--contract", contract]
    code = "import sys; from importlinter.cli import lint_imports_command as run; run(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", code, *command[4:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_tree_keeps_all_contracts() -> None:
    result = lint_imports(CHECKOUT)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    shutil.copytree(
        CHECKOUT / "motionlens", folder / "motionlens", ignore=shutil.ignore_patterns("__pycache__")
    )
    return folder


@pytest.mark.parametrize(("contract", "file", "line"), VIOLATIONS)
def test_a_planted_violation_is_caught(copied: Path, contract: str, file: str, line: str) -> None:
    path = copied / "motionlens" / file
    before = path.read_text()
    path.write_text(f"{before}\n{line}\n")
    try:
        result = lint_imports(copied, contract)
    finally:
        path.write_text(before)
    assert result.returncode == 1, f"not caught: {line}\n{result.stdout[-2000:]}{result.stderr}"
    assert "BROKEN" in result.stdout


def test_every_contract_has_a_violation() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text()
    ids = {line.split('"')[1] for line in text.splitlines() if line.startswith('id = "')}
    assert ids == {contract for contract, _, _ in VIOLATIONS}
