from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionlens.attribution import geometry as geometry_module
from motionlens.attribution.geometry import geometry
from motionlens.attribution.scorer import GradientScorer
from motionlens.attribution.scoring import (
    bad_minus_good,
    cosines,
    influence_scores,
    vote_scores,
)
from motionlens.domain.errors import UsageError

DIRECT = ("cosine", "centred", "whitened")


def rows(count: int, dim: int = 16, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((count, dim)) + 2 * rng.standard_normal(dim)).astype(np.float32)


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def test_cosine_is_the_cosine() -> None:
    x, q = rows(40), rows(1, seed=1)[0]
    scores = influence_scores(x, q)
    assert scores.dtype == np.float32
    assert scores.shape == (40,)
    assert np.allclose(scores, unit(x) @ unit(q), atol=1e-6)


def test_centred_takes_the_mean_of_the_index_from_both_sides() -> None:
    x, q = rows(40), rows(1, seed=1)[0]
    mean = x.mean(axis=0)
    assert np.allclose(
        influence_scores(x, q, "centred"), unit(x - mean) @ unit(q - mean), atol=1e-5
    )


def test_whitened_is_the_cosine_in_the_damped_inverse_covariance() -> None:
    x, q = rows(200), rows(1, seed=1)[0]
    mean = x.mean(axis=0)
    covariance = np.cov(x.T, bias=True)
    inverse = np.linalg.inv(covariance + 10 * np.trace(covariance) / 16 * np.eye(16))
    a, b = x - mean, q - mean
    wanted = (a @ inverse @ b) / np.sqrt(
        np.einsum("nd,de,ne->n", a, inverse, a) * (b @ inverse @ b)
    )
    assert np.allclose(influence_scores(x, q, "whitened"), wanted, atol=1e-5)


def test_damping_goes_from_whitening_to_centring() -> None:
    x, q = rows(200) * np.linspace(0.1, 5, 16, dtype=np.float32), rows(1, seed=1)[0]
    centred = influence_scores(x, q, "centred")
    assert np.allclose(influence_scores(x, q, "whitened", ridge=1e6), centred, atol=1e-4)
    assert not np.allclose(influence_scores(x, q, "whitened", ridge=0.01), centred, atol=0.05)


@pytest.mark.parametrize("method", DIRECT)
def test_several_queries_are_averaged(method: str) -> None:
    x, q = rows(30), rows(4, seed=1)
    single = np.mean([influence_scores(x, one, method) for one in q], axis=0)
    assert np.allclose(influence_scores(x, q, method), single, atol=1e-5)
    per_query = cosines(x, q, geometry(x, method))
    assert np.allclose(per_query.mean(axis=1), single, atol=1e-5)
    assert np.abs(per_query).max() <= 1 + 1e-5


@pytest.mark.parametrize("method", DIRECT)
@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.01, 100), min_size=12, max_size=12), st.floats(0.01, 100))
def test_the_length_of_a_query_never_matters(
    method: str, lengths: list[float], length: float
) -> None:
    x, q = rows(12), rows(1, seed=1)[0]
    scaled = influence_scores(x, np.float32(length) * q, method)
    if method == "cosine":
        assert np.allclose(scaled, influence_scores(x, q), atol=1e-5)
        grown = x * np.array(lengths, np.float32)[:, None]
        assert np.allclose(influence_scores(grown, q), influence_scores(x, q), atol=1e-5)
    assert np.abs(scaled).max() <= 1 + 1e-5


@pytest.mark.parametrize("method", DIRECT)
def test_empty_rows_score_zero_and_move_no_mean(method: str) -> None:
    x, q = rows(30), rows(1, seed=1)[0]
    with_empty = np.concatenate([x, np.zeros((3, 16), np.float32)])
    scores = influence_scores(with_empty, q, method)
    assert np.allclose(scores[:30], influence_scores(x, q, method), atol=1e-6)
    assert not scores[30:].any()
    assert not influence_scores(x, np.zeros(16, np.float32), method).any()


@pytest.mark.parametrize("method", DIRECT)
def test_alike_rows_give_numbers(method: str) -> None:
    x = np.tile(rows(1), (5, 1))
    scores = influence_scores(x, rows(1, seed=1)[0], method)
    assert np.isfinite(scores).all()
    assert np.ptp(scores) < 1e-6


def test_vote_counts_queries_above_their_own_threshold() -> None:
    per_query = np.zeros((20, 3), np.float32)
    per_query[:, 0] = np.arange(20)
    per_query[:, 1] = np.arange(20)
    per_query[:, 2] = -np.arange(20)
    scores = vote_scores(per_query, bad=2)
    assert np.argsort(-scores)[:2].tolist() == [19, 18]
    assert scores[19] == pytest.approx(1, abs=0.5)
    assert scores[0] == pytest.approx(-1, abs=0.5)
    # Nobody votes for the middle: mean rank decides, and by less than a vote.
    assert (np.diff(scores[2:18]) > 0).all()
    assert scores[17] < scores[18] - 0.5


def test_vote_by_name_equals_vote_by_cosines() -> None:
    x, q = rows(50), rows(3, seed=1)
    expected = vote_scores(cosines(x, q, geometry(x, "vote")), 3)
    assert np.allclose(influence_scores(x, q, "vote"), expected, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(0, 4), st.integers(2, 40))
def test_ties_never_outweigh_a_vote(bad: int, good: int, count: int) -> None:
    per_query = np.random.default_rng(count).standard_normal((count, bad + good)).astype("f4")
    votes = per_query > np.quantile(per_query, 0.9, axis=0)
    raw = bad_minus_good(votes, bad)
    scores = vote_scores(per_query, bad)
    for value in np.unique(raw)[1:]:
        assert scores[raw >= value - 1e-12].min() > scores[raw < value - 1e-12].max()


def test_bad_counts_for_and_good_against() -> None:
    per_query = np.array([[1.0, 0.5, 0.25]], np.float32)
    assert bad_minus_good(per_query, 2).tolist() == [0.5]
    assert bad_minus_good(per_query, 3).tolist() == pytest.approx([1.75 / 3])
    assert bad_minus_good(per_query, 0).tolist() == pytest.approx([-1.75 / 3])


def test_many_rows_are_read_from_a_memory_map_by_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = rows(50_000, 64)
    x[7] = 0
    mapped = np.memmap(tmp_path / "rows.f32", np.float32, mode="w+", shape=x.shape)
    mapped[:] = x
    q = rows(3, 64, seed=1)
    by_blocks = {m: influence_scores(mapped, q, m) for m in (*DIRECT, "vote")}
    monkeypatch.setattr(geometry_module, "BLOCK_ROWS", 10**9)
    monkeypatch.setattr(geometry_module, "COVARIANCE_ROWS", 10**9)
    for method, scores in by_blocks.items():
        assert scores.shape == (50_000,)
        assert np.allclose(scores, influence_scores(x, q, method), atol=2e-6), method


def test_misfits_are_told_in_words() -> None:
    with pytest.raises(UsageError, match="do not fit"):
        influence_scores(rows(3, 16), rows(1, 8)[0])
    with pytest.raises(UsageError, match="no query"):
        influence_scores(rows(3), np.empty((0, 16), np.float32))
    for method in ("combined", "magic"):
        with pytest.raises(UsageError, match="cosine, centred, whitened, vote"):
            influence_scores(rows(3), rows(1)[0], method)


def test_candidates_are_bad_minus_good() -> None:
    x, bad, good = rows(40), rows(3, seed=1), rows(2, seed=2)
    found = GradientScorer().candidates(x, bad, good, "centred", None)
    assert found.per_query.shape == (40, 5)
    wanted = influence_scores(x, bad, "centred") - influence_scores(x, good, "centred")
    assert np.allclose(found.scores, wanted, atol=1e-5)
    none = np.empty((0, 16), np.float32)
    only_good = GradientScorer().candidates(x, none, good, "centred", None)
    assert np.allclose(only_good.scores, -influence_scores(x, good, "centred"), atol=1e-5)
    with pytest.raises(UsageError, match="no query"):
        GradientScorer().candidates(x, none, none, "centred", None)
    with pytest.raises(UsageError, match="needs flow statistics"):
        GradientScorer().candidates(x, bad, good, "combined", None)
    with pytest.raises(UsageError, match="no method named"):
        GradientScorer().candidates(x, bad, good, "best", None)


def test_p_values_count_null_scores_at_least_as_high() -> None:
    p = GradientScorer().p_values(np.array([5.0, 2.0, 0.0]), np.array([3.0, 1.0, 2.0]))
    assert p.tolist() == [1 / 4, 3 / 4, 1.0]
    rng = np.random.default_rng(0)
    null = GradientScorer().p_values(rng.standard_normal(4000), rng.standard_normal(4000))
    assert np.mean(null < 0.1) == pytest.approx(0.1, abs=0.02)
