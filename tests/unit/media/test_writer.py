"""What is written comes back."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.domain.errors import MediaError, UsageError
from motionlens.media import PyAVReader
from tests.unit.media.files import moving_noise


def test_a_written_clip_comes_back(tmp_path):
    path, frames = tmp_path / "new" / "clip.mp4", moving_noise(9)
    reader = PyAVReader()
    reader.write(path, frames, 29.97)
    info = reader.probe(path)
    assert (info.width, info.height, info.frames, info.codec) == (96, 64, 9, "h264")
    assert info.fps == pytest.approx(29.97, rel=1e-4)
    assert not info.variable_frame_rate
    assert info.frame_times_s[0] == 0
    back = reader.frames(path)
    assert np.abs(back.astype(int) - frames).mean() < 8
    assert np.abs(back.mean((1, 2)) - frames.mean((1, 2))).max() < 2  # colours do not drift
    assert [p.name for p in path.parent.iterdir()] == ["clip.mp4"]


def test_odd_sizes_are_padded_with_their_edge(tmp_path):
    frames = np.zeros((2, 33, 47, 3), np.uint8)
    frames[:, :, -1] = 200
    path = tmp_path / "odd.mp4"
    PyAVReader().write(path, frames, 10)
    back = PyAVReader().frames(path)
    assert back.shape == (2, 34, 48, 3)
    assert back[:, :, -1].mean() > 150


def test_the_same_frames_give_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        PyAVReader().write(tmp_path / name, moving_noise(4), 8)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_single_frame_may_come_without_a_rate(tmp_path):
    PyAVReader().write(tmp_path / "one.mp4", moving_noise(1), 0.0)
    assert PyAVReader().probe(tmp_path / "one.mp4").frames == 1


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_a_senseless_rate_is_refused(tmp_path, fps):
    with pytest.raises(UsageError):
        PyAVReader().write(tmp_path / "clip.mp4", moving_noise(2), fps)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "frames",
    [np.zeros((0, 4, 4, 3), np.uint8), np.zeros((2, 4, 4), np.uint8), np.zeros((2, 4, 4, 3))],
)
def test_what_is_no_clip_is_refused(tmp_path, frames):
    with pytest.raises(UsageError):
        PyAVReader().write(tmp_path / "clip.mp4", frames, 10)


def test_a_place_that_cannot_be_written_is_told_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MediaError, match="cannot be written"):
        PyAVReader().write(tmp_path / "file" / "clip.mp4", moving_noise(2), 10)
