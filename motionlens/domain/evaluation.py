"""How far attribution can be trusted, in figures: sizes of a study, intervals, the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WORLDS = ("physics", "matched")
# Methods of a ranking that every study scores, in the order of tables.
RANKINGS = ("cosine", "centred", "whitened", "vote", "combined", "learned")
# What needs no gradient of a trained network: where one of these wins, the table says so.
PLAIN = (
    "loss",
    "loss_0.95",
    "gradient_norm",
    "motion_magnitude",
    "flow_deviation",
    "class_flow_deviation",
    "static",
    "camera",
    "pixel_similarity",
    "feature_similarity",
    "feature_similarity_untrained",
    "untrained_network",
)
# All that has no influence in it: what influence is measured against.
PLAIN_SCORES = (*PLAIN, "stat-1", "stat-2", "combined_without_influence")
# Each score with influence, and its twin that differs in nothing but the influence.
TWINS = {"fused-1": "stat-1", "fused-2": "stat-2", "combined": "combined_without_influence"}


@dataclass(frozen=True)
class StudySize:
    """How much a study does; the defaults are the long one.

    Attributes
    ----------
    clips, planted : int
        Training clips, and how many of them are false.
    queries : int
        Held-out starts: the worse half of the base's continuations are the bad queries, as many
        true continuations the good ones.
    judged : int
        Held-out starts on which trained arms are compared.
    subsets, subset_seeds, subset_steps : int
        Half-size subsets of the linear datamodelling score, trainings of each, and their steps;
        without subsets there is no such score.
    gradient_draws : int
        Draws a clip of the gradients that foretell these trainings best; 0 leaves them out.
    steps, seeds : int
        Steps of each arm, and how many times each is trained; 0 trains none.
    reviewed : float
        Share of the clips that a curator looks at.
    curve : tuple of float
        Shares of the clips that the removal curves take out.
    """

    clips: int = 300
    planted: int = 105
    queries: int = 40
    judged: int = 96
    subsets: int = 64
    subset_seeds: int = 2
    subset_steps: int = 55
    steps: int = 250
    seeds: int = 2
    reviewed: float = 0.4
    curve: tuple[float, ...] = (0.2, 0.35)
    gradient_draws: int = 64


LONG = StudySize()
QUICK = StudySize(120, 42, 40, 48, 8, 1, 30, 120, 1, 0.4, (0.35,), 0)
CANNOT_SHOW = (
    "A quick study has one set, one seed and few subsets: differences in AUROC under 0.1 and win"
    " rates within 15 points of a half are noise, and the seed-to-seed ceiling is not measured."
)


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval; `value` is None where it is undefined."""

    value: float | None
    ci95: tuple[float, float] | None


@dataclass(frozen=True)
class WorldFigures:
    """What one world shows; the keys of mappings are methods, or pairs of arms.

    Attributes
    ----------
    auroc_ci95 : mapping
        Bootstrap over clips, false and true ones apart.
    precision_at_k, k
        Share of false clips among the first `k`, which is the number of false clips or 50,
        whichever is less.
    found : mapping
        False clips among the first `k`.
    added_by_influence : mapping
        AUROC of a score minus that of its twin without influence, on the same clips.
    lds : mapping
        Linear datamodelling score: mean Spearman over queries, bootstrap over subsets.
    lds_ceiling : float or None
        What a perfect prediction could reach, by how two seeds of one subset agree.
    win_rate : mapping
        Of decided pairs, "ARM over ARM"; bootstrap over starts.
    motion_error, errors_ci95 : mapping
        Mean error of each arm's continuations in px of the 32-px world.
    auroc_by_queries : mapping
        Bad queries asked with (and as many good ones of the same starts) -> AUROC of `centred`,
        mean over 20 draws of queries.
    removed : mapping
        Arm -> false clips and clips that it left out.
    removal : mapping
        "top", "random", "bottom" -> share removed -> mean motion error.
    missing : mapping
        Method -> why there is no figure for it.
    """

    world: str
    clips: int
    planted: int
    k: int
    auroc: Mapping[str, float]
    auroc_ci95: Mapping[str, tuple[float, float]]
    precision_at_k: Mapping[str, float]
    precision_ci95: Mapping[str, tuple[float, float]]
    found: Mapping[str, int]
    added_by_influence: Mapping[str, Interval]
    lds: Mapping[str, Interval]
    lds_ceiling: float | None
    win_rate: Mapping[str, Interval]
    motion_error: Mapping[str, float]
    errors_ci95: Mapping[str, tuple[float, float]]
    removed: Mapping[str, Mapping[str, int]]
    removal: Mapping[str, Mapping[str, float]]
    best_plain: str
    verdict: Sequence[str]
    missing: Mapping[str, str] = field(default_factory=dict)
    auroc_by_queries: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """A whole `evaluate`: the first world's figures at the top, all of them in `worlds`."""

    model: str
    weights: str
    size: StudySize
    seed: int
    quick: bool
    worlds: Mapping[str, WorldFigures]
    seconds: float
    machine: str
    note: str = ""

    def document(self) -> dict[str, Any]:
        """The verb's JSON: the contract's keys, then more."""
        first = next(iter(self.worlds.values()))
        return {
            "auroc": first.auroc,
            "precision_at_k": first.precision_at_k,
            "lds": first.lds,
            "win_rate": first.win_rate,
            "motion_error": first.motion_error,
            "seconds": self.seconds,
            "world": first.world,
            "k": first.k,
            "lds_ceiling": first.lds_ceiling,
            "added_by_influence": first.added_by_influence,
            "verdict": first.verdict,
            "worlds": self.worlds,
            "model": self.model,
            "weights": self.weights,
            "size": self.size,
            "seed": self.seed,
            "quick": self.quick,
            "machine": self.machine,
            "note": self.note,
        }
