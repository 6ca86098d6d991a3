"""Pairs of pictures whose flow is known: published ones where they are there, else made ones."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow
from motionlens.motion.flow import read_flow
from motionlens.motion.images import load_image
from motionlens.motion.opencv import cv2

_PUBLISHED = {
    "RubberWhale": ("rubberwhale_1.png", "rubberwhale_2.png", "rubberwhale_flow.flo", ""),
    "Sintel": (
        "sintel_alley1_clean_1.png",
        "sintel_alley1_clean_2.png",
        "sintel_alley1_clean_flow.flo",
        "sintel_alley1_clean_occ.png",
    ),
    "KITTI": ("kitti_1.png", "kitti_2.png", "kitti_flow.png", ""),
}


@dataclass(frozen=True, eq=False)
class Pair:
    """Two pictures and the truth about them.

    Attributes
    ----------
    first, second : (H, W, 3) uint8
    truth : (H, W, 2) float32
        px.
    valid : (H, W) bool
        Where it is known.
    hidden : (H, W) bool or None
        Pixels of the first that are not seen in the second.
    """

    name: str
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    truth: Flow
    valid: NDArray[np.bool_]
    hidden: NDArray[np.bool_] | None = None


def flow_pairs() -> list[Pair]:
    """The pairs below `flow` in MOTIONLENS_SHARED, or in `shared` beside the checkout; made ones
    with a small and a large motion where there are none."""
    beside = Path(__file__).resolve().parents[3] / "shared"
    folder = Path(os.environ.get("MOTIONLENS_SHARED", beside)) / "flow"
    found = [
        _published(name, folder, files)
        for name, files in _PUBLISHED.items()
        if all((folder / file).is_file() for file in files if file)
    ]
    return found or [made_pair("made, small", 0.01), made_pair("made, large", 0.1)]


def _published(name: str, folder: Path, files: tuple[str, str, str, str]) -> Pair:
    first, second, flow, hidden = files
    truth, valid = read_flow(folder / flow)
    covered = load_image(folder / hidden)[..., 0] > 127 if hidden else None
    pictures = load_image(folder / first), load_image(folder / second)
    return Pair(name, *pictures, truth, valid, covered)


def made_pair(name: str, amount: float, height: int = 384, width: int = 576) -> Pair:
    """A wall seen by a camera that turns and zooms, and a disc before it that goes its own way.

    Parameters
    ----------
    amount : float
        Shares of the width by which the wall and the disc move.
    """
    wall, body = _texture(height, width, 0), _texture(height, width, 1)
    step = amount * width
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 40 * amount, 1 + amount)
    turn[:, 2] += (step, -step / 2)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    truth = np.stack([c[0] * x + c[1] * y + c[2] for c in turn], axis=2) - np.stack([x, y], axis=2)
    second = cv2.warpAffine(wall, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    first, radius = wall.copy(), height // 6
    goes = np.round([-step, step / 2]).astype(int)
    inside = (x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 <= radius**2
    first[inside], truth[inside] = body[inside], goes
    lands = np.roll(inside, (goes[1], goes[0]), axis=(0, 1))
    second[lands] = body[inside]
    ends = np.stack([x, y], axis=2) + truth
    valid = ((ends >= 0) & (ends <= (width - 1, height - 1))).all(axis=2)
    return Pair(name, first, second, truth.astype(np.float32), np.asarray(valid))


def _texture(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Random colours of several sizes, as real surfaces have."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for size in (2.0, 6.0, 18.0, 54.0):
        noise = rng.normal(size=(height, width, 3)).astype(np.float32)
        total += cv2.GaussianBlur(noise, (0, 0), size) * np.float32(size)
    return np.asarray(cv2.normalize(total, None, 0, 255, cv2.NORM_MINMAX), np.float32).astype(
        np.uint8
    )
