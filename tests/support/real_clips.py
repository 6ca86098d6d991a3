"""A small project of real clips: cut from the shared ones, beside some of the simulated world."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionlens.app import create_project, tools
from tests.support.shared import shared_folder

FRAMES, SIDE = 12, 160
_TRAINING = (
    "real/vtest_pedestrians.mp4",
    "real/carphone_qcif.mp4",
    "real/cup_rotating.mp4",
    "cartoon/sintel_snow.mp4",
)
_GENERATIONS = ("generated/apple_falls_bounces.mp4", "generated/pika_swing.gif")
_REFERENCE = "real/basketball_throw_bounce.mp4"
# Seeds and kinds of simulated clips; one of them never moves.
_SIMULATED = ((20_000_001, "clean"), (20_000_002, "freeze"), (20_000_003, "clean"))


def real_project(root: Path) -> Path:
    """A project with 8 training clips (4 real, 3 simulated, 1 that stands still), 2 generations
    and 1 reference, each of some frames at a small size; captions lie beside the clips."""
    for role, names in (
        ("training", _TRAINING),
        ("generation", _GENERATIONS),
        ("reference", (_REFERENCE,)),
    ):
        for name in names:
            _cut(shared_folder("clips", *name.split("/")), root / "media" / role)
    training = root / "media" / "training"
    for seed, kind in _SIMULATED:
        made = tools().world.clip(seed, kind)
        _write(training / f"world_{seed}.mp4", made.frames, made.caption)
    still = tools().reader.frames(shared_folder("clips", *_TRAINING[0].split("/")), 0, 1)[0]
    _write(training / "still.mp4", np.repeat(still[None, ::4, ::4], FRAMES, axis=0), "nothing")
    with create_project(root / "project") as project:
        for role in ("training", "generation", "reference"):
            added = project.add([root / "media" / role], role=role)
            assert not added.skipped, added
    return root / "project"


def _cut(source: Path, folder: Path) -> None:
    reader = tools().reader
    last = min(FRAMES, reader.probe(source).frames)
    frames = reader.frames(source, 0, last, max_side=SIDE)
    _write(folder / f"{source.stem}.mp4", frames, source.stem.replace("_", " "))


def _write(path: Path, frames: np.ndarray, caption: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Chroma is stored at half size: the writer takes even sides alone.
    even = frames[:, : frames.shape[1] // 2 * 2, : frames.shape[2] // 2 * 2]
    tools().reader.write(path, np.ascontiguousarray(even), 8.0)
    path.with_suffix(".txt").write_text(caption, encoding="utf-8")
