"""The judge: how far the motion of a generation is from the true motion of its start.

It knows the background, the object's colour and the true motion, so it needs no learned measure.
Everything is measured on grey 32x32 pictures, what the embedded model makes; clips of any other
size are averaged down first. Errors are in pixels of the 32x32 world.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motionlens.models.pictures import grey
from motionlens.models.resample import resize_area
from motionlens.worlds.physics import GIVEN_FRAMES, SimulatedClip
from motionlens.worlds.scene import LUMINANCE, WORLD_SIZE, Scene

WORST_PX = 8.0
SHAPE_WEIGHT = 1.5
FALSE_ABOVE = 1.5
WON_BY = 0.25
# Share of the object's contrast from which a cell begins to count, and counts in full.
_RAMP = (0.35, 0.75)
_LEAST_MASS = 0.25
# A variance no smaller than that of one cell: keeps the ratio finite for a line of cells.
_CELL_VARIANCE = 1 / 12


@dataclass(frozen=True)
class Measured:
    """The object in each frame.

    ``centre`` (F, 2) px; ``mass`` (F,) cells; ``aspect`` (F,) log of variance in x over variance
    in y.
    """

    centre: np.ndarray
    mass: np.ndarray
    aspect: np.ndarray


@dataclass(frozen=True)
class Verdict:
    """Error of a generation, in px, and its parts per generated frame, (12,) each."""

    error: float
    distance: np.ndarray
    shape: np.ndarray
    lost: np.ndarray


def judge(clip: SimulatedClip, generation: np.ndarray) -> Verdict:
    """Compares a generation with the true continuation of the clip that it goes on from.

    Parameters
    ----------
    clip : SimulatedClip
        The clip whose first frames were given.
    generation : ndarray
        (16, H, W, 3) uint8 RGB or (16, H, W) float32 luminance in [0, 255].

    Returns
    -------
    Verdict
        ``error`` is the mean over generated frames of the distance between the centres, at most
        8 px, plus 1.5 times the mean difference of log aspect ratios. A frame that shows less than
        a quarter of the object counts 8 px. Zero for a perfect generation.

    Raises
    ------
    ValueError
        If the number of frames differs.
    """
    if len(generation) != len(clip.frames):
        raise ValueError(f"{len(generation)} frames where {len(clip.frames)} are judged")
    truth = measure(clip, clip.true_frames)
    seen = measure(clip, generation)
    kept = slice(GIVEN_FRAMES, None)
    lost = seen.mass[kept] < _LEAST_MASS * truth.mass[:GIVEN_FRAMES].mean()
    away = np.linalg.norm(seen.centre[kept] - truth.centre[kept], axis=1)
    distance = np.where(lost, WORST_PX, np.minimum(away, WORST_PX))
    shape = np.where(lost, 0.0, np.abs(seen.aspect[kept] - truth.aspect[kept]))
    error = float(distance.mean() + SHAPE_WEIGHT * shape.mean())
    return Verdict(error, distance, shape, lost)


def motion_error(clip: SimulatedClip, generation: np.ndarray) -> float:
    """:func:`judge`'s error alone, in px of the 32x32 world."""
    return judge(clip, generation).error


def measure(clip: SimulatedClip, frames: np.ndarray) -> Measured:
    """Finds the clip's object in frames by its contrast against the clip's background."""
    size = (WORLD_SIZE, WORLD_SIZE)
    pictures = grey(frames) if frames.ndim == 4 else np.asarray(frames, dtype=np.float32)
    small = resize_area(pictures, *size)
    plate = resize_area(grey(clip.plate[None]), *size)[0]
    contrast = _object_luminance(clip.scene) - plate
    # Where object and background look alike (the floor, seldom) the share would be noise.
    safe = np.where(np.abs(contrast) < 20, np.inf, contrast)
    share = (small - plate) / safe
    low, high = _RAMP
    weight = np.clip((share - low) / (high - low), 0.0, 1.0).astype(np.float64)
    mass = weight.sum(axis=(1, 2))
    cells = np.arange(WORLD_SIZE, dtype=np.float64)
    total = np.maximum(mass, 1e-6)
    x, y = weight.sum(axis=1) @ cells / total, weight.sum(axis=2) @ cells / total
    spread_x = weight.sum(axis=1) @ cells**2 / total - x**2
    spread_y = weight.sum(axis=2) @ cells**2 / total - y**2
    spread_x, spread_y = (np.maximum(v, 0) + _CELL_VARIANCE for v in (spread_x, spread_y))
    return Measured(np.stack([x, y], axis=1), mass, np.log(spread_x / spread_y))


def _object_luminance(scene: Scene) -> float:
    return float(np.asarray(scene.colour) @ LUMINANCE) * 255
