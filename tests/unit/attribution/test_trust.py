"""Lengths that are learnt once, half precision, the damping's choice, and intervals of ranks."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from motionlens.attribution import kept as kept_module
from motionlens.attribution.damping import RIDGES, choose_ridge
from motionlens.attribution.geometry import RIDGE, Geometry, geometry, learn, learnt_of_file
from motionlens.attribution.intervals import rank_intervals
from motionlens.attribution.kept import KeptBeside
from motionlens.attribution.scorer import GradientScorer
from motionlens.attribution.scoring import cosines, influence_scores, top_rows

METHODS = ("cosine", "centred", "whitened")


def rows(count: int, dim: int = 32, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = (rng.standard_normal((count, dim)) + 2 * rng.standard_normal(dim)).astype(np.float32)
    if count > 9:
        made[3] = 0
        made[5] = made.sum(axis=0) / (count - 1) + 1e-3 * made[9]  # all but in the centre
    return made


def mapped(path: Path, values: np.ndarray) -> np.memmap:
    values.tofile(path)
    return np.memmap(path, values.dtype, mode="r", shape=values.shape)


@pytest.mark.parametrize("method", METHODS)
def test_learnt_lengths_change_no_score(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_module, "LEAST_ROWS", 1)
    x, q = rows(3000), rows(4, seed=1)
    plain = cosines(x, q, geometry(x, method))
    first = KeptBeside(tmp_path / "learnt", len(x))
    assert np.allclose(cosines(x, q, learn(x, method, kept=first)), plain, atol=2e-6)
    files = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "learnt").iterdir()}
    assert f"lengths-{method if method != 'whitened' else 'whitened-10'}-3000.npz" in files
    # From the files alone: the rows are not looked at again.
    again = learn(np.zeros_like(x), method, kept=KeptBeside(tmp_path / "learnt", len(x)))
    assert np.array_equal(cosines(x, q, again), cosines(x, q, learn(x, method, kept=first)))
    assert files == {p.name: p.stat().st_mtime_ns for p in (tmp_path / "learnt").iterdir()}


def test_what_was_learnt_is_forgotten_when_rows_are_added_or_files_break(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_module, "LEAST_ROWS", 1)
    x = rows(40)
    learn(x[:30], "centred", kept=KeptBeside(tmp_path, 30))
    assert KeptBeside(tmp_path, 40).load("mean") is None
    learn(x, "centred", kept=KeptBeside(tmp_path, 40))
    assert {p.name for p in tmp_path.iterdir()} == {"mean-40.npz", "lengths-centred-40.npz"}
    (tmp_path / "mean-40.npz").write_bytes(b"PK broken")
    assert KeptBeside(tmp_path, 40).load("mean") is None
    assert learn(x, "centred", kept=KeptBeside(tmp_path, 40)).space.centre is not None


def test_a_folder_that_cannot_be_written_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_module, "LEAST_ROWS", 1)
    (tmp_path / "file").write_text("in the way")
    kept = KeptBeside(tmp_path / "file" / "learnt", 20)
    x = rows(20)
    assert np.allclose(
        cosines(x, x, learn(x, "centred", kept=kept)), cosines(x, x, geometry(x, "centred"))
    )


@pytest.mark.parametrize("method", METHODS)
def test_half_precision_costs_half_the_disk_and_little_else(method: str, tmp_path: Path) -> None:
    x, q = rows(2500), rows(3, seed=1)
    half = mapped(tmp_path / "rows.f16", x.astype(np.float16))
    for values in (half, x.astype(np.float16)):
        scores = influence_scores(values, q, method)
        assert scores.dtype == np.float32
        far = np.delete(np.arange(len(x)), 5)  # a row in the centre has hardly a direction
        assert np.allclose(scores[far], influence_scores(x, q, method)[far], atol=2e-3)


def test_a_mapped_file_is_learnt_once_while_it_is_unchanged(tmp_path: Path) -> None:
    x = rows(200)
    path = tmp_path / "rows.f32"
    whole = mapped(path, x)
    first = learnt_of_file(whole, "centred")
    assert first is not None
    assert learnt_of_file(np.memmap(path, "f4", mode="r", shape=x.shape), "centred") is first
    assert learnt_of_file(whole[5:], "centred") is None
    assert learnt_of_file(x, "centred") is None
    assert learnt_of_file(np.memmap(path, "f4", mode="r+", shape=x.shape), "centred") is None
    assert np.allclose(
        influence_scores(whole[5:], x[7], "centred"), influence_scores(x[5:], x[7], "centred")
    )
    other = mapped(path, rows(200, seed=9))
    os.utime(path, ns=(1, 1))
    assert learnt_of_file(other, "centred") is not first


@pytest.mark.parametrize("count", [1, 3, 10, 99, 100, 500])
def test_the_top_is_that_of_a_whole_sort(count: int) -> None:
    scores = np.random.default_rng(0).integers(0, 12, 100).astype(np.float32)
    assert top_rows(scores, count).tolist() == np.argsort(-scores, kind="stable")[:count].tolist()


def test_a_score_is_a_product_with_its_direction() -> None:
    x = rows(60)
    for method in METHODS:
        space = geometry(x, method)
        for fixed, moving in ((8, 9), (20, 7), (3, 9), (9, 3)):
            direction, offset = space.as_product(x[fixed], x[moving])
            wanted = cosines(x[moving][None], x[fixed][None], space)[0, 0]
            assert float(direction @ x[moving]) + offset == pytest.approx(wanted, abs=2e-5)


def world(seed: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Bad and good queries that differ along one axis, under noise `spread` on the other axes."""
    rng = np.random.default_rng(seed)
    scale = np.r_[1.0, np.full(15, spread)]
    bad, good = (rng.standard_normal((12, 16)) * scale for _ in range(2))
    bad[:, 0] += 2
    good[:, 0] -= 2
    return bad.astype(np.float32), good.astype(np.float32)


def test_the_damping_is_chosen_by_queries_that_were_held_out() -> None:
    bad, good = world(0, spread=6.0)
    index = np.concatenate(world(1, spread=6.0))

    def turned_away(ridge: float) -> Geometry:
        """Only the candidate 3 leaves the telling axis in; the others leave noise."""
        keep = np.eye(16, dtype=np.float32)
        if ridge == 3:
            keep[1:] = 0
        else:
            keep[0] = 0
        return Geometry(None, keep)

    assert choose_ridge(bad, good, turned_away) == 3
    assert choose_ridge(bad[:2], good, turned_away) == RIDGE
    assert choose_ridge(bad, good[:0], turned_away) == RIDGE
    same = choose_ridge(bad, good, lambda _: Geometry())
    assert same == max(RIDGES)  # no difference: the one that trusts the covariance least
    scorer = GradientScorer()
    assert scorer.ridge(index, bad, good, "centred") is None
    assert scorer.ridge(index, bad, good, "combined") in RIDGES
    nine = scorer.candidates(index, bad, good, "whitened", None, ridge=100.0)
    assert not np.allclose(nine.scores, scorer.candidates(index, bad, good, "whitened").scores)


def test_intervals_hold_the_rank_and_narrow_with_agreement() -> None:
    rng = np.random.default_rng(0)
    truth = np.linspace(1, -1, 50)
    widths = []
    for noise in (0.0, 0.2, 2.0):
        columns = (truth[:, None] + noise * rng.standard_normal((50, 16))).astype(np.float32)
        low, high = rank_intervals(columns, queries=8, bad=8)
        ranks = np.empty(50, int)
        ranks[np.argsort(-columns.mean(axis=1))] = np.arange(1, 51)
        assert (low >= 1).all()
        assert (high <= 50).all()
        assert np.mean((low <= ranks) & (ranks <= high)) > 0.9
        widths.append(float(np.mean(high - low)))
    assert widths[0] == 0
    assert widths[0] < widths[1] < widths[2]


def test_good_queries_count_against_and_one_draw_has_no_spread() -> None:
    columns = np.zeros((3, 2), np.float32)
    columns[:, 0], columns[:, 1] = (3, 2, 1), (0, 5, 9)
    low, high = rank_intervals(columns, queries=2, bad=1)
    assert low.tolist() == high.tolist() == [1, 2, 3]
    low, _ = rank_intervals(columns, queries=2, bad=1, finish=lambda scores: -scores)
    assert low.tolist() == [3, 2, 1]


@pytest.mark.parametrize("method", ["cosine", "whitened", "vote", "learned"])
def test_the_scorer_gives_intervals(method: str) -> None:
    x = rows(40)
    draws = np.stack([rows(2, seed=n) for n in range(4)])
    found = GradientScorer().rank_intervals(x, draws, 3, method)
    if method == "learned":
        assert found is None
        return
    assert found is not None
    low, high = found
    assert (low <= high).all()
    assert (high > low).any()
