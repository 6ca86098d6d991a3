"""`index`: one projected gradient a training clip; commits as it goes, resumes after a kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionlens.domain.clip import Clip, Role
from motionlens.domain.errors import MediaError, ModelError, MotionLensError, UsageError
from motionlens.domain.mask_recipe import mask_recipe
from motionlens.domain.ports import (
    Attributor,
    GradientIndex,
    GradientRow,
    IndexSettings,
    Progress,
    SeenClip,
    Token,
)
from motionlens.domain.self_test import SelfTest
from motionlens.operations import captions
from motionlens.operations.add import Skipped
from motionlens.operations.ahead import ahead, spare_lanes
from motionlens.operations.changed import changed_files
from motionlens.operations.model_clip import model_clip, picture_side
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms
from motionlens.operations.self_test import CLIPS as TESTED_CLIPS
from motionlens.operations.self_test import Tested, keep_self_test, kept_self_test, self_test

# Rows are committed together in small groups, of so many clips or seconds: one sync for eight
# clips, and what a kill undoes is made again soon.
COMMIT_EVERY, COMMIT_SECONDS = 8, 10.0
READ_AHEAD = 3
# What a clip cost in this project; fewer clips than this say little about the next ones.
_COST, _COST_CLIPS = "index.seconds_a_clip", 4
_MICRO_BATCH = "micro_batch"


@dataclass(frozen=True)
class IndexResult:
    fingerprint: str
    clips: int
    seconds: float
    skipped: tuple[Skipped, ...]
    self_test: SelfTest | None = None


def index(
    rooms: Rooms,
    *,
    model: str = "embedded",
    timesteps: tuple[float, ...] = (0.8, 0.95),
    tracked: str = "all",
    mask: str = "adjacent",
    flow: str = "dis",
    projection: str = "default",
    dim: int = 512,
    seed: int = 0,
    half: bool = False,
    balance: str = "layers",
    jobs: int | None = None,
    device: str = "auto",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> IndexResult:
    """Index all training clips that are not in this index yet.

    Parameters
    ----------
    timesteps : tuple of float
        Shares of noise, 0 to 1.
    mask : str
        ``none``, or a recipe: see :class:`motionlens.domain.mask_recipe.MaskRecipe`.
    dim : int
        Numbers a clip.
    half : bool
        Keep rows in half precision: half the disk, scores equal to about 0.001.
    balance : str
        `layers` brings each parameter's part of a gradient to unit length first; `none` takes
        gradients as they are, as published.
    jobs : int, optional
        Clips read side by side while the model works; as many as there are cores without it, at
        most four.

    Raises
    ------
    UsageError
        No training clips, or a setting that makes no sense.
    """
    started = time.monotonic()
    training = rooms.store.clips(Role.TRAINING)
    _check_sense(training, timesteps, dim)
    settings = IndexSettings(
        lasting_name(rooms, model),
        tracked,
        timesteps,
        mask if mask == "none" else mask_recipe(mask).text,
        flow,
        projection,
        dim,
        seed,
        device,
        "float16" if half else "float32",
        balance,
    )
    progress("Loading the model", 0, 1)
    lanes = jobs or spare_lanes()
    attributors = rooms.models.attributors(settings, lanes)
    spec = attributors[0].spec
    fingerprint = spec.fingerprint
    renamed = captions.changed(rooms, fingerprint, training)
    if renamed and fingerprint in rooms.indexes.fingerprints():
        rooms.indexes.drop(fingerprint, renamed)
    with closing(rooms.indexes.open(spec, note(settings))) as opened:
        before = opened.done()
        try:
            skipped = _fill(rooms, opened, training, settings, attributors, lanes, progress, token)
        finally:
            done = opened.done()
            captions.remember(rooms, fingerprint, (clip for clip in training if clip.id in done))
        if new := done - before:
            _test_itself(rooms, opened, training, new, settings, attributors[0], progress)
    progress("Indexing", len(training), len(training))
    return IndexResult(
        fingerprint,
        sum(clip.id in done for clip in training),
        time.monotonic() - started,
        tuple(skipped),
        kept_self_test(rooms.indexes, fingerprint),
    )


def _check_sense(training: Sequence[Clip], timesteps: tuple[float, ...], dim: int) -> None:
    """Refuse what cannot be indexed, in words."""
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


def _test_itself(
    rooms: Rooms,
    opened: GradientIndex,
    training: Sequence[Clip],
    new: set[str],
    settings: IndexSettings,
    attributor: Attributor,
    progress: Progress,
) -> None:
    """Test an index that has new rows by some of these, and keep the result with it."""
    progress("Testing the index", 0, 1)
    moving = dict(zip(opened.ids, opened.norms().sum(axis=1) > 0, strict=True))
    motion = rooms.motion(settings.flow)
    seen: list[Tested] = []
    for clip in training:
        if clip.id in new and moving[clip.id] and len(seen) < TESTED_CLIPS:
            side = picture_side(attributor)
            found = model_clip(rooms, clip, motion, settings.mask, attributor.frames, side)
            seen.append(Tested(clip.id, found.frames, found.mask, clip.caption))
    if seen:
        attributor.prepare([clip.caption for clip in seen])
        result = self_test(opened, attributor, seen)
        keep_self_test(rooms.indexes, opened.spec.fingerprint, result)


def _fill(
    rooms: Rooms,
    opened: GradientIndex,
    training: Sequence[Clip],
    settings: IndexSettings,
    attributors: Sequence[Attributor],
    lanes: int,
    progress: Progress,
    token: Token,
) -> list[Skipped]:
    """Make the rows that are missing; the clips that could not be read."""
    have = opened.done()
    todo = [clip for clip in training if clip.id not in have]
    changed = changed_files(rooms, todo)
    skipped = [
        Skipped(path, "its content changed since it was added: add it again")
        for path in changed.values()
    ]
    todo = [clip for clip in todo if clip.id not in changed]
    pending: dict[str, GradientRow] = {}
    started = committed = time.monotonic()
    for attributor in attributors:
        attributor.prepare([clip.caption for clip in todo])
    _start_as_noted(rooms, opened, attributors)
    progress("Indexing", len(training) - len(todo), len(training))
    for done, (clip, row) in enumerate(_rows(rooms, settings, attributors, todo, lanes), 1):
        token.check()
        progress("Indexing", len(training) - len(todo) + done, len(training))
        if isinstance(row, MotionLensError):  # of this clip alone
            skipped.append(Skipped(clip.path, row.why or row.what))
        else:
            pending[clip.id] = row
        if len(pending) >= COMMIT_EVERY or time.monotonic() - committed > COMMIT_SECONDS:
            opened.commit(pending)
            pending, committed = {}, time.monotonic()
    opened.commit(pending)
    if todo:
        _note_size(rooms, opened, attributors)
    made = len(todo) + len(changed) - len(skipped)
    if made >= _COST_CLIPS and not rooms.store.read_only:
        rooms.store.save_setting(_COST, (time.monotonic() - started) / made)
    return skipped


def seconds_a_clip(rooms: Rooms) -> float | None:
    """What a clip cost when this project was indexed last; None before it was."""
    kept = rooms.store.setting(_COST)
    return float(kept) if isinstance(kept, int | float) else None


_Made = GradientRow | MotionLensError
# What reading a clip gave.
_Seen = SeenClip | MotionLensError


def _rows(
    rooms: Rooms,
    settings: IndexSettings,
    attributors: Sequence[Attributor],
    todo: Sequence[Clip],
    lanes: int,
) -> Iterator[tuple[Clip, _Made]]:
    """Each clip, in order, with its row.

    Several attributors work side by side, each on clips that it reads itself. Where a device, or
    all cores, belong to one, the next clips are read on lanes while it works.
    """
    size = attributors[0].micro_batch
    batches = [todo[n : n + size] for n in range(0, len(todo), size)]
    depth = max(1, READ_AHEAD // size)
    first = attributors[0]
    if len(attributors) == 1:
        readers = [_reader(rooms, settings, first) for _ in range(lanes)]
        with closing(ahead(batches, readers, depth)) as read:
            for batch, ready in read:
                yield from zip(batch, _made(first, ready()), strict=True)
    else:
        workers = [_worker(rooms, settings, attributor) for attributor in attributors]
        with closing(ahead(batches, workers, depth)) as made:
            for batch, rows in made:
                yield from zip(batch, rows(), strict=True)


def _worker(
    rooms: Rooms, settings: IndexSettings, attributor: Attributor
) -> Callable[[Sequence[Clip]], list[_Made]]:
    read = _reader(rooms, settings, attributor)
    return lambda batch: _made(attributor, read(batch))


def _reader(
    rooms: Rooms, settings: IndexSettings, attributor: Attributor
) -> Callable[[Sequence[Clip]], list[_Seen]]:
    """Decodes clips and finds their motion, with tools of its own."""
    motion = rooms.motion(settings.flow)
    side = picture_side(attributor)

    def read(batch: Sequence[Clip]) -> list[_Seen]:
        found: list[_Seen] = []
        for clip in batch:
            try:
                seen = model_clip(rooms, clip, motion, settings.mask, attributor.frames, side)
                attributor.encode_ahead(seen.frames)
                found.append((seen.frames, seen.mask, clip.caption))
            except (MediaError, ModelError, UsageError) as error:
                found.append(error)
        return found

    return read


def _made(attributor: Attributor, read: Sequence[_Seen]) -> list[_Made]:
    rows = iter(attributor.rows([seen for seen in read if not isinstance(seen, MotionLensError)]))
    return [seen if isinstance(seen, MotionLensError) else next(rows) for seen in read]


def _start_as_noted(rooms: Rooms, opened: GradientIndex, attributors: Sequence[Attributor]) -> None:
    """Begin with the micro-batch that this index found to fit."""
    noted = rooms.indexes.latest(opened.spec.fingerprint)[1].get(_MICRO_BATCH)
    for attributor in attributors:
        if isinstance(noted, int):
            attributor.micro_batch = max(1, min(attributor.micro_batch, noted))


def _note_size(rooms: Rooms, opened: GradientIndex, attributors: Sequence[Attributor]) -> None:
    size = min(attributor.micro_batch for attributor in attributors)
    rooms.indexes.keep_note(opened.spec.fingerprint, _MICRO_BATCH, size)


def lasting_name(rooms: Rooms, model: str) -> str:
    """A model's name as it can be kept: files by absolute path, so that an index is understood
    wherever the program is started next; runs and built-ins by name."""
    return rooms.models.locate(model) if Path(model).exists() else model


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
        "rows": settings.rows,
        "balance": settings.balance,
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
        rows=noted.get("rows", "float32"),
        balance=noted.get("balance", "none"),
    )


def attributor_for(rooms: Rooms, noted: Mapping[str, Any], device: str) -> Attributor:
    """The attributor that made an index, from what the index remembers."""
    return rooms.models.attributor(settings_of(noted, device))
