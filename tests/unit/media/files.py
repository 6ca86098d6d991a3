"""Real media for the tests of `media`: the shared ones, and some that only an encoder makes."""

from __future__ import annotations

import csv
import hashlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from motionlens.media.picture import Pictures
from motionlens.media.probe import scan
from tests.support.shared import shared_folder

UNREADABLE = {
    "zero_byte.webm": "empty",
    "zero_byte.mp4": "empty",
    "truncated_no_moov.mp4": "cut off",
    "text_named.mp4": "not a video",
    "audio_only.m4a": "only sound",
    "audio_only_named.mp4": "only sound",
    "cover_art_audio.mp3": "cover art",
    "huge_claim.gif": "None of its frames",
}


def table(name: str) -> list[dict[str, str]]:
    """The rows of a catalogue in the shared folder."""
    with open(shared_folder(*name.split("/")), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def readable_odd() -> list[Path]:
    """All odd files that hold a video."""
    folder = shared_folder("odd")
    return [folder / row["file"] for row in table("odd/ODD.csv") if row["file"] not in UNREADABLE]


def digest(picture: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(picture)).hexdigest()


def sequential(path: Path) -> list[str]:
    """Digests of all frames as shown, from one decode from start to end."""
    found: list[str] = []
    pictures = Pictures()

    def visit(number, frame, layout):
        if number == 0:
            found.clear()
        stored = layout.orientation.stored(layout.width, layout.height)
        found.append(digest(layout.orientation.apply(pictures.rgb(frame, *stored))))
        return True

    scan(path, visit)
    return found


def moving_noise(frames: int, width: int = 96, height: int = 64) -> np.ndarray:
    """(F, H, W, 3) uint8: a blurred pattern that slides, every frame different."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (height // 8 + 1, (width + 4 * frames) // 8 + 1, 3))
    wide = np.repeat(np.repeat(coarse, 8, axis=0), 8, axis=1).astype(np.uint8)
    return np.stack([wide[:height, 2 * n : 2 * n + width] for n in range(frames)])


def encode(
    path: Path,
    frames: np.ndarray,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    turned: tuple[int, bool] | None = None,
) -> Path:
    """Write frames with any encoder and container that PyAV has."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(25), options=options or {})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        if turned is not None:
            stream.set_display_rotation(turned[0], hflip=turned[1])
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
