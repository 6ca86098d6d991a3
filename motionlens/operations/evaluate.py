"""`evaluate`: how far attribution can be trusted, on clips whose truth is known.

Clips, gradients, scores, detection, datamodelling score, trained arms, verdict: each unit of work
is kept as it is done, so that a study that was stopped or killed goes on. Every score with
influence has a twin without it, and a baseline that wins is reported as winning.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.evaluation import (
    CANNOT_SHOW,
    PLAIN_SCORES,
    TWINS,
    Evaluation,
    Interval,
    StudySize,
    WorldFigures,
)
from motionlens.domain.ports import Motion, Progress, Scorer, Token
from motionlens.domain.ports.evaluation import Lab, StudyWorld
from motionlens.domain.seeds import generator
from motionlens.domain.statistics import auroc
from motionlens.files import write_json
from motionlens.operations.ahead import spare_lanes
from motionlens.operations.evaluate_figures import (
    best_of,
    ceiling,
    clip_draws,
    datamodelling,
    detection,
    difference,
    mean_error,
    win_rate,
)
from motionlens.operations.evaluate_folder import StudyFolder
from motionlens.operations.evaluate_rows import (
    StudyQueries,
    StudyRows,
    Workers,
    query_rows,
    training_rows,
)
from motionlens.operations.evaluate_scores import Scores, all_scores, centred_by, likeness
from motionlens.operations.evaluate_training import (
    Trainings,
    arm_errors,
    arms_of,
    foretold,
    half_subsets,
    subset_losses,
)
from motionlens.operations.evaluate_verdict import verdict
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN

# Units of another version are not taken over.
_VERSION = 2
_LEAST_CLIPS = 12
# How much more a ranking finds when it is asked with more queries.
_QUERY_COUNTS, _QUERY_DRAWS = (1, 3, 6, 12, 20), 20
_PAIRS = (
    ("filtered", "base"),
    ("filtered", "all"),
    ("filtered", "random"),
    ("filtered", "filtered_without_influence"),
    ("filtered_without_influence", "base"),
    ("influence_alone", "base"),
    ("random", "base"),
    ("all", "base"),
    ("oracle", "base"),
)

Truth = NDArray[np.bool_]


def evaluate(
    folder: StudyFolder,
    worlds: Sequence[StudyWorld],
    open_lab: Callable[[], Lab],
    open_motion: Callable[[], Motion],
    scorer: Scorer,
    *,
    size: StudySize,
    seed: int = 0,
    quick: bool = False,
    machine: str = "",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> Evaluation:
    """Run a study, or go on with it.

    Parameters
    ----------
    folder : StudyFolder
        Where studies are kept; each combination of world, weights, size and seed has its own.
    open_lab, open_motion : callables
        Tools for one lane each.
    size : StudySize
    seed : int
        Which fine-tune set; the base and the held-out starts stay.

    Raises
    ------
    UsageError
        Fewer than twelve clips, or not at least two false and two true ones.
    """
    _check(size)
    progress("Loading the model", 0, 1)
    workers = [Workers(open_lab(), open_motion()) for _ in range(spare_lanes())]
    lab = workers[0].lab
    figures: dict[str, WorldFigures] = {}
    seconds = 0.0
    for world in worlds:
        own = folder.under(f"{world.name}-{_key(size, seed, lab.weights_hash)}")
        started = time.monotonic()
        try:
            found = _one_world(own, world, workers, scorer, size, seed, progress, token)
        finally:
            # What an earlier, stopped call has spent counts, too.
            spent = _spent(own) + time.monotonic() - started
            write_json(own.root / "spent.json", {"seconds": spent})
        figures[world.name] = found
        seconds += spent
    return Evaluation(
        model=lab.name,
        weights=lab.weights_hash,
        size=size,
        seed=seed,
        quick=quick,
        worlds=figures,
        seconds=seconds,
        machine=machine,
        note=CANNOT_SHOW if quick else "",
    )


def keep_latest(root: Path, result: Evaluation) -> Path:
    """Keep the detection figures for these weights, where a ranking finds them."""
    path = root / "latest" / f"{result.weights[:16]}.json"
    document = {
        "weights": result.weights,
        "quick": result.quick,
        "worlds": {
            name: {"k": f.k, "found": dict(f.found), "clips": f.clips, "planted": f.planted}
            for name, f in result.worlds.items()
        },
    }
    write_json(path, document)
    return path


def _one_world(
    folder: StudyFolder,
    world: StudyWorld,
    workers: Sequence[Workers],
    scorer: Scorer,
    size: StudySize,
    seed: int,
    progress: Progress,
    token: Token,
) -> WorldFigures:
    specs = [
        (int(s), str(kind))
        for s, kind in folder.document(
            "clips", lambda: [list(x) for x in world.fine_tune_set(seed, size.clips, size.planted)]
        )
    ]
    false = np.array([kind != "clean" for _, kind in specs], dtype=np.bool_)
    rows = training_rows(folder, world, specs, workers, seed, progress, token)
    queries = query_rows(folder, world, size, workers, seed, progress, token)
    scores = all_scores(rows, queries, scorer, false, world.classes)
    trainings = Trainings(folder, world, specs, workers, progress, token)
    members = half_subsets(len(specs), size.subsets, seed)
    losses = subset_losses(trainings, queries, members, size, seed) if size.subsets else None
    trained = foretold(trainings, queries, size) if size.subsets and size.gradient_draws else None
    arms = arms_of(scores.by_method, false, size, seed) if size.seeds else {}
    errors = arm_errors(trainings, arms, size, seed) if arms else {}
    found = _detected(scores, false, seed)
    lds = (
        {} if losses is None else _predicted(scores, rows, queries, members, losses, trained, seed)
    )
    added = _added(scores, false, found["best"], seed)
    pairs = _PAIRS if arms else ()
    rates = {f"{a} over {b}": win_rate(errors[a], errors[b], seed) for a, b in pairs}
    means = {name: mean_error(values, seed) for name, values in errors.items()}
    whole = {name: value for name, value in means.items() if " " not in name}
    return WorldFigures(
        world=world.name,
        clips=len(specs),
        planted=int(false.sum()),
        k=found["k"],
        auroc=found["auroc"],
        auroc_ci95=found["auroc_ci95"],
        precision_at_k=found["precision"],
        precision_ci95=found["precision_ci95"],
        found=found["found"],
        added_by_influence=added,
        lds=lds,
        lds_ceiling=None if losses is None else ceiling(losses),
        win_rate=rates,
        motion_error={name: value[0] for name, value in whole.items()},
        errors_ci95={name: value[1] for name, value in whole.items()},
        removed={name: _removed(kept, false) for name, kept in arms.items()},
        removal=_curves({name: value[0] for name, value in means.items()}),
        best_plain=found["best"],
        verdict=verdict(
            found["auroc"], found["auroc_ci95"], found["best"], added, lds, rates, world.name
        ),
        missing=scores.missing,
        auroc_by_queries=_by_queries(rows, queries, scorer, false, seed),
    )


def _by_queries(
    rows: StudyRows, queries: StudyQueries, scorer: Scorer, false: Truth, seed: int
) -> dict[str, float]:
    rng = generator("evaluate queries", seed)
    good = len(queries.rows) - queries.bad
    found = {}
    for count in (n for n in _QUERY_COUNTS if n <= min(queries.bad, good)):
        draws = [rng.choice(queries.bad, count, replace=False) for _ in range(_QUERY_DRAWS)]
        found[str(count)] = float(
            np.mean([auroc(centred_by(rows, queries, scorer, draw), false) for draw in draws])
        )
    return found


def _detected(scores: Scores, false: Truth, seed: int) -> dict[str, Any]:
    k = min(50, int(false.sum()))
    found: dict[str, Any] = {
        name: {} for name in ("auroc", "auroc_ci95", "precision", "precision_ci95", "found")
    }
    for method, values in scores.by_method.items():
        counted = scores.counted.get(method, np.ones(len(false), np.bool_))
        truth = false[counted]
        if not 0 < truth.sum() < len(truth):
            continue
        first = min(k, len(truth))
        a, a_ci, p, p_ci = detection(values[counted], truth, first, clip_draws(truth, seed))
        found["auroc"][method], found["auroc_ci95"][method] = a, a_ci
        found["precision"][method], found["precision_ci95"][method] = p, p_ci
        found["found"][method] = round(p * first)
    best = best_of(found["auroc"], PLAIN_SCORES)
    return {**found, "k": k, "best": best}


def _added(scores: Scores, false: Truth, best: str, seed: int) -> dict[str, Interval]:
    draws = clip_draws(false, seed)
    methods = scores.by_method
    pairs = [*TWINS.items(), ("centred", "no_mask"), ("centred", "mask_shuffled")]
    pairs += [(name, best) for name in ("centred", "whitened", "combined") if best]
    return {
        f"{a} over {b}": difference(methods[a], methods[b], false, draws)
        for a, b in dict.fromkeys(pairs)
    }


def _predicted(
    scores: Scores,
    rows: StudyRows,
    queries: StudyQueries,
    members: Truth,
    losses: NDArray[np.float64],
    trained: NDArray[np.float64] | None,
    seed: int,
) -> dict[str, Interval]:
    """Datamodelling scores, with two controls that know no gradient's direction."""
    per_query = dict(scores.per_query)
    per_query["pixel_similarity"] = likeness(rows["pixels"], queries.rows["pixels"])
    norm = -np.asarray(rows["norm"], dtype=np.float64)
    per_query["gradient_norm"] = np.repeat(norm[:, None], len(queries.rows), axis=1)
    per_query["chance"] = generator("evaluate chance", seed).normal(
        size=(len(rows), len(queries.rows))
    )
    if trained is not None:
        per_query["as_trained"] = trained
    mean = losses.mean(axis=0)
    return {name: datamodelling(v, members, mean, seed) for name, v in per_query.items()}


def _removed(kept: Sequence[int], false: Truth) -> dict[str, int]:
    out = np.ones(len(false), np.bool_)
    out[list(kept)] = False
    return {"clips": int(out.sum()), "false": int((out & false).sum())}


def _curves(means: Mapping[str, float]) -> dict[str, dict[str, float]]:
    curves: dict[str, dict[str, float]] = {}
    for end in ("top", "random", "bottom"):
        points = {n.split(" ")[1]: v for n, v in means.items() if n.startswith(f"{end} ")}
        if "all" in means:
            curves[end] = {"0": means["all"], **points}
    return curves


def _check(size: StudySize) -> None:
    if size.clips < _LEAST_CLIPS or not 2 <= size.planted <= size.clips - 2:
        raise UsageError(
            "This study is too small",
            f"{size.clips} clips with {size.planted} false ones; at least {_LEAST_CLIPS} clips and"
            " two of either kind are needed",
            "Ask for more",
        )


def _key(size: StudySize, seed: int, weights: str) -> str:
    """Of what units of work depend on; how many seeds, halves and arms there are, they do not."""
    common = ("clips", "planted", "queries", "judged", "steps", "subset_steps")
    shared = {name: getattr(size, name) for name in common}
    text = json.dumps([_VERSION, shared, seed, weights], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _spent(folder: StudyFolder) -> float:
    return float(folder.document("spent", lambda: {"seconds": 0.0})["seconds"])
