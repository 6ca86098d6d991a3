"""Files that lie, are cut, or were damaged: frames, or a reason in words, and nothing else."""

from __future__ import annotations

import random
import resource
import struct

import numpy as np
import pytest

from motionlens.domain.errors import MediaError
from motionlens.media import OpenClip, PyAVReader
from motionlens.media.probe import full_scan
from tests.support.shared import shared_folder
from tests.unit.media.files import encode, moving_noise

SMALL = 45_000  # bytes: larger files only make the test slow
MEMORY = 1_000_000_000


@pytest.fixture(autouse=True)
def bounded_memory():
    """What a file claims must not be allocated: 1 GB above what is in use now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def outcome(path):
    """Number of frames, or the reason; anything else comes out as an exception."""
    try:
        found = full_scan(path)
    except MediaError as error:
        return in_words(error)
    numbers = sorted({0, found.info.frames // 2, found.info.frames - 1})
    pieces = PyAVReader().pieces(path, 0, numbers[-1] + 1, max_side=32)
    assert sum(len(piece) for piece in pieces) == found.info.frames
    with OpenClip(path, found=found) as clip:
        for number in numbers:
            clip.frame(number, 32)
    return found.info.frames


def in_words(error):
    assert error.why
    assert error.next_step
    return error.why


def sources():
    files = shared_folder("odd").iterdir()
    return sorted(f for f in files if f.suffix != ".csv" and 100 < f.stat().st_size < SMALL)


@pytest.mark.parametrize("part", range(8))
def test_flipped_bits_give_frames_or_words(part, tmp_path):
    rng = random.Random(part)
    for round_ in range(25):
        source = rng.choice(sources())
        data = bytearray(source.read_bytes())
        # Half of the time the head, where the claims stand.
        reach = len(data) if round_ % 2 else min(len(data), 600)
        for _ in range(rng.choice((1, 4, 32))):
            data[rng.randrange(reach)] ^= 1 << rng.randrange(8)
        path = tmp_path / f"{round_}{source.suffix}"
        path.write_bytes(data)
        outcome(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_cut_files_give_frames_or_words(share, tmp_path):
    for source in sources()[::2]:
        path = tmp_path / f"cut{source.suffix}"
        path.write_bytes(source.read_bytes()[: int(source.stat().st_size * share)])
        outcome(path)


def patched(path, old, new):
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


@pytest.mark.parametrize("side", [30_000, 65_535])
def test_claims_of_a_huge_picture_in_avi(tmp_path, side):
    path = encode(tmp_path / "a.avi", moving_noise(3), "mpeg4")
    # BITMAPINFOHEADER: its size 40, then width and height.
    claim = struct.pack("<II", side, side)
    data = path.read_bytes()
    at = data.index(struct.pack("<II", 96, 64))
    path.write_bytes(data[:at] + claim + data[at + 8 :])
    outcome(path)


def test_claims_of_a_huge_picture_in_png_and_gif(tmp_path):
    png = tmp_path / "a.png"
    png.write_bytes(shared_folder("odd", "png_named.mp4").read_bytes())
    patched(png, struct.pack(">II", 160, 90), struct.pack(">II", 60_000, 60_000))
    assert isinstance(outcome(png), str)
    gif = tmp_path / "a.gif"
    data = bytearray(shared_folder("odd", "single_frame.gif").read_bytes())
    data[6:10] = struct.pack("<HH", 65_535, 65_535)
    gif.write_bytes(data)
    assert isinstance(outcome(gif), str)


def test_a_huge_claim_in_a_matroska_header(tmp_path):
    path = encode(tmp_path / "a.mkv", moving_noise(3, 96, 64), "ffv1")
    # PixelWidth and PixelHeight: an id, a length of one byte, and the value.
    patched(path, b"\xb0\x81\x60", b"\xb0\x81\xff")
    outcome(path)


def test_a_raw_stream_of_a_huge_size(tmp_path):
    path = tmp_path / "a.y4m"
    path.write_bytes(b"YUV4MPEG2 W40000 H40000 F25:1 C420\nFRAME\n" + b"x" * 1000)
    assert isinstance(outcome(path), str)


def test_frames_of_many_sizes_are_shown_in_the_size_of_the_first(tmp_path):
    path = tmp_path / "a.h264"
    parts = []
    for side in (16, 640, 32):
        one = encode(tmp_path / f"{side}.h264", np.zeros((2, side, side, 3), np.uint8))
        parts.append(one.read_bytes())
    path.write_bytes(b"".join(parts))
    assert outcome(path) == 6
    assert PyAVReader().frames(path).shape == (6, 16, 16, 3)
