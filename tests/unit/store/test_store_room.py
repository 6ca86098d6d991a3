"""What this room forbids itself, and what it must not cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import motionlens.store

ROOM = Path(motionlens.store.__file__).parent


def test_no_raw_connection_is_used_as_a_transaction() -> None:
    """`with` on a sqlite3 connection opens no transaction; only the write block may begin one."""
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for item in node.items if isinstance(node, ast.With) else []:
                used = ast.unparse(item.context_expr)
                assert used.split(".")[-1] not in {"raw", "conn", "connection"}, f"{file}: {used}"


def test_one_place_begins_and_commits() -> None:
    texts = {file.name: file.read_text(encoding="utf-8") for file in ROOM.glob("*.py")}
    for words in ("BEGIN IMMEDIATE", "COMMIT", ".commit("):
        found = [name for name, text in texts.items() if f'"{words}"' in text]
        assert found == (["connection.py"] if words != ".commit(" else [])


def test_opening_an_up_to_date_project_imports_no_sqlite_utils(store) -> None:
    store.close()
    code = (
        "import sys; from motionlens.store import open_store; open_store(sys.argv[1]).close(); "
        "print('sqlite_utils' in sys.modules)"
    )
    root = ROOM.parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code, str(store.path)],
        capture_output=True, text=True, check=True, cwd=root,
    )  # fmt: skip
    assert done.stdout == "False\n"
