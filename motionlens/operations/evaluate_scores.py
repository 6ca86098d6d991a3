"""Second stage of `evaluate`: every score of every clip, influence and honest baselines alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import CandidateStatistics, Scorer
from motionlens.domain.statistics import mean_ranks
from motionlens.operations.evaluate_rows import StudyQueries, StudyRows

# The ranker learns from at least these first reviewed clips, and from more where one kind is rare.
LEARNT_FROM = 20
_LEAST_OF_EACH = 5
_GEOMETRIES = ("cosine", "centred", "whitened")

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of N clips by method, higher = more suspect.

    Attributes
    ----------
    counted : mapping
        Method -> (N,) bool, the clips that it is judged on, where they are not all: `learned`
        has seen the others' truth.
    per_query : mapping
        Method -> (N, Q), for the linear datamodelling score.
    missing : mapping
        Method -> why it has no scores.
    """

    by_method: Mapping[str, Values]
    counted: Mapping[str, NDArray[np.bool_]]
    per_query: Mapping[str, Values]
    missing: Mapping[str, str]


def all_scores(
    rows: StudyRows,
    queries: StudyQueries,
    scorer: Scorer,
    false: NDArray[np.bool_],
    classes: bool,
) -> Scores:
    """Score all clips.

    Parameters
    ----------
    false : (N,) bool
        The truth: in the place of a curator's first decisions, for `learned` alone.
    classes : bool
        Whether captions name the class of motion; else no statistic gets one.
    """
    found, per_query = _influence(rows, queries, scorer)
    statistics = _statistics(rows, classes, ("",) * len(rows))
    ridge = _ridge(rows, queries, scorer)
    combined = scorer.candidates(
        *_asked(rows, queries, "masked"), "combined", statistics, None, ridge
    )
    without_class = scorer.candidates(
        *_asked(rows, queries, "masked"), "combined", _statistics(rows, False, ("",) * len(rows))
    )
    deviation = np.asarray(without_class.parts["flow_deviation"], dtype=np.float64)
    by_class = np.asarray(combined.parts["flow_deviation"], dtype=np.float64)
    found |= _baselines(rows, queries, deviation)
    if classes:
        found["class_flow_deviation"] = by_class
    loud = found["loss_0.95"]
    still = np.asarray(statistics.static, dtype=np.float64)
    found["combined"] = np.asarray(combined.scores, dtype=np.float64)
    found["combined_without_influence"] = ranks(by_class, found["loss"]) + still
    found["stat-1"] = ranks(deviation, found["gradient_norm"])
    found["fused-1"] = ranks(deviation, found["gradient_norm"], found["centred"])
    found["stat-2"] = ranks(by_class, loud)
    found["fused-2"] = ranks(by_class, loud, found["whitened"])
    learned, counted, missing = _learned(rows, queries, scorer, found["combined"], false, classes)
    return Scores({**found, **learned}, counted, per_query, missing)


def ranks(*parts: Values) -> Values:
    """(N,) mean over parts of rank / N, equal weights: nothing was fitted."""
    found: Values = np.mean([mean_ranks(part) for part in parts], axis=0) / len(parts[0])
    return found


def _influence(
    rows: StudyRows, queries: StudyQueries, scorer: Scorer
) -> tuple[dict[str, Values], dict[str, Values]]:
    ridge = _ridge(rows, queries, scorer)
    found: dict[str, Values] = {}
    per_query: dict[str, Values] = {}
    for method in (*_GEOMETRIES, "vote"):
        asked = _asked(rows, queries, "masked")
        made = scorer.candidates(*asked, method, None, None, ridge)
        found[method] = made.scores
        if method in _GEOMETRIES:
            per_query[method] = np.asarray(made.per_query, dtype=np.float64)
    found["whitened_ridge_10"] = scorer.candidates(
        *_asked(rows, queries, "masked"), "whitened", None
    ).scores
    for name, kind, method in (
        ("published", "published", "cosine"),
        ("no_mask", "none", "centred"),
        ("mask_shuffled", "shuffled", "centred"),
        ("untrained_network", "untrained", "centred"),
    ):
        asked = _asked(rows, queries, kind)
        if kind == "shuffled":
            # Only the clips' masks are strangers'; the queries keep their own.
            asked = (asked[0], *_asked(rows, queries, "masked")[1:])
        made = scorer.candidates(*asked, method, None)
        found[name] = made.scores
        if name in ("no_mask", "published"):
            per_query[name] = np.asarray(made.per_query, dtype=np.float64)
    return found, per_query


def _baselines(rows: StudyRows, queries: StudyQueries, deviation: Values) -> dict[str, Values]:
    losses = np.asarray(rows["losses"], dtype=np.float64)
    found = {
        "loss": losses.mean(axis=1),
        "loss_0.95": losses[:, -1],
        "gradient_norm": np.asarray(rows["norm"], dtype=np.float64),
        "motion_magnitude": np.asarray(rows["mean_px"], dtype=np.float64),
        "flow_deviation": deviation,
        "static": np.asarray(rows["still"], dtype=np.float64),
        "camera": np.asarray(rows["pan_px"], dtype=np.float64),
    }
    for name, kind in (
        ("pixel_similarity", "pixels"),
        ("feature_similarity", "features"),
        ("feature_similarity_untrained", "features_untrained"),
    ):
        near = likeness(rows[kind], queries.rows[kind])
        found[name] = near[:, : queries.bad].mean(axis=1) - near[:, queries.bad :].mean(axis=1)
    return found


def likeness(rows: NDArray[np.generic], queries: NDArray[np.generic]) -> Values:
    """(N, Q) cosines of centred rows: nearness without any gradient."""
    own = np.asarray(rows, dtype=np.float64)
    asked = np.asarray(queries, dtype=np.float64)
    centre = own.mean(axis=0)
    own, asked = own - centre, asked - centre
    lengths = np.linalg.norm(own, axis=1)[:, None] * np.linalg.norm(asked, axis=1)
    return np.asarray(own @ asked.T / np.maximum(lengths, 1e-12), dtype=np.float64)


def _learned(
    rows: StudyRows,
    queries: StudyQueries,
    scorer: Scorer,
    combined: Values,
    false: NDArray[np.bool_],
    classes: bool,
) -> tuple[dict[str, Values], dict[str, NDArray[np.bool_]], dict[str, str]]:
    """`learned` from the first reviewed clips, and `combined` on the same rest beside it."""
    order = np.argsort(-combined, kind="stable")
    first = LEARNT_FROM
    while first < len(order) // 2 and not _enough(false[order[:first]]):
        first += 1
    decisions = np.full(len(rows), "", dtype=object)
    for place in order[:first]:
        decisions[place] = "exclude" if false[place] else "keep"
    statistics = _statistics(rows, classes, tuple(str(d) for d in decisions))
    try:
        made = scorer.candidates(*_asked(rows, queries, "masked"), "learned", statistics)
    except UsageError as error:
        return {}, {}, {"learned": error.why}
    rest = decisions == ""
    names = ("learned", "combined_on_the_rest")
    scores = dict(zip(names, (made.scores, combined), strict=True))
    return scores, dict.fromkeys(names, np.asarray(rest, dtype=np.bool_)), {}


def _enough(false: NDArray[np.bool_]) -> bool:
    wrong = int(false.sum())
    return min(wrong, len(false) - wrong) >= _LEAST_OF_EACH


def _asked(
    rows: StudyRows, queries: StudyQueries, kind: str
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    asked = queries.rows[kind]
    return rows[kind], asked[: queries.bad], asked[queries.bad :]


def centred_by(
    rows: StudyRows, queries: StudyQueries, scorer: Scorer, chosen: NDArray[np.int64]
) -> Values:
    """(N,) scores by some of the bad queries, and the good ones of the same starts."""
    vectors, bad, good = _asked(rows, queries, "masked")
    made = scorer.candidates(vectors, bad[chosen], good[chosen], "centred", None)
    return np.asarray(made.scores, dtype=np.float64)


def _ridge(rows: StudyRows, queries: StudyQueries, scorer: Scorer) -> float:
    ridge = scorer.ridge(*_asked(rows, queries, "masked"), "whitened")
    return 10.0 if ridge is None else ridge


def _statistics(rows: StudyRows, classes: bool, decisions: tuple[str, ...]) -> CandidateStatistics:
    named = tuple(c.split(":")[0] if classes and ":" in c else "" for c in rows.captions)
    still = np.asarray(rows["still"], dtype=np.float64)
    return CandidateStatistics(
        mean_px=np.asarray(rows["mean_px"], dtype=np.float64),
        losses=np.asarray(rows["losses"], dtype=np.float64).mean(axis=1),
        classes=named,
        static=np.asarray(rows["empty"], dtype=np.bool_),
        flags=np.stack([still, np.asarray(rows["pan_px"], dtype=np.float64)], axis=1),
        decisions=decisions,
    )
