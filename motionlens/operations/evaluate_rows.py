"""First stage of `evaluate`: clips with known truth, their flow, and their gradients."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.evaluation import StudySize
from motionlens.domain.ports import Frames, Motion, Progress, Token, WorldClip
from motionlens.domain.ports.evaluation import Asked, Lab, StudyWorld
from motionlens.domain.seeds import generator
from motionlens.operations.ahead import ahead
from motionlens.operations.evaluate_folder import StudyFolder

# The grid of the embedded model: masks are averaged to it by the model in any case.
CELLS = 32
# A pair of frames whose mean flow is under this, in px of the 256-px picture, stands still.
STILL_PX = 0.05
_KINDS = ("masked", "none", "shuffled", "untrained", "published")

Values = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Workers:
    """Tools of one lane: a base model, and flow."""

    lab: Lab
    motion: Motion


@dataclass(frozen=True, eq=False)
class StudyRows:
    """All rows of one kind of clips, in order: an array of each statistic, first axis the clip."""

    columns: Values
    captions: tuple[str, ...]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.captions)


@dataclass(frozen=True, eq=False)
class StudyQueries:
    """Bad queries first, then as many good ones; `clips` is what each is asked with."""

    rows: StudyRows
    bad: int
    clips: tuple[Asked, ...]


def training_rows(
    folder: StudyFolder,
    world: StudyWorld,
    specs: Sequence[tuple[int, str]],
    workers: Sequence[Workers],
    seed: int,
    progress: Progress,
    token: Token,
) -> StudyRows:
    """Look at every training clip, then take its gradients; each clip is kept as it is done."""
    count = len(specs)

    def clip_of(n: int) -> WorldClip:
        return world.clip(*specs[n])

    def look(n: int, tools: Workers) -> Values:
        return folder.arrays(f"clip-{n:04d}", lambda: seen(clip_of(n).frames, tools.motion))

    looked = _each(count, workers, look, "Looking at clips", progress, token)
    # Every clip gets the mask of another.
    other = np.roll(generator("evaluate masks", seed).permutation(count), 1)
    order = np.argsort(generator("evaluate masks", seed).permutation(count))
    stranger = other[order]

    def differentiate(n: int, tools: Workers) -> Values:
        def make() -> Values:
            clip = clip_of(n)
            masks = (looked[n]["mask"], looked[int(stranger[n])]["mask"])
            return gradients(tools.lab, clip.frames, masks, clip.caption)

        return folder.arrays(f"row-{n:04d}", make)

    rows = _each(count, workers, differentiate, "Gradients of clips", progress, token)
    captions = folder.document("captions", lambda: [clip_of(n).caption for n in range(count)])
    return _table([{**a, **b} for a, b in zip(looked, rows, strict=True)], captions)


def query_rows(
    folder: StudyFolder,
    world: StudyWorld,
    size: StudySize,
    workers: Sequence[Workers],
    seed: int,
    progress: Progress,
    token: Token,
) -> StudyQueries:
    """Bad: the worse half of the base's continuations of held-out starts. Good: the true
    continuations of the same starts, so that what the two share cancels in a score."""
    starts = list(world.held_out_seeds("queries", size.queries))
    half = max(1, size.queries // 2)
    made: list[Frames] = []

    def continuations() -> list[Frames]:
        if not made:
            clips = [world.clip(start) for start in starts]
            arm = workers[0].lab.trained([], 0, seed, token)
            made.extend(
                arm.continued(
                    [clip.frames for clip in clips],
                    [clip.caption for clip in clips],
                    [seed + n for n in range(len(starts))],
                )
            )
        return made

    errors = folder.document(
        "queries",
        lambda: [world.error(s, g) for s, g in zip(starts, continuations(), strict=True)],
    )
    worse = [int(n) for n in np.argsort(-np.array(errors), kind="stable")[:half]]
    asked = [(f"bad-{n:03d}", n) for n in worse] + [(f"good-{n:03d}", n) for n in worse]

    def make(name: str, n: int, tools: Workers) -> Values:
        clip = world.clip(starts[n])
        frames = continuations()[n] if name.startswith("bad") else clip.frames
        found = seen(frames, tools.motion)
        masks = (found["mask"], found["mask"][::-1, ::-1, ::-1].copy())
        pictures = {"frames": np.asarray(frames)}
        return {**found, **gradients(tools.lab, frames, masks, clip.caption), **pictures}

    def row(place: int, tools: Workers) -> Values:
        name, n = asked[place]
        return folder.arrays(f"query-{name}", lambda: make(name, n, tools))

    if not all(folder.has(f"query-{name}") for name, _ in asked):
        continuations()  # before lanes share them
    rows = _each(len(asked), workers, row, "Gradients of queries", progress, token)
    captions = [world.clip(starts[n]).caption for _, n in asked]
    clips = tuple(
        (row["frames"], row["mask"], caption) for row, caption in zip(rows, captions, strict=True)
    )
    for values in rows:
        values.pop("frames")
    return StudyQueries(_table(rows, captions), half, clips)


def seen(frames: Frames, motion: Motion) -> Values:
    """What needs no model: mask, pixels, and statistics of the flow.

    Returns
    -------
    mapping
        `mask` (F, 32, 32) float32; `pixels` (E,) float16, the clip at a quarter of that size;
        `mean_px`, `pan_px`, `still` () float64: mean flow length, mean length of the median
        vector, and the share of still pairs of frames.
    """
    mask = motion.mask(frames)
    lengths, pans = [], []
    # Statistics need no more detail than half the size, which costs a quarter.
    half = _cells(frames.mean(axis=-1, dtype=np.float32), frames.shape[1] // 2).astype(np.uint8)
    for a, b in itertools.pairwise(half):
        field = 2.0 * np.asarray(motion.flow(a, b), dtype=np.float64)
        lengths.append(float(np.linalg.norm(field, axis=-1).mean()))
        pans.append(float(np.linalg.norm(np.median(field.reshape(-1, 2), axis=0))))
    grey = frames.mean(axis=-1, dtype=np.float32)
    return {
        "mask": _cells(mask, CELLS),
        "pixels": _cells(grey, CELLS // 2).ravel().astype(np.float16),
        "mean_px": np.array(np.mean(lengths)),
        "pan_px": np.array(np.mean(pans)),
        "still": np.array(np.mean(np.array(lengths) < STILL_PX)),
    }


def gradients(
    lab: Lab, frames: Frames, masks: tuple[NDArray[np.float32], NDArray[np.float32]], caption: str
) -> Values:
    """Rows of one clip under its own mask, none, and a stranger's; of an untrained network; and
    without the balance of layers, as published."""
    own = lab.row(frames, masks[0], caption)
    rows = {
        "masked": own,
        "none": lab.row(frames, None, caption),
        "shuffled": lab.row(frames, masks[1], caption),
        "untrained": lab.untrained_row(frames, masks[0], caption),
        "published": lab.published_row(frames, masks[0], caption),
    }
    found: Values = {kind: rows[kind].vector for kind in _KINDS}
    found["norm"] = np.array(float(np.mean(rows["none"].norms)))
    found["losses"] = np.asarray(own.plain_losses, dtype=np.float64)
    found["empty"] = np.array(not own.vector.any())
    for name, untrained in (("features", False), ("features_untrained", True)):
        found[name] = lab.features(frames, caption, untrained)
    return found


def _each(
    count: int,
    workers: Sequence[Workers],
    work: Callable[[int, Workers], Values],
    what: str,
    progress: Progress,
    token: Token,
) -> list[Values]:
    """Work on 0 ... count - 1, on a lane of its own for each worker's tools."""
    calls: list[Callable[[int], Values]] = [
        functools.partial(_with, work, tools) for tools in workers
    ]
    found: list[Values] = []
    # Closed at once where it is interrupted: no lane may work on while the process ends.
    with contextlib.closing(ahead(range(count), calls)) as under_way:
        for n, made in under_way:
            token.check()
            progress(what, n, count)
            found.append(made())
    progress(what, count, count)
    return found


def _with(work: Callable[[int, Workers], Values], tools: Workers, n: int) -> Values:
    return work(n, tools)


def _cells(pictures: NDArray[Any], side: int) -> NDArray[np.float32]:
    """(F, H, W) averaged to (F, side, side); H and W are multiples of it."""
    count, height, width = pictures.shape
    blocks = pictures.reshape(count, side, height // side, side, width // side)
    return np.asarray(blocks.mean(axis=(2, 4)), dtype=np.float32)


def _table(rows: Sequence[Values], captions: Sequence[str]) -> StudyRows:
    columns = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return StudyRows(columns, tuple(captions))
