from __future__ import annotations

import numpy as np
import pytest

from motionlens.attribution.combined import combined_scores, flow_deviation
from motionlens.attribution.learned import components, learned_scores
from motionlens.attribution.scorer import GradientScorer
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import CandidateStatistics
from motionlens.domain.statistics import auroc


def statistics(
    count: int, seed: int = 0, decisions: list[str] | None = None
) -> CandidateStatistics:
    rng = np.random.default_rng(seed)
    return CandidateStatistics(
        mean_px=rng.random(count) * 3,
        losses=rng.random(count),
        classes=["bounce", "roll"] * (count // 2) + ["roll"] * (count % 2),
        static=np.zeros(count, bool),
        flags=rng.random((count, 2)),
        decisions=decisions or [""] * count,
    )


def test_ranks_are_summed_with_equal_weights() -> None:
    given = CandidateStatistics(
        mean_px=np.array([1.0, 1.0, 1.0, 1.0, 9.0]),
        losses=np.array([0.5, 0.4, 0.3, 0.2, 0.1]),
        classes=["roll"] * 5,
        static=np.zeros(5, bool),
        flags=np.zeros((5, 0)),
        decisions=[""] * 5,
    )
    scores, parts = combined_scores(np.array([1.0, 2, 3, 4, 5]), given)
    deviation = np.array([2.5, 2.5, 2.5, 2.5, 5])
    assert scores == pytest.approx((np.arange(1, 6) + np.arange(5, 0, -1) + deviation) / 15)
    assert list(parts) == ["influence", "flow_deviation", "loss", "static"]


def test_static_shots_come_first() -> None:
    given = statistics(20)
    given.static[3] = True
    scores, parts = combined_scores(np.linspace(1, -1, 20), given)
    assert scores.argmax() == 3
    assert np.delete(scores, 3).max() <= 1 < scores[3]
    assert parts["static"].sum() == 1


def test_clips_without_analysis_stand_in_the_middle() -> None:
    given = statistics(21)
    given.mean_px[5] = np.nan
    scores, parts = combined_scores(np.zeros(21), given)
    assert np.isnan(parts["flow_deviation"][5])
    assert np.isfinite(scores).all()


def test_flow_is_compared_within_the_class() -> None:
    px = np.array([1.0, 1.1, 0.9, 1.05, 0.95, 5.0, 5.1, 4.9, 5.05, 4.95, 5.0])
    classes = ["roll"] * 5 + ["throw"] * 5 + ["roll"]
    deviation = flow_deviation(px, classes)
    assert deviation[10] > 20
    assert deviation[:10].max() < 3
    # The unit is the standard deviation: a normal sample has a third beyond one.
    normal = np.random.default_rng(0).normal(3, 0.2, 4000)
    assert np.mean(flow_deviation(normal, [""] * 4000) > 1) == pytest.approx(0.317, abs=0.03)


def test_small_classes_are_compared_with_the_library() -> None:
    px = np.array([1.0, 1.1, 0.9, 1.05, 0.95, 5.0, 5.1])
    alone = flow_deviation(px, ["roll"] * 5 + ["throw"] * 2)
    assert alone[5] == pytest.approx(flow_deviation(px, [""] * 7)[5])
    assert alone[5] > 5


def test_equal_flow_has_no_deviation() -> None:
    assert flow_deviation(np.full(6, 2.0), [""] * 6).tolist() == [0] * 6
    mostly = flow_deviation(np.array([2.0] * 6 + [3.0]), [""] * 7)
    assert np.isfinite(mostly).all()
    assert mostly.argmax() == 6
    assert np.isnan(flow_deviation(np.full(3, np.nan), [""] * 3)).all()


def test_the_scorer_joins_whitened_influence_with_statistics() -> None:
    rng = np.random.default_rng(1)
    x, q = (rng.standard_normal((n, 16)).astype(np.float32) for n in (30, 4))
    found = GradientScorer().candidates(x, q[:2], q[2:], "combined", statistics(30))
    whitened = GradientScorer().candidates(x, q[:2], q[2:], "whitened", None)
    assert np.array_equal(found.parts["influence"], whitened.scores)
    assert np.array_equal(found.per_query, whitened.per_query)
    assert (found.scores > 0).all()


def decided(count: int, every: int = 1) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Vectors whose first direction tells false motion from true, and decisions on some."""
    rng = np.random.default_rng(3)
    false = rng.random(count) < 0.4
    x = 0.3 * rng.standard_normal((count, 32))
    x[:, 0] += np.where(false, 1, -1)
    names = np.where(false, "exclude", "keep").tolist()
    answers = [name if n % every == 0 else "unsure" for n, name in enumerate(names)]
    return x.astype(np.float32), answers, false


def test_a_learned_ranking_finds_what_the_curator_excludes() -> None:
    x, answers, false = decided(200, every=4)
    learned = learned_scores(x, np.zeros((200, 1)), answers)
    open_clips = np.array([a == "unsure" for a in answers])
    assert auroc(learned.scores[open_clips], false[open_clips]) > 0.95
    assert learned.auroc > 0.9
    again = learned_scores(x, np.zeros((200, 1)), answers)
    assert np.array_equal(again.scores, learned.scores)


def test_left_out_decisions_tell_learning_from_luck() -> None:
    x, answers, _ = decided(120)
    shuffled = np.random.default_rng(0).permutation(answers).tolist()
    assert 0.3 < learned_scores(x, np.zeros((120, 1)), shuffled).auroc < 0.7


def test_plain_scores_count_too_and_may_be_unknown() -> None:
    x, answers, false = decided(100)
    noise = np.random.default_rng(0).standard_normal(x.shape).astype(np.float32)
    features = false.astype(float)[:, None] + np.array([[0.0, np.nan]])
    assert learned_scores(noise, features, answers).auroc > 0.9


@pytest.mark.parametrize(("exclude", "keep"), [(0, 0), (10, 9), (0, 40), (4, 40), (40, 4)])
def test_too_few_decisions_are_told_in_words(exclude: int, keep: int) -> None:
    answers = ["exclude"] * exclude + ["keep"] * keep + ["", "unsure"]
    x = np.zeros((len(answers), 4), np.float32)
    with pytest.raises(UsageError, match=f"{exclude} clips are excluded and {keep} kept"):
        learned_scores(x, np.zeros((len(answers), 1)), answers)


def test_the_scorer_learns_from_decisions() -> None:
    x, answers, false = decided(60)
    found = GradientScorer().candidates(
        x, x[false][:2], x[~false][:2], "learned", statistics(60, decisions=answers)
    )
    assert auroc(found.scores, false) > 0.95
    assert found.parts["learned_auroc"][0] > 0.9
    assert {"combined", "influence", "loss"} <= set(found.parts)


def test_components_are_uncorrelated_and_ordered() -> None:
    x = np.random.default_rng(0).standard_normal((500, 20)) * np.linspace(1, 3, 20)
    found = components(x.astype(np.float32), 5)
    covariance = np.cov(found.T)
    assert np.allclose(covariance - np.diag(np.diag(covariance)), 0, atol=1e-4)
    assert (np.diff(np.diag(covariance)) < 0).all()
    assert components(x[:, :3].astype(np.float32), 16).shape == (500, 3)
