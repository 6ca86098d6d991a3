"""Decoding: RGB against PyAV without conversion, and a step backwards against a seek each time."""

from __future__ import annotations

import tempfile
from pathlib import Path

import av
import numpy as np

from motionlens.bench.case import Row, compared
from motionlens.media import OpenClip, PyAVReader


def decode(quick: bool) -> list[Row]:
    """On a clip that is drawn and encoded here, so that anybody can run it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.mp4"
        frames = _moving_texture(24 if quick else 120, *((180, 320) if quick else (720, 1280)))
        PyAVReader().write(path, frames, 25.0)
        runs = 3 if quick else 5

        def rgb() -> None:
            PyAVReader().frames(path)

        def floor() -> None:
            with av.open(str(path)) as container:
                for _ in container.decode(video=0):
                    pass

        rows = [
            compared(
                "decode", "sequential RGB", "PyAV, no conversion", rgb, floor, limit=1.3, runs=runs
            )
        ]
        last = len(frames) - 1
        with OpenClip(path) as clip:

            def backwards() -> None:
                for n in range(last, last - 10, -1):
                    clip.frame(n)

            def by_seeking() -> None:
                for n in range(last, last - 10, -1):
                    _seek_and_decode(path, n, 25.0)

            rows.append(
                compared(
                    "decode",
                    "ten steps backwards",
                    "PyAV, a seek each",
                    backwards,
                    by_seeking,
                    runs=runs,
                )
            )
        return rows


def _seek_and_decode(path: Path, n: int, fps: float) -> np.ndarray:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        wanted = n / fps
        container.seek(int(wanted / float(stream.time_base or 1)), stream=stream)
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= wanted - 1e-3:
                picture: np.ndarray = frame.to_ndarray(format="rgb24")
                return picture
    raise ValueError(f"no frame at {wanted} s")


def _moving_texture(count: int, height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (height // 20 + 1, width // 20 + count + 1, 3), dtype=np.uint8)
    big = coarse.repeat(20, 0).repeat(20, 1)
    return np.stack([big[:height, 4 * i : 4 * i + width] for i in range(count)])
