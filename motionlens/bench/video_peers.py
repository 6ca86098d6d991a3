"""Other ways to read a video, as far as they are installed, behind one face."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from motionlens.motion.opencv import cv2

Picture = NDArray[np.uint8]
At = Callable[[int], Picture]


@dataclass(frozen=True)
class Peer:
    """A library: all frames in order, and one opened file's frame by number."""

    name: str
    sequential: Callable[[Path], Iterator[Picture]]
    open: Callable[[Path], At] | None = None


def installed() -> list[Peer]:
    """The peers of this environment; those that are not installed are left out."""
    peers = [
        Peer("OpenCV VideoCapture", _opencv, _opencv_at),
        Peer("PyAV, seek by N / fps", _pyav, _pyav_at),
    ]
    if importlib.util.find_spec("decord"):
        peers.append(Peer("decord", _decord, _decord_at))
    if importlib.util.find_spec("imageio_ffmpeg"):
        peers.append(Peer("imageio-ffmpeg", _imageio))
    if _torchcodec() is not None:
        peers.append(Peer("torchcodec", _torchcodec_all, _torchcodec_at))
    return peers


def absent() -> list[str]:
    """The peers that would be measured if they were installed and could be loaded."""
    names = [name for name in ("decord", "imageio_ffmpeg") if not importlib.util.find_spec(name)]
    return names + (["torchcodec"] if _torchcodec() is None else [])


def _opencv(path: Path) -> Iterator[Picture]:
    capture = cv2.VideoCapture(str(path))
    try:
        while True:
            good, frame = capture.read()
            if not good:
                return
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    finally:
        capture.release()


def _opencv_at(path: Path) -> At:
    capture = cv2.VideoCapture(str(path))

    def at(n: int) -> Picture:
        capture.set(cv2.CAP_PROP_POS_FRAMES, n)
        good, frame = capture.read()
        if not good:
            raise ValueError(f"no frame {n}")
        picture: Picture = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        return picture

    return at


def _pyav(path: Path) -> Iterator[Picture]:
    with av.open(str(path), metadata_errors="ignore") as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def _pyav_at(path: Path) -> At:
    container = av.open(str(path), metadata_errors="ignore")
    stream = container.streams.video[0]
    rate, base = float(stream.average_rate or 25), float(stream.time_base or 1)

    def at(n: int) -> Picture:
        container.seek(int(n / rate / base) + (stream.start_time or 0), stream=stream)
        wanted = n / rate + float((stream.start_time or 0) * base)
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= wanted - 0.5 / rate:
                picture: Picture = frame.to_ndarray(format="rgb24")
                return picture
        raise ValueError(f"no frame {n}")

    return at


def _decord(path: Path) -> Iterator[Picture]:
    reader = _decord_reader(path)
    for n in range(len(reader)):
        yield reader[n].asnumpy()


def _decord_at(path: Path) -> At:
    reader = _decord_reader(path)

    def at(n: int) -> Picture:
        picture: Picture = reader[n].asnumpy()
        return picture

    return at


def _decord_reader(path: Path) -> Any:
    decord = importlib.import_module("decord")
    return decord.VideoReader(str(path), num_threads=1)


def _imageio(path: Path) -> Iterator[Picture]:
    frames = importlib.import_module("imageio_ffmpeg").read_frames(str(path))
    width, height = next(frames)["size"]
    for raw in frames:
        yield np.frombuffer(raw, np.uint8).reshape(height, width, 3)


def _torchcodec() -> Any:
    try:
        return importlib.import_module("torchcodec.decoders")
    except (ImportError, RuntimeError, OSError):
        return None  # absent, or built for another torch or FFmpeg


def _torchcodec_all(path: Path) -> Iterator[Picture]:
    for frame in _torchcodec().VideoDecoder(str(path), dimension_order="NHWC"):
        yield frame.numpy()


def _torchcodec_at(path: Path) -> At:
    decoder = _torchcodec().VideoDecoder(str(path), dimension_order="NHWC", seek_mode="exact")

    def at(n: int) -> Picture:
        picture: Picture = decoder[n].numpy()
        return picture

    return at
