"""`index`: one projected gradient a training clip; commits as it goes, resumes after a kill."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from motionlens.domain.clip import Clip, Role
from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.ports import (
    Attributor,
    Frames,
    GradientRow,
    IndexSettings,
    Mask,
    Motion,
    Progress,
    Token,
)
from motionlens.operations.add import Skipped
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms, frame_range, present_path

# The mask is measured on frames of at most this side; the model's own grid is far smaller.
MASK_SIDE = 256
MOST_FRAMES = 1200
# Rows are committed together in small groups: one sync for eight clips, at most eight done again.
COMMIT_EVERY = 8


@dataclass(frozen=True)
class IndexResult:
    fingerprint: str
    clips: int
    seconds: float
    skipped: tuple[Skipped, ...]


def index(
    rooms: Rooms,
    *,
    model: str = "embedded",
    timesteps: tuple[float, ...] = (0.6, 0.9),
    tracked: str = "all",
    mask: str = "adjacent",
    flow: str = "dis",
    projection: str = "default",
    dim: int = 512,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> IndexResult:
    """Index all training clips that are not in this index yet.

    Parameters
    ----------
    timesteps : tuple of float
        Shares of noise, 0 to 1.
    mask : {"adjacent", "anchor", "none"}
    dim : int
        Numbers a clip.

    Raises
    ------
    UsageError
        No training clips, or a setting that makes no sense.
    """
    started = time.monotonic()
    training = rooms.store.clips(Role.TRAINING)
    if not training:
        raise UsageError(
            "There is nothing to index",
            "the project has no training clips",
            "Add some with: motionlens add PROJECT FOLDER",
        )
    if any(not 0 < level < 1 for level in timesteps) or not timesteps or dim < 1:
        raise UsageError(
            "These index settings make no sense",
            "timesteps are shares of noise between 0 and 1, and the size is 1 or more",
            "Leave them out to take the defaults",
        )
    settings = IndexSettings(
        model, tracked, timesteps, mask, flow, projection, dim, seed, device
    )
    progress("Loading the model", 0, 1)
    attributor = rooms.models.attributor(settings)
    opened = rooms.indexes.open(attributor.spec, note(settings))
    have = opened.done()
    todo = [clip for clip in training if clip.id not in have]
    skipped: list[Skipped] = []
    pending: dict[str, GradientRow] = {}
    motion = rooms.motion(flow)
    for done, clip in enumerate(todo):
        token.check()
        progress("Indexing", len(training) - len(todo) + done, len(training))
        try:
            frames, weights = frames_and_mask(rooms, clip, motion, mask)
            pending[clip.id] = attributor.row(frames, weights, clip.caption)
        except MediaError as error:
            skipped.append(Skipped(clip.path, error.why or error.what))
        if len(pending) >= COMMIT_EVERY:
            opened.commit(pending)
            pending = {}
    opened.commit(pending)
    progress("Indexing", len(training), len(training))
    return IndexResult(
        attributor.spec.fingerprint,
        len(opened.done() & {clip.id for clip in training}),
        time.monotonic() - started,
        tuple(skipped),
    )


def note(settings: IndexSettings) -> dict[str, Any]:
    """What an index must remember to make rows of queries the same way."""
    return {
        "model": settings.model,
        "tracked": settings.tracked,
        "levels": list(settings.levels),
        "mask": settings.mask,
        "flow": settings.flow,
        "projection": settings.projection,
        "dim": settings.dim,
        "seed": settings.seed,
    }


def settings_of(noted: Mapping[str, Any], device: str) -> IndexSettings:
    """The settings of an index from its note."""
    return IndexSettings(
        model=noted["model"],
        tracked=noted["tracked"],
        levels=tuple(noted["levels"]),
        mask=noted["mask"],
        flow=noted["flow"],
        projection=noted["projection"],
        dim=int(noted["dim"]),
        seed=int(noted["seed"]),
        device=device,
    )


def frames_and_mask(
    rooms: Rooms, clip: Clip, motion: Motion, recipe: str
) -> tuple[Frames, Mask | None]:
    """What the attributor takes of a clip: frames (F, H, W, 3) and its motion mask, or None."""
    start, stop = frame_range(clip, MOST_FRAMES)
    frames = rooms.reader.frames(present_path(clip), start, stop, max_side=MASK_SIDE)
    return frames, None if recipe == "none" else motion.mask(frames, recipe)


def attributor_for(rooms: Rooms, noted: Mapping[str, Any], device: str) -> Attributor:
    """The attributor that made an index, from what the index remembers."""
    return rooms.models.attributor(settings_of(noted, device))
