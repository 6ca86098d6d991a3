"""The media suite measures what it says, on what it makes itself."""

from __future__ import annotations

import pytest

from motionlens.bench import suites
from motionlens.domain.errors import UsageError


@pytest.fixture(scope="module")
def rows():
    return suites.run(["media"], True, lambda *_: None)


def test_all_made_files_are_right(rows):
    counts = [row for row in rows if row.case.startswith("files right of")]
    assert counts
    for row in counts:
        assert row.case == "files right of 6 (count)"
        assert row.ours == 6
        assert row.peer <= 6


def test_a_step_backwards_keeps_its_goal(rows):
    (row,) = [row for row in rows if "decoded a step backwards" in row.case]
    assert row.limit == 2
    assert row.ours == row.ratio <= 2


def test_peers_are_beside_ours(rows):
    names = {row.peer_name for row in rows}
    assert {"PyAV, no conversion", "OpenCV VideoCapture", "PyAV, seek by N / fps"} <= names


def test_the_old_name_is_known_and_others_are_not(monkeypatch):
    monkeypatch.setitem(suites.SUITES, "media", lambda quick: [])
    assert suites.run(["decode"], True, lambda *_: None) == []
    with pytest.raises(UsageError, match="no suite"):
        suites.run(["nothing"], True, lambda *_: None)
