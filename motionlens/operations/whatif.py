"""`whatif`: what the model is predicted to do without some clips, and what training shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import GradientRow, Progress, Token
from motionlens.domain.ranking import Part
from motionlens.domain.seeds import generator
from motionlens.domain.statistics import spearman
from motionlens.operations.candidates import no_direction
from motionlens.operations.clips import ClipFinder
from motionlens.operations.indexed import TrainingRows, training_rows
from motionlens.operations.model_clip import model_clip, picture_side
from motionlens.operations.queries import OpenIndex, QueryMaker, open_fresh
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms

# Plain gradient descent this far a step changes a loss by a per cent or so in eight steps: small
# enough for a first-order prediction to hold.
RATE = 0.1
BATCH = 16
STEPS = 8
# Damping of the damped prediction, in mean eigenvalues.
RIDGE = 10.0
# Predictions with their measurements that a project remembers.
KEPT_PAIRS = 500
_LEAST_PAIRS = 3
_SETTING = "whatif"


@dataclass(frozen=True)
class RandomSet:
    """The same for a random set of equal size, by query."""

    predicted: Mapping[str, float]
    predicted_damped: Mapping[str, float]
    measured: Mapping[str, float]


@dataclass(frozen=True)
class Agreement:
    """How predictions and measurements of this index have agreed so far, random sets included.

    `pearson`, `spearman` and `spearman_damped` lie between -1 and 1; None below three pairs.
    """

    pairs: int
    pearson: float | None
    spearman: float | None
    spearman_damped: float | None


@dataclass(frozen=True)
class WhatIfResult:
    """Changes of each query's masked loss when a set is left out of the training, by query id.

    **Negative: the loss on that query falls when the set goes**, so the model moves toward that
    motion; positive: the set was teaching it. For a bad query, positive is what one hopes for.

    Attributes
    ----------
    predicted : mapping
        First order: learning rate times the difference that the set makes to the mean inner
        product of the gradients.
    predicted_damped : mapping
        The same with the directions that all clips share damped.
    measured : mapping
        After `steps` real training steps on a copy, without the set minus with it.
    before : mapping
        The queries' losses before.
    """

    predicted: Mapping[str, float]
    measured: Mapping[str, float]
    steps: int
    predicted_damped: Mapping[str, float]
    before: Mapping[str, float]
    random: RandomSet
    agreement: Agreement
    excluded: int
    learning_rate: float
    fingerprint: str


def what_if(
    rooms: Rooms,
    *,
    queries: Sequence[str],
    exclude: Sequence[str],
    steps: int = STEPS,
    seed: int = 0,
    fingerprint: str | None = None,
    device: str = "auto",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> WhatIfResult:
    """Predict and measure what leaving clips out of the training does to queries.

    A prediction for T steps of gradient descent at rate r, with k(q, n) the inner product of the
    (projected, unnormalised) gradients of query and clip, is

        r T (mean of k(q, n) over all clips - the same without the set);

    the damped one has k(q, n) = g_q . s (C + s I)^-1 g_n, with C the gradients' covariance and s
    ten mean eigenvalues. Gradients are those of the index, of the masked loss at its own levels
    and noise; training minimises the unmasked loss at all levels, which is one reason why the two
    differ.

    Parameters
    ----------
    queries, exclude : sequences of clip names
    steps : int
        Real training steps, 16 clips each, three times: with the set, without it, and without a
        random set of equal size.

    Raises
    ------
    UsageError
        Nothing to exclude, nothing left without it, clips that are not indexed, or a query in
        which nothing moves.
    IndexMissing, IndexStale
    """
    clips = rooms.store.clips()
    finder = ClipFinder(clips)
    asked, out = finder.find_all(queries), finder.find_all(exclude)
    progress("Loading the model", 0, 1)
    opened = open_fresh(rooms, fingerprint, device, clips)
    rows = training_rows(opened.index, clips)
    chosen = _chosen(rows, asked, out)
    maker = QueryMaker(rooms, opened)
    wanted = maker.rows(asked, [Part()] * len(asked), progress, token)
    if still := [clip for clip, row in zip(asked, wanted, strict=True) if not row.vector.any()]:
        raise no_direction(still)
    rng = generator("what if", seed, rows.ids, *(rows.ids[n] for n in chosen))
    others = np.setdiff1d(np.arange(len(rows.ids)), chosen)
    beside = rng.choice(others, min(len(chosen), len(others) - 1), replace=False)
    sets = (chosen, beside)
    plain, damped = (_predicted(rows, wanted, sets, steps, d) for d in (False, True))
    losses = _measured(
        rooms, opened, maker, rows, clips, asked, sets, steps, seed, rng, progress, token
    )
    changes = losses[2:] - losses[1]

    def by_query(values: NDArray[np.float64]) -> dict[str, float]:
        return {clip.id: float(value) for clip, value in zip(asked, values, strict=True)}

    spec = opened.index.spec.fingerprint
    result = WhatIfResult(
        predicted=by_query(plain[0]),
        measured=by_query(changes[0]),
        steps=steps,
        predicted_damped=by_query(damped[0]),
        before=by_query(losses[0]),
        random=RandomSet(by_query(plain[1]), by_query(damped[1]), by_query(changes[1])),
        agreement=_remember(rooms, spec, plain, damped, changes),
        excluded=len(chosen),
        learning_rate=RATE,
        fingerprint=spec,
    )
    progress("What if", 1, 1)
    return result


def agreement(rooms: Rooms, fingerprint: str) -> Agreement:
    """How predictions and measurements of an index have agreed so far."""
    kept = rooms.store.setting(_SETTING) or []
    pairs = np.array([pair[1:] for pair in kept if pair[0] == fingerprint], np.float64)
    if len(pairs) < _LEAST_PAIRS:
        return Agreement(len(pairs), None, None, None)
    plain, damped, measured = pairs.T
    return Agreement(
        len(pairs),
        _number(np.corrcoef(plain, measured)[0, 1]) if plain.std() * measured.std() > 0 else None,
        _number(spearman(plain, measured)),
        _number(spearman(damped, measured)),
    )


def _chosen(rows: TrainingRows, asked: Sequence[Clip], out: Sequence[Clip]) -> NDArray[np.int64]:
    """Rows of the set; refused where there is no question, or no answer."""
    if not asked:
        raise UsageError("There is no query", "--query is empty", "Name a clip")
    if not out:
        raise UsageError("Nothing is to be left out", "--exclude is empty", "Name a clip")
    places = {clip: n for n, clip in enumerate(rows.ids)}
    missing = [clip for clip in out if clip.id not in places]
    if missing:
        raise UsageError(
            f"{missing[0].name} cannot be left out",
            "it is not a training clip of this index",
            "Run: motionlens index PROJECT",
        )
    chosen = np.unique([places[clip.id] for clip in out])
    if len(chosen) > len(rows.ids) - 2:
        raise UsageError(
            "Nothing would be left to train on",
            f"{len(chosen)} of {len(rows.ids)} indexed clips are to be left out",
            "Leave out fewer clips",
        )
    return chosen


def _predicted(
    rows: TrainingRows,
    wanted: Sequence[GradientRow],
    sets: Sequence[NDArray[np.int64]],
    steps: int,
    damped: bool,
) -> NDArray[np.float64]:
    """(sets, Q) change of each query's loss."""
    # A row is the mean of unit vectors; times the mean length it stands for the mean gradient.
    gradients = rows.vectors.astype(np.float64) * rows.norms.mean(axis=1, keepdims=True)
    asked = np.stack([_gradient(row) for row in wanted])
    if damped:
        moved = gradients - gradients.mean(axis=0)
        values, basis = np.linalg.eigh(moved.T @ moved / len(moved))
        shift = RIDGE * max(float(values.mean()), 1e-300)
        asked = (asked @ basis) * (shift / (np.maximum(values, 0) + shift)) @ basis.T
    products = gradients @ asked.T
    changes = []
    for chosen in sets:
        left = np.delete(products, chosen, axis=0)
        changes.append(RATE * steps * (products.mean(axis=0) - left.mean(axis=0)))
    return np.array(changes)


def _gradient(row: GradientRow) -> NDArray[np.float64]:
    if row.draws is None:
        return np.asarray(row.vector * row.norms.mean(), dtype=np.float64)
    return np.asarray((row.draws * row.norms[:, None]).mean(axis=0), dtype=np.float64)


def _measured(
    rooms: Rooms,
    opened: OpenIndex,
    maker: QueryMaker,
    rows: TrainingRows,
    clips: Sequence[Clip],
    asked: Sequence[Clip],
    sets: Sequence[NDArray[np.int64]],
    steps: int,
    seed: int,
    rng: np.random.Generator,
    progress: Progress,
    token: Token,
) -> NDArray[np.float64]:
    """(2 + sets, Q) losses: before, after training on all clips, and without each set."""
    count = len(rows.ids)
    everything = _draws(rng, np.arange(count), (steps, BATCH))
    arms = [everything]
    for chosen in sets:
        left = np.setdiff1d(np.arange(count), chosen)
        # The same batches, another clip in the place of each that is left out.
        instead = _draws(rng, left, (steps, BATCH))
        arms.append(np.where(np.isin(everything, chosen), instead, everything))
    used = np.unique(np.concatenate([arm.ravel() for arm in arms]))
    by_id = {clip.id: clip for clip in clips}
    motion = rooms.motion(opened.note["flow"])
    attributor = opened.attributor
    seen = []
    needed = [by_id[rows.ids[n]] for n in used]
    attributor.prepare([clip.caption for clip in (*needed, *asked)])
    for done, clip in enumerate(needed):
        token.check()
        progress("Reading clips", done, len(needed))
        side = picture_side(attributor)
        found = model_clip(rooms, clip, motion, "none", attributor.frames, side)
        seen.append((found.frames, clip.caption))
    progress("Training steps", 0, 1)
    place = np.full(count, -1)
    place[used] = np.arange(len(used))
    questions = [(maker.seen(clip).frames, maker.seen(clip).mask, clip.caption) for clip in asked]
    return attributor.losses_after_steps(
        seen, [place[arm] for arm in arms], questions, RATE, seed, token
    )


def _draws(
    rng: np.random.Generator, pool: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.int64]:
    """Clips drawn in shuffled rounds: each as often as any other, so that a short training sees
    the set in its share."""
    rounds = -(-shape[0] * shape[1] // len(pool))
    drawn = np.concatenate([rng.permutation(pool) for _ in range(rounds)])
    return drawn[: shape[0] * shape[1]].reshape(shape)


def _remember(
    rooms: Rooms,
    fingerprint: str,
    plain: NDArray[np.float64],
    damped: NDArray[np.float64],
    measured: NDArray[np.float64],
) -> Agreement:
    """Keep the new pairs with the project; the agreement with them."""
    kept: list[Any] = list(rooms.store.setting(_SETTING) or [])
    values = zip(plain.ravel(), damped.ravel(), measured.ravel(), strict=True)
    new = [[fingerprint, *(float(x) for x in triple)] for triple in values]
    # Asking the same again is no new evidence.
    kept += [pair for pair in new if pair not in kept]
    if not rooms.store.read_only:
        rooms.store.save_setting(_SETTING, kept[-KEPT_PAIRS:])
    return agreement(rooms, fingerprint)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
