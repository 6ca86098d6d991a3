"""Measures ideas for a stronger influence signal on set 0, which no study is scored on.

    python packaging/try_ideas.py --work DIR [--checkpoints DIR] [--world physics|matched]
        [--base embedded] [--set 0]

Prints the AUROC of each idea beside what it would replace, on the same clips: influence alone
(`centred`), and put together with the plain statistics of `combined` (mean of ranks). Called again,
it goes on. `--checkpoints` is the folder of a training by `make_weights.py`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from motionlens.app.bindings import BoundWorld, tools
from motionlens.app.study import BoundLab, study_world
from motionlens.attribution import TorchAttributor
from motionlens.attribution.gradients import masked_loss
from motionlens.attribution.projection import project_gradient
from motionlens.domain.clip import Region, Span
from motionlens.domain.errors import UsageError
from motionlens.domain.evaluation import LONG
from motionlens.domain.ports.evaluation import Asked
from motionlens.domain.statistics import auroc
from motionlens.models.registry import load_model
from motionlens.operations.evaluate_figures import clip_draws, difference
from motionlens.operations.evaluate_folder import StudyFolder
from motionlens.operations.evaluate_rows import StudyQueries, Workers, query_rows, training_rows
from motionlens.operations.evaluate_scores import all_scores, ranks
from motionlens.operations.evaluate_training import Trainings, foretold
from motionlens.operations.rooms import NO_TOKEN

SEED, LAYER_DIM, NEW = 0, 64, 10
Values = NDArray[np.float64]


def main() -> None:
    """Rows, then each idea, a line each."""
    options = _options()
    torch.set_num_threads(1)
    world = study_world(options.world)
    specs = world.fine_tune_set(options.set, LONG.clips, LONG.planted)
    false = np.array([kind != "clean" for _, kind in specs])
    own_set = f"-{options.set}" if options.set else ""
    folder = StudyFolder(options.work / f"{Path(options.base).name}-{options.world}{own_set}")
    lab = BoundLab(options.base)
    attributor = TorchAttributor(load_model(tools().models.locate(options.base), "cpu"))
    workers = [Workers(lab, tools().motion())]
    rows = training_rows(folder, world, specs, workers, options.set, _say, NO_TOKEN)
    queries = query_rows(folder, world, LONG, workers, options.set, _say, NO_TOKEN)
    scores = all_scores(rows, queries, tools().scorer, false, world.classes).by_method
    bad = queries.bad

    def told(name: str, influence: Values, on: NDArray[np.bool_] | None = None) -> None:
        chosen = np.ones(len(false), bool) if on is None else on
        plain = scores["combined_without_influence"]
        fused = ranks(influence, plain)
        alone = auroc(influence[chosen], false[chosen])
        whole = auroc(fused[chosen], false[chosen])
        print(f"{name:44s} alone {alone:.3f}   with statistics {whole:.3f}", flush=True)

    own, asked = np.asarray(rows["masked"], float), np.asarray(queries.rows["masked"], float)
    told("as it is: centred", centred(own, asked, bad))
    told("as it is: cosine", cosine(own, asked, bad))
    trained = as_trained(Trainings(folder, world, specs, workers, _say, NO_TOKEN), queries)
    told("gradients as trained with", trained)
    both = ranks(scores["cosine"], trained)
    told("mean rank of cosine and of these", both)
    more = difference(both, scores["cosine"], false, clip_draws(false, options.set))
    print(f"{'gained over cosine':44s} {more.value:+.3f}, 95 % {more.ci95}", flush=True)
    if options.set != SEED:
        return
    told("centring by cluster (6 of rows)", by_cluster(own, asked, bad))
    grown(own, asked, bad, scores["combined"], false, told)
    told("queries: box and second half", region(attributor, queries.clips, folder, own, bad))
    layers = layer_rows(attributor, world, specs, rows, queries, folder)
    for damping in (0.1, 1.0, 10.0):
        told(f"damped layer by layer, {damping:g}", damped(*layers, bad, damping))
    if options.checkpoints:
        earlier(options, world, specs, rows, queries, folder, told)


def as_trained(trainings: Trainings, queries: StudyQueries) -> Values:
    """Influence from gradients taken as a training takes them (`finetune/foretold.py`)."""
    found = foretold(trainings, queries, LONG)
    return np.asarray(found[:, : queries.bad].mean(axis=1) - found[:, queries.bad :].mean(axis=1))


def cosine(rows: Values, asked: Values, bad: int) -> Values:
    """(N,) mean cosine with bad queries less that with good ones."""
    found = _unit(rows) @ _unit(asked).T
    return np.asarray(found[:, :bad].mean(axis=1) - found[:, bad:].mean(axis=1))


def centred(rows: Values, asked: Values, bad: int) -> Values:
    """The same after the library's mean direction is taken away."""
    centre = _unit(rows).mean(axis=0)
    return cosine(_unit(rows) - centre, _unit(asked) - centre, bad)


def by_cluster(rows: Values, asked: Values, bad: int, count: int = 6) -> Values:
    """Each row less the mean of its cluster, k-means of unit rows with a fixed seed."""
    import cv2

    units = _unit(rows)
    cv2.setRNGSeed(SEED)
    stop = (cv2.TERM_CRITERIA_MAX_ITER, 50, 0.0)
    flags = cv2.KMEANS_PP_CENTERS
    _, labels, centres = cv2.kmeans(units.astype(np.float32), count, None, stop, 5, flags)
    nearest = np.argmax(_unit(asked) @ _unit(centres.astype(float)).T, axis=1)
    return cosine(units - centres[labels.ravel()], _unit(asked) - centres[nearest], bad)


def grown(
    rows: Values, asked: Values, bad: int, first: Values, false: NDArray[np.bool_],
    told: Callable[..., None],
) -> None:  # fmt: skip
    """The first accepted candidates as bad queries, the first rejected ones as good."""
    order = np.argsort(-first, kind="stable")
    accepted = order[false[order]][:NEW]
    seen = np.flatnonzero(np.isin(order, accepted))[-1] + 1
    rejected = order[:seen][~false[order[:seen]]]
    rest = ~np.isin(np.arange(len(false)), order[:seen])
    told(f"the rest after {seen} judged: centred", centred(rows, asked, bad), rest)
    more = np.concatenate([asked[:bad], rows[accepted], asked[bad:], rows[rejected]])
    told(f"queries grown by {NEW} accepted", centred(rows, more, bad + NEW), rest)
    only = np.concatenate([rows[accepted], rows[rejected] if len(rejected) else asked[bad:]])
    told("accepted and rejected ones alone", centred(rows, only, NEW), rest)


def region(
    attributor: TorchAttributor, clips: Sequence[Asked], folder: StudyFolder, rows: Values, bad: int
) -> Values:
    """Each query asked about the box of its own motion, in its last half alone."""

    def ask(n: int) -> dict[str, NDArray[np.float32]]:
        frames, mask, caption = clips[n]
        moving = mask[len(mask) // 2 :].max(axis=0) > 0.5
        box = _box(moving)
        span = Span(len(frames) // 2, len(frames))
        try:
            row = attributor.query_row(frames, mask, caption, box, span)
        except UsageError:  # nothing moves there: asked as a whole
            row = attributor.row(frames, mask, caption)
        return {"row": row.vector}

    found = [folder.arrays(f"region-{n:03d}", lambda n=n: ask(n))["row"] for n in range(len(clips))]
    return centred(rows, np.asarray(found, float), bad)


def layer_rows(
    attributor: TorchAttributor, world: BoundWorld, specs: Sequence[tuple[int, str]],
    rows: object, queries: object, folder: StudyFolder,
) -> tuple[Values, Values]:  # fmt: skip
    """(N, L, D) of clips and of queries: each parameter's part at unit length, projected alone."""
    own = []
    for n, spec in enumerate(specs):

        def make(n: int = n, spec: tuple[int, str] = spec) -> dict[str, NDArray[np.float32]]:
            clip = world.clip(*spec)
            return {"parts": _parts(attributor, clip.frames, rows["mask"][n], clip.caption)}  # type: ignore[index]

        own.append(folder.arrays(f"layers-{n:04d}", make)["parts"])
    asked = [
        folder.arrays(
            f"layers-query-{n:03d}", lambda clip=clip: {"parts": _parts(attributor, *clip)}
        )["parts"]
        for n, clip in enumerate(queries.clips)  # type: ignore[attr-defined]
    ]  # fmt: skip
    return np.asarray(own, float), np.asarray(asked, float)


def damped(rows: Values, asked: Values, bad: int, damping: float) -> Values:
    """Scores summed over layers, each under its own damped inverse covariance; the damping is a
    multiple of that layer's mean eigenvalue."""
    total = np.zeros(len(rows))
    for layer in range(rows.shape[1]):
        own, queries = rows[:, layer], asked[:, layer]
        centre = own.mean(axis=0)
        own, queries = own - centre, queries - centre
        covariance = own.T @ own / len(own)
        scale = np.trace(covariance) / len(covariance)
        if scale <= 0:
            continue
        inverse = np.linalg.inv(covariance + damping * scale * np.eye(len(covariance)))
        half = np.linalg.cholesky(inverse)
        total += cosine(own @ half, queries @ half, bad)
    return total


def earlier(
    options: argparse.Namespace, world: BoundWorld, specs: Sequence[tuple[int, str]], rows: object,
    queries: object, folder: StudyFolder, told: Callable[..., None],
) -> None:  # fmt: skip
    """Cosines summed over checkpoints of one training (TracIn, arXiv 2002.08484, Eq. 2)."""
    sums = {"cosine": np.zeros(len(specs)), "centred": np.zeros(len(specs))}
    steps = sorted(options.checkpoints.glob("step-*"))[1::2]
    for path in [*steps]:
        lab = BoundLab(str(path))

        def row(clip: tuple[Any, Any, str], lab: BoundLab = lab) -> dict[str, Any]:
            return {"row": lab.row(*clip).vector}

        def own_row(n: int, row: Callable[..., dict[str, Any]] = row) -> dict[str, Any]:
            clip = world.clip(*specs[n])
            return row((clip.frames, rows["mask"][n], clip.caption))  # type: ignore[index]

        own = [
            folder.arrays(f"{path.name}-{n:04d}", partial(own_row, n))["row"]
            for n in range(len(specs))
        ]
        asked = [
            folder.arrays(f"{path.name}-query-{n:03d}", partial(row, clip))["row"]
            for n, clip in enumerate(queries.clips)  # type: ignore[attr-defined]
        ]
        bad = len(asked) // 2
        for name, score in (("cosine", cosine), ("centred", centred)):
            found = score(np.asarray(own, float), np.asarray(asked, float), bad)
            told(f"{path.name} alone: {name}", found)
            sums[name] += found
    for name, found in sums.items():
        told(f"{len(steps)} checkpoints: {name}", found)


def _parts(
    attributor: TorchAttributor, frames: NDArray[np.uint8], mask: NDArray[np.float32], caption: str
) -> NDArray[np.float32]:
    model = attributor.model
    latent, condition = model.encode(frames), model.condition(caption)
    weights = model.mask_to_latent(mask)
    total = 0.0
    for level in attributor.spec.levels:
        loss = model.loss(latent[None], condition[None], level, model.noise(SEED))[0]
        parts = torch.autograd.grad(
            masked_loss(loss, weights), list(model.tracked_parameters("all").values())
        )
        total = total + np.stack([
            project_gradient([part / (part.norm() + 1e-30)], LAYER_DIM, SEED) for part in parts
        ])  # fmt: skip
    return np.asarray(total, np.float32)


def _box(moving: NDArray[np.bool_]) -> Region | None:
    rows, columns = np.flatnonzero(moving.any(axis=1)), np.flatnonzero(moving.any(axis=0))
    if not len(rows):
        return None
    high, wide = moving.shape
    top, left = max(0, rows[0] - 2), max(0, columns[0] - 2)
    bottom, right = min(high, rows[-1] + 3), min(wide, columns[-1] + 3)
    return Region(left / wide, top / high, (right - left) / wide, (bottom - top) / high)


def _unit(rows: Values) -> Values:
    found: Values = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-30)
    return found


def _say(what: str, done: int, total: int) -> None:
    if total and done % 50 == 0:
        print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for rows")
    parser.add_argument("--checkpoints", type=Path, help="checkpoints folder of make_weights.py")
    parser.add_argument("--world", choices=("physics", "matched"), default="physics")
    parser.add_argument("--base", default="embedded", help="name or weights folder")
    parser.add_argument("--set", type=int, default=SEED, help="on another, gradients as trained")
    return parser.parse_args()


if __name__ == "__main__":
    main()
