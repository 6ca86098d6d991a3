"""Frames in pieces, in one pass; brightness at full range."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from motionlens.domain.errors import UsageError
from motionlens.media import OpenClip, PyAVReader
from motionlens.media.picture import Pictures
from motionlens.media.stream import LARGE_BYTES, PIECE_BYTES
from tests.support.shared import shared_folder
from tests.unit.media.files import encode, readable_odd


def joined(pieces):
    return np.concatenate(list(pieces))


@pytest.mark.parametrize("part", range(4))
def test_pieces_are_the_frames_of_every_readable_file(part):
    for path in readable_odd()[part::4]:
        whole = PyAVReader().frames(path)
        fresh = PyAVReader()
        assert np.array_equal(joined(fresh.pieces(path, size=7)), whole), path
        # The pass through all of it has told what the file is; the next one seeks.
        middle = len(whole) // 2
        assert np.array_equal(joined(fresh.pieces(path, middle)), whole[middle:]), path
        assert np.array_equal(joined(PyAVReader().pieces(path, middle)), whole[middle:]), path


def test_pieces_are_bounded_and_the_callers_own():
    path = shared_folder("odd", "open_gop_bframes.mkv")
    pieces = list(PyAVReader().pieces(path, size=16))
    assert [len(piece) for piece in pieces] == [16, 16, 16, 16, 1]
    before = pieces[1].copy()
    pieces[0][:] = 0
    assert np.array_equal(pieces[1], before)


def test_pieces_of_large_frames_are_short(tmp_path):
    path = encode(tmp_path / "large.mkv", np.zeros((5, 1080, 1920, 3), np.uint8))
    pieces = list(PyAVReader().pieces(path))
    assert [piece.shape for piece in pieces] == [(1, 1080, 1920, 3)] * 5
    assert pieces[0].nbytes > LARGE_BYTES
    assert all(piece.nbytes <= PIECE_BYTES for piece in pieces)
    assert [len(piece) for piece in PyAVReader().pieces(path, luma=True, max_side=64)] == [5]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("side", [None, 100])
def test_brightness_comes_in_the_same_pieces_as_from_an_open_clip(known, side):
    path = shared_folder("odd", "open_gop_bframes.mkv")
    reader = PyAVReader()
    if known:
        reader.probe(path)
    pieces = joined(reader.pieces(path, 20, 31, max_side=side, luma=True, size=4))
    with OpenClip(path) as clip:
        singly = np.stack([clip.luma(n, side) for n in range(20, 31)])
    assert np.array_equal(pieces, singly)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    "request_", [{"start": 65}, {"stop": 66}, {"start": -1}, {"start": 4, "stop": 4}, {"size": 0},
                 {"max_side": 0}],
)  # fmt: skip
def test_pieces_that_are_not_there_are_refused(known, request_):
    path = shared_folder("odd", "open_gop_bframes.mkv")
    reader = PyAVReader()
    if known:
        reader.probe(path)
    with pytest.raises(UsageError):
        list(reader.pieces(path, **request_))


GREY = np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize(
    "name",
    ["open_gop_bframes.mkv", "mjpeg.avi", "gray_ffv1.mkv", "h264_10bit.mp4", "alpha.apng",
     "alpha_prores4444.mov", "hdr_pq_10bit.mp4", "single_frame.gif", "odd_37x53.mp4"],
)  # fmt: skip
@pytest.mark.parametrize("side", [None, 48])
def test_brightness_is_the_grey_of_the_picture(name, side):
    path = shared_folder("odd", name)
    rgb = PyAVReader().frames(path, 0, 1, max_side=side)[0].astype(float)
    luma = next(iter(PyAVReader().pieces(path, 0, 1, max_side=side, luma=True)))[0].astype(float)
    # Colours beyond the screen's are cut in RGB and not in brightness: a few pixels may differ.
    apart = np.abs(rgb @ GREY - luma)
    assert np.median(apart) <= 2
    assert np.percentile(apart, 90) <= 5


@pytest.mark.parametrize(
    ("form", "depth"), [("yuv420p", 8), ("yuv420p10le", 10), ("yuv422p12le", 12)]
)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("size", [(32, 24), (16, 12)])
def test_black_is_0_and_white_is_255(form, depth, full, size):
    low, high = (0, 255) if full else (16, 235)
    scale = 1 << (depth - 8)
    white = (1 << depth) - 1 if full else high * scale
    for code, shown in ((low * scale, 0), (white, 255)):
        frame = flat(form, depth, code)
        frame.color_range = ColorRange.JPEG if full else ColorRange.MPEG
        assert abs(int(Pictures().luma(frame, *size).max()) - shown) <= (depth > 8)


def test_many_bits_are_rounded():
    for code in (64, 513, 514, 700, 701, 702, 703, 940):
        frame = flat("yuv420p10le", 10, code)
        frame.color_range = ColorRange.MPEG
        assert Pictures().luma(frame, 32, 24).max() == round((code - 64) / 876 * 255)


def flat(form: str, depth: int, code: int) -> VideoFrame:
    frame = av.VideoFrame(32, 24, form)
    kind = np.uint8 if depth == 8 else np.uint16
    for plane, value in zip(frame.planes, (code, 1 << (depth - 1), 1 << (depth - 1)), strict=True):
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, value, kind).tobytes())
    return frame
