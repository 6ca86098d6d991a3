"""False motion, planted on purpose: true for the given frames, false from the next one on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motionlens.worlds.laws import FRAMES, true_motion
from motionlens.worlds.scene import Scene

PLANTED_KINDS = ("pause", "freeze", "stretch", "jitter", "gravity", "camera")
KINDS = ("clean", *PLANTED_KINDS)
GIVEN_FRAMES = 4


@dataclass(frozen=True, eq=False)
class Motion:
    """What is drawn in each frame.

    ``body`` (16, 3) float64: x, y px and orientation; ``stretch`` (16,) log of the width's factor
    (the height has its inverse); ``pan`` (16,) px that the picture has moved to the right.
    """

    body: np.ndarray
    stretch: np.ndarray
    pan: np.ndarray


def shown_motion(scene: Scene, kind: str, random: np.random.Generator) -> Motion:
    """The motion of a clip of that kind; ``clean`` is the true one."""
    body = true_motion(scene)
    still = np.zeros(FRAMES)
    if kind == "clean":
        return Motion(body, still, still)
    return _PLANT[kind](scene, body, random)


def _pause(scene: Scene, body: np.ndarray, random: np.random.Generator) -> Motion:
    start = int(random.integers(GIVEN_FRAMES, GIVEN_FRAMES + 3))
    length = int(random.integers(5, 9))
    frames = np.arange(FRAMES)
    source = np.where(frames < start, frames, np.maximum(start - 1, frames - length))
    return _alone(body[source])


def _freeze(scene: Scene, body: np.ndarray, random: np.random.Generator) -> Motion:
    last = int(random.integers(GIVEN_FRAMES - 1, GIVEN_FRAMES + 1))
    return _alone(body[np.minimum(np.arange(FRAMES), last)])


def _stretch(scene: Scene, body: np.ndarray, random: np.random.Generator) -> Motion:
    size, speed = random.uniform(0.45, 0.8), random.uniform(0.7, 1.3)
    sign = 1.0 if random.random() < 0.5 else -1.0
    frames = np.maximum(np.arange(FRAMES) - (GIVEN_FRAMES - 1), 0)
    return Motion(body, sign * size * np.sin(speed * frames), np.zeros(FRAMES))


def _jitter(scene: Scene, body: np.ndarray, random: np.random.Generator) -> Motion:
    body = body.copy()
    frame = GIVEN_FRAMES
    while frame < FRAMES:
        until = frame + int(random.integers(1, 3))
        body[frame:until, :2] += random.uniform(-4.5, 4.5, size=2)
        frame = until
    return _alone(body)


def _gravity(scene: Scene, body: np.ndarray, random: np.random.Generator) -> Motion:
    return _alone(true_motion(scene, falsity=float(random.uniform(-0.5, 0.1)), given=GIVEN_FRAMES))


def _camera(scene: Scene, body: np.ndarray, random: np.random.Generator) -> Motion:
    speed = random.uniform(0.8, 1.6) * (1.0 if random.random() < 0.5 else -1.0)
    frames = np.maximum(np.arange(FRAMES) - (GIVEN_FRAMES - 1), 0)
    frozen = body[np.minimum(np.arange(FRAMES), GIVEN_FRAMES - 1)]
    return Motion(frozen, np.zeros(FRAMES), speed * frames)


def _alone(body: np.ndarray) -> Motion:
    return Motion(body, np.zeros(FRAMES), np.zeros(FRAMES))


_PLANT = {
    "pause": _pause,
    "freeze": _freeze,
    "stretch": _stretch,
    "jitter": _jitter,
    "gravity": _gravity,
    "camera": _camera,
}
