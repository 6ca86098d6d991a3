"""Clips with one known fault each, made by script from real ones (or from the world's)."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motionlens.media import PyAVReader
from motionlens.motion.grids import computing_size, grey, shrink
from motionlens.motion.opencv import cv2
from motionlens.worlds.physics import simulate

# Made clips are small: most flaggers judge at this size anyway.
SIDE = 320
FRAMES = 32
_WORLD_CLIPS = 12

Rgb = NDArray[np.uint8]
Make = Callable[[Rgb, np.random.Generator], Rgb]


@dataclass(frozen=True, eq=False)
class Base:
    """A clip that cases are made from: its first frames, (F, h, w, 3) uint8 RGB."""

    name: str
    kind: str
    source: str
    fps: float
    path: Path | None
    frames: Rgb


@dataclass(frozen=True)
class Case:
    """A way of making a fault that one flagger should find."""

    flag: str
    words: str
    make: Make
    needs_flow: bool = False


def shared_clips() -> Path | None:
    """The folder of real clips: `clips` below MOTIONLENS_SHARED, or below `shared` beside the
    checkout; None where there is none."""
    beside = Path(__file__).resolve().parents[3] / "shared"
    folder = Path(os.environ.get("MOTIONLENS_SHARED", beside)) / "clips"
    return folder if (folder / "CATALOG.csv").is_file() else None


def bases(most: int | None = None) -> Iterator[Base]:
    """The real clips, at most so many, or clips of the world where there are none."""
    folder = shared_clips()
    if folder is None:
        for number in range(most or _WORLD_CLIPS):
            frames = simulate(9000 + number).frames
            yield Base(f"world {number}", "world", str(number), 8.0, None, frames)
        return
    with open(folder / "CATALOG.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    step = 1 if most is None else max(1, len(rows) // most)
    for row in rows[::step][:most]:
        path = folder / row["file"]
        frames = next(PyAVReader().pieces(path, 0, min(FRAMES, int(row["frames"])), SIDE, size=999))
        source = row["origin"].split(":")[0]
        yield Base(row["file"], row["kind"], source, float(row["fps"]), path, frames)


def luma(frames: Rgb) -> NDArray[np.uint8]:
    """(F, h, w) uint8."""
    return np.stack([grey(frame) for frame in frames])


def encoded(frames: Rgb, fps: float) -> Rgb:
    """The frames as they come back from an H.264 file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.mp4"
        PyAVReader().write(path, frames, fps or 8.0)
        return np.concatenate(list(PyAVReader().pieces(path)))


def _half(frame: Rgb) -> Rgb:
    return shrink(frame, computing_size(frame.shape[0], frame.shape[1], SIDE // 2))


def _filler(frames: Rgb, _: np.random.Generator) -> Rgb:
    part = max(8, len(frames) // 2)
    return np.concatenate([frames, frames[::-1][:part]])


def _pull_down(frames: Rgb, _: np.random.Generator) -> Rgb:
    return np.repeat(frames, np.resize([3, 2], len(frames)), axis=0)


def _faster(frames: Rgb, _: np.random.Generator) -> Rgb:
    return np.ascontiguousarray(frames[np.arange(len(frames) * 5 // 4) * 4 // 5])


def _held(frames: Rgb, random: np.random.Generator) -> Rgb:
    place = int(random.integers(len(frames) // 4, 3 * len(frames) // 4))
    return np.insert(frames, place, frames[[place] * max(4, len(frames) // 3)], axis=0)


def _still(frames: Rgb, random: np.random.Generator) -> Rgb:
    clip = np.repeat(frames[:1], min(16, len(frames)), axis=0).astype(np.int16)
    return np.asarray(
        np.clip(clip + random.integers(-2, 3, clip.shape), 0, 255).astype(np.uint8), np.uint8
    )


def _panned(frames: Rgb, random: np.random.Generator) -> Rgb:
    height, width = frames.shape[1:3]
    big = cv2.resize(frames[0], (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
    angle, speed = random.uniform(0, 2 * np.pi), random.uniform(2, 5)
    clip = []
    for number in range(min(16, len(frames))):
        away = (number - 8) * speed * np.array([np.cos(angle), np.sin(angle)])
        centre = (width + 0.7 * away[0], height + 0.7 * away[1])
        clip.append(cv2.getRectSubPix(big, (width, height), centre))
    return np.stack(clip)


def _shaken(frames: Rgb, random: np.random.Generator) -> Rgb:
    height, width = frames.shape[1:3]
    margin = max(2, round(0.03 * max(height, width)))
    clip = []
    for frame in frames[:24]:
        y, x = random.integers(0, 2 * margin + 1, 2)
        clip.append(frame[y : y + height - 2 * margin, x : x + width - 2 * margin])
    return np.stack(clip)


def _blurred(frames: Rgb, _: np.random.Generator) -> Rgb:
    sigma = max(frames.shape[1:3]) / 64
    return np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames[:24]])


def _faded(frames: Rgb, _: np.random.Generator) -> Rgb:
    gain = np.clip(np.arange(len(frames)) / max(1, len(frames) // 4) - 0.25, 0, 1)
    return (frames * gain[:, None, None, None]).astype(np.uint8)


def _barred(frames: Rgb, random: np.random.Generator) -> Rgb:
    clip = frames.copy()
    share = random.uniform(0.04, 0.15)
    if random.random() < 0.5:
        rows = max(2, round(share * clip.shape[1]))
        clip[:, :rows] = clip[:, -rows:] = 0
    else:
        columns = max(2, round(share * clip.shape[2]))
        clip[:, :, :columns] = clip[:, :, -columns:] = 0
    return clip


CASES = (
    Case("static", "one frame and noise of 2 levels", _still, True),
    Case("camera_only", "a window that pans over one frame", _panned, True),
    Case("frozen_frames", "a quarter held amid the clip", _held, True),
    Case("repeated_frames", "on twos", lambda f, _: np.repeat(f, 2, axis=0)[:FRAMES]),
    Case("repeated_frames", "on threes", lambda f, _: np.repeat(f, 3, axis=0)[:FRAMES]),
    Case("repeated_frames", "3:2 pull-down", lambda f, r: _pull_down(f, r)[:FRAMES]),
    Case("repeated_frames", "every fifth again (24 to 30)", _faster),
    Case("time_reversed", "second half reversed", lambda f, _: np.concatenate([f, f[::-1]])),
    Case("time_reversed", "last third reversed", _filler),
    Case("loop", "the clip twice", lambda f, _: np.concatenate([f, f])),
    Case("loop", "one and a half times", lambda f, _: np.concatenate([f, f[: len(f) // 2]])),
    Case("jitter", "random crops within 3 %", _shaken, True),
    Case("blur", "Gaussian blur, 1/64 of the side", _blurred),
    Case("black", "fade in from black", _faded),
    Case("letterbox", "bars of 4 to 15 % at two sides", _barred),
    Case("too_short", "the first 10 frames", lambda f, _: f[:10]),
)


def joined(first: Base, second: Base) -> Rgb:
    """A cut: the end of one clip and the start of another, at the size of the first."""
    height, width = first.frames.shape[1:3]
    other = [
        cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        for frame in second.frames[:8]
    ]
    return np.concatenate([first.frames[-8:], np.stack(other)])


COPIES: dict[str, Make] = {
    "encoded anew": lambda f, _: f,
    "half the size": lambda f, _: np.stack([_half(x) for x in f]),
    "mirrored": lambda f, _: np.ascontiguousarray(f[:, :, ::-1]),
    "starts later": lambda f, _: f[len(f) // 3 :],
}
