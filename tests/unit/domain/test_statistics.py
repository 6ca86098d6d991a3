"""Statistics against hand-computed and published values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionlens.domain import statistics
from motionlens.domain.seeds import derive_seed, generator


def test_wilson_interval_of_a_known_case() -> None:
    # Newcombe 1998, table I: 81 of 263.
    lo, hi = statistics.wilson_interval(81, 263)
    assert (round(lo, 4), round(hi, 4)) == (0.2553, 0.3662)


@given(st.integers(0, 60), st.integers(0, 60))
def test_wilson_holds_the_share_and_mirrors(wins: int, losses: int) -> None:
    lo, hi = statistics.wilson_interval(wins, wins + losses)
    mirrored = statistics.wilson_interval(losses, wins + losses)
    assert 0 <= lo <= hi <= 1
    if wins + losses:
        assert lo <= wins / (wins + losses) <= hi
        assert mirrored == pytest.approx((1 - hi, 1 - lo))


def test_binomial_p_value_of_known_cases() -> None:
    assert statistics.binomial_p_value(5, 10) == 1.0
    assert statistics.binomial_p_value(9, 10) == pytest.approx(22 / 1024)
    assert statistics.binomial_p_value(0, 3) == pytest.approx(0.25)
    assert 0 < statistics.binomial_p_value(900, 2000) < 1e-4


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_are_the_smallest_rate_that_takes_them_in(p: list[float]) -> None:
    q = statistics.benjamini_hochberg(p)
    n = len(p)
    for i, value in enumerate(p):
        rates = [n * x / sum(y <= x for y in p) for x in p if x >= value]
        expected = min(1.0, *rates)
        assert q[i] == pytest.approx(expected, abs=1e-12)


def test_auroc_by_counting_pairs() -> None:
    scores, positive = [0.1, 0.4, 0.4, 0.9, 0.2], [False, True, False, True, False]
    against = [(p, n) for p in (0.4, 0.9) for n in (0.1, 0.4, 0.2)]
    pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for p, n in against]
    assert statistics.auroc(scores, positive) == pytest.approx(np.mean(pairs))
    assert np.isnan(statistics.auroc([1.0, 2.0], [True, True]))


def test_spearman_ignores_monotone_changes() -> None:
    x = np.array([3.0, 1.0, 4.0, 1.5, 9.0])
    assert statistics.spearman(x, np.exp(x)) == pytest.approx(1.0)
    assert statistics.spearman(x, -x) == pytest.approx(-1.0)
    assert np.isnan(statistics.spearman(x, np.ones(5)))


def test_bootstrap_interval_covers_the_mean() -> None:
    values = np.arange(50.0)
    lo, hi = statistics.bootstrap_mean(values, generator("test"))
    assert lo < values.mean() < hi
    assert hi - lo == pytest.approx(2 * 1.96 * values.std() / np.sqrt(50), rel=0.15)


def test_seeds_are_named_and_stable() -> None:
    assert derive_seed("a", 1) == derive_seed("a", 1) != derive_seed("a", 2)
    assert derive_seed("a", "b") != derive_seed("ab")
    assert generator("x").integers(1000) == generator("x").integers(1000)
