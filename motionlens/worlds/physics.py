"""Simulated clips: a seed gives a clip, its true motion, and the truth about whether it is false.

The world follows one plan: 16 frames, the first four are true in every clip (they are what a model
is given), and a clip of a planted kind turns false from frame 4 on. Motion is computed in pixels of
a 32x32 world and drawn eight times larger in colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from motionlens.domain.seeds import generator
from motionlens.worlds.laws import FRAMES
from motionlens.worlds.planted import (
    GIVEN_FRAMES,
    KINDS,
    PLANTED_KINDS,
    Motion,
    shown_motion,
)
from motionlens.worlds.render import draw_plate, render
from motionlens.worlds.scene import MOTION_CLASSES, Scene, draw_scene

__all__ = [
    "FRAMES",
    "GIVEN_FRAMES",
    "KINDS",
    "MOTION_CLASSES",
    "PLANTED_KINDS",
    "ClipSpec",
    "SimulatedClip",
    "fine_tune_set",
    "judged_starts",
    "pool_set",
    "query_starts",
    "simulate",
]

# Disjoint ranges: no clip of one use is ever a clip of another.
POOL_SEEDS = 10_000_000
FINE_TUNE_SEEDS = 20_000_000
QUERY_SEEDS = 30_000_000
JUDGED_SEEDS = 950_000
# A planted clip that stays nearer than this to the truth would teach nothing false.
_LEAST_FALSE_PX = 1.5
_ATTEMPTS = 40


@dataclass(frozen=True)
class ClipSpec:
    """Enough to make a clip again."""

    seed: int
    kind: str


@dataclass(frozen=True, eq=False)
class SimulatedClip:
    """A clip with its truth.

    Attributes
    ----------
    seed, motion_class, kind
        What it was made from; ``kind`` is ``clean`` or a planted kind.
    scene : Scene
        Object, colours, background and start.
    frames : ndarray
        (16, 256, 256, 3) uint8 RGB.
    path : ndarray
        (16, 2) float64: where the body truly belongs, x and y in px of the 32x32 world.
    shown_path : ndarray
        (16, 2) float64: where the clip draws it.
    """

    seed: int
    motion_class: str
    kind: str
    scene: Scene
    frames: np.ndarray
    path: np.ndarray
    shown_path: np.ndarray
    _truth: Motion

    @property
    def caption(self) -> str:
        """Its first word is the class of motion."""
        return self.scene.caption

    @property
    def planted(self) -> bool:
        """True if the clip teaches false motion."""
        return self.kind != "clean"

    @cached_property
    def plate(self) -> np.ndarray:
        """(256, 256, 3) uint8 RGB: the picture without the object."""
        plate = draw_plate(self.scene)
        return plate[:, ::-1].copy() if self.scene.mirrored else plate

    @cached_property
    def true_frames(self) -> np.ndarray:
        """(16, 256, 256, 3) uint8 RGB: the clip as it would be if its motion were true."""
        return self.frames if not self.planted else render(self.scene, self._truth)

    @property
    def true_continuation(self) -> np.ndarray:
        """(12, 256, 256, 3) uint8 RGB: what truly follows the given frames."""
        return self.true_frames[GIVEN_FRAMES:]


def simulate(seed: int, kind: str = "clean", motion_class: str | None = None) -> SimulatedClip:
    """One clip, the same for the same arguments on every machine.

    Parameters
    ----------
    seed : int
        Chooses class, scene, colours and start.
    kind : str
        ``clean``, or one of :data:`PLANTED_KINDS`.
    motion_class : str, optional
        One of :data:`MOTION_CLASSES`; drawn from the seed if None.

    Raises
    ------
    ValueError
        If the kind or the class is unknown.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}, known: {', '.join(KINDS)}")
    if motion_class is not None and motion_class not in MOTION_CLASSES:
        raise ValueError(f"unknown class {motion_class!r}, known: {', '.join(MOTION_CLASSES)}")
    random = generator("world", seed)
    return made_clip(seed, kind, *_draw(random, kind, motion_class))


def made_clip(seed: int, kind: str, scene: Scene, shown: Motion, truth: Motion) -> SimulatedClip:
    """The clip of a scene that shows one motion where another would be true."""
    return SimulatedClip(
        seed=seed,
        motion_class=scene.motion_class,
        kind=kind,
        scene=scene,
        frames=render(scene, shown),
        path=_as_seen(scene, truth),
        shown_path=_as_seen(scene, shown),
        _truth=truth,
    )


def fine_tune_set(seed: int, clips: int = 300, planted: int = 105) -> list[ClipSpec]:
    """The training clips of one experiment, shuffled, the planted kinds in equal shares."""
    return _mixed_set(FINE_TUNE_SEEDS + 10_000 * seed, "fine-tune", seed, clips, planted)


def pool_set(clips: int = 10_000, planted_share: float = 0.35, seed: int = 0) -> list[ClipSpec]:
    """The clips that the shipped base model is trained on."""
    first = POOL_SEEDS + 1_000_000 * seed
    return _mixed_set(first, "pool", seed, clips, round(clips * planted_share))


def query_starts(count: int = 40) -> list[ClipSpec]:
    """Held-out clean clips whose starts make generations to explain, and good references."""
    return [ClipSpec(QUERY_SEEDS + index, "clean") for index in range(count)]


def judged_starts(count: int = 96) -> list[ClipSpec]:
    """Held-out clean clips whose starts base and tuned models are compared on."""
    return [ClipSpec(JUDGED_SEEDS + index, "clean") for index in range(count)]


def _mixed_set(first: int, use: str, seed: int, clips: int, planted: int) -> list[ClipSpec]:
    kinds = [PLANTED_KINDS[index % len(PLANTED_KINDS)] for index in range(planted)]
    kinds += ["clean"] * (clips - planted)
    order = generator("world-order", use, seed).permutation(clips)
    return [ClipSpec(first + index, kinds[int(order[index])]) for index in range(clips)]


def _draw(
    random: np.random.Generator, kind: str, motion_class: str | None
) -> tuple[Scene, Motion, Motion]:
    """Draws scenes until the planted motion is clearly false (a clean clip takes the first)."""
    for _ in range(_ATTEMPTS):
        scene = draw_scene(random, motion_class)
        truth = shown_motion(scene, "clean", random)
        shown = shown_motion(scene, kind, random)
        if kind in ("clean", "stretch", "camera"):
            break
        away = np.linalg.norm(shown.body[GIVEN_FRAMES:, :2] - truth.body[GIVEN_FRAMES:, :2], axis=1)
        if float(np.minimum(away, 8).mean()) > _LEAST_FALSE_PX:
            break
    return scene, shown, truth


def _as_seen(scene: Scene, motion: Motion) -> np.ndarray:
    path = motion.body[:, :2].copy()
    path[:, 0] += motion.pan
    if scene.mirrored:
        path[:, 0] = 31 - path[:, 0]
    return path
