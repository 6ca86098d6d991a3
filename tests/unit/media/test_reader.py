"""Ranges, lists, thumbnails."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import ClipReader
from motionlens.media import PyAVReader
from tests.support.shared import shared_folder


@pytest.fixture
def path():
    return shared_folder("odd", "open_gop_bframes.mkv")


def test_ranges_and_lists_are_cut_from_the_same_frames(path):
    reader: ClipReader = PyAVReader()
    whole = PyAVReader().frames(path)
    for known in (False, True):
        if known:
            reader.probe(path)
        else:
            reader = PyAVReader()
        assert np.array_equal(reader.frames(path, 10, 14), whole[10:14])
        assert np.array_equal(reader.frames(path, 60), whole[60:])
        assert np.array_equal(reader.frames(path, indices=[5, 64, 5]), whole[[5, 64, 5]])


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    "request_",
    [{"start": 65}, {"start": 0, "stop": 66}, {"indices": [0, 65]}, {"start": -1},
     {"start": 4, "stop": 4}, {"indices": []}, {"max_side": 0}],
)  # fmt: skip
def test_frames_that_are_not_there_are_refused(path, known, request_):
    reader = PyAVReader()
    if known:
        reader.probe(path)
    with pytest.raises(UsageError):
        reader.frames(path, **request_)


def test_a_thumbnail_fills_its_box(path):
    reader = PyAVReader()
    counted = reader.thumbnail(path, 20, 64, 64)
    reader.probe(path)
    sought = reader.thumbnail(path, 20, 64, 64)
    assert counted.shape == (64, 64, 3)
    assert np.array_equal(counted, sought)
    # 320 x 240 covers a square with its middle 240 x 240.
    middle = reader.frames(path, 20, 21)[0][:, 40:280].reshape(60, 4, 60, 4, 3).mean((1, 3))
    smaller = reader.thumbnail(path, 20, 60, 60)
    assert np.abs(smaller - middle).mean() < 3


def test_a_thumbnail_may_be_larger_than_its_clip():
    picture = PyAVReader().thumbnail(shared_folder("odd", "one_by_one_pixel.mp4"), 0, 32, 18)
    assert picture.shape == (18, 32, 3)


def test_a_thumbnail_of_no_size_is_refused(path):
    with pytest.raises(UsageError):
        PyAVReader().thumbnail(path, 0, 0, 10)


def test_several_threads_may_read_at_once(path):
    reader, whole, right = PyAVReader(), PyAVReader().frames(path), []

    def read(start):
        right.append(
            np.array_equal(reader.frames(path, start, start + 5), whole[start : start + 5])
        )

    threads = [threading.Thread(target=read, args=(n,)) for n in (0, 10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 4
