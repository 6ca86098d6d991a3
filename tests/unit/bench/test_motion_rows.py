"""The motion suite, on pairs that it makes itself and on published ones."""

from __future__ import annotations

import os

import numpy as np
import pytest

from motionlens.bench import suites
from motionlens.bench.motion import end_point_error, mask_agreement
from motionlens.bench.motion_pairs import flow_pairs, made_pair
from tests.support.shared import shared_folder


def test_the_truth_itself_has_no_error() -> None:
    pair = made_pair("made", 0.05)
    assert end_point_error(pair.truth, pair) == 0
    assert mask_agreement(pair.truth, pair) == pytest.approx((1, 1))
    assert mask_agreement(np.zeros_like(pair.truth), pair) == (0, 0)


def test_a_made_pair_shows_what_its_truth_says() -> None:
    pair = made_pair("made", 0.02)
    y, x = np.nonzero(pair.valid)
    ends = np.rint(pair.truth[y, x]).astype(int)
    moved = pair.second[y + ends[:, 1], x + ends[:, 0]].astype(int)
    gap = np.abs(moved - pair.first[y, x]).mean()
    assert gap < 0.4 * np.abs(pair.second.astype(int) - pair.first).mean()


def test_rows_without_published_pairs(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("MOTIONLENS_SHARED", str(tmp_path))
    assert [pair.name for pair in flow_pairs()] == ["made, small", "made, large"]
    rows = suites.run(["flow"], True, lambda *_: None)
    assert {row.suite for row in rows} == {"motion"}
    errors = {row.case: row for row in rows if "end-point error" in row.case}
    large = next(row for case, row in errors.items() if "large" in case and "ours dis," in case)
    assert large.ours <= large.peer
    assert {row.peer_name for row in rows} == {"OpenCV DIS MEDIUM"}


def test_published_pairs_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shared_folder("flow")
    monkeypatch.setenv("MOTIONLENS_SHARED", os.fspath(folder.parent))
    pairs = {pair.name: pair for pair in flow_pairs()}
    assert list(pairs) == ["RubberWhale", "Sintel", "KITTI"]
    assert pairs["Sintel"].hidden is not None
    assert 0.01 < pairs["Sintel"].hidden.mean() < 0.2
