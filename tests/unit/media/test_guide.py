"""The guide's table of odd files is what the code gives."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from tests.support.shared import shared_folder

ROOT = Path(__file__).parents[3]


def test_the_table_of_odd_files_is_what_the_code_gives():
    place = ROOT / "packaging" / "make_media_table.py"
    spec = importlib.util.spec_from_file_location("make_media_table", place)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = (ROOT / "docs" / "guide" / "media.md").read_text(encoding="utf-8")
    assert page == script.table(shared_folder("odd"))
