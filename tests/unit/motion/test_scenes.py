"""Shot boundaries by PySceneDetect, on our frames."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.media import PyAVReader
from motionlens.motion.scenes import SceneCuts
from tests.support.shared import shared_folder


def cuts(frames):
    found = SceneCuts()
    for frame in frames:
        found.push(frame)
    return found.cuts()


def clip(name, frames=16):
    path = shared_folder("clips", *name.split("/"))
    return PyAVReader().frames(path, 0, frames, max_side=160)


def fitted(frames, like):
    rows = np.arange(like.shape[1]) * frames.shape[1] // like.shape[1]
    columns = np.arange(like.shape[2]) * frames.shape[2] // like.shape[2]
    return frames[:, rows][:, :, columns]


@pytest.mark.parametrize(
    "pair",
    [("real/bear_walk.mp4", "real/asl_walk.mkv"), ("real/train_passing.mp4", "real/apple_pan.mp4"),
     ("generated/beer_pour.mp4", "real/kitten_grass.mp4")],
)  # fmt: skip
def test_a_made_cut_is_found_at_its_frame(pair):
    first, second = (clip(name) for name in pair)
    joined = np.concatenate([first, fitted(second, first)])
    assert cuts(joined) == [16]


@pytest.mark.parametrize("name", ["real/bear_walk.mp4", "real/box_handheld_pan.mp4"])
def test_one_shot_is_not_cut(name):
    assert cuts(clip(name, 60)) == []


def test_cuts_of_a_real_trailer():
    path = shared_folder("clips", "cartoon", "sintel_trailer_cuts.mp4")
    frames = np.concatenate(list(PyAVReader().pieces(path, max_side=320)))
    found = cuts(frames)
    assert found
    step = np.abs(np.diff(frames.astype(np.int16), axis=0)).mean((1, 2, 3))
    for cut in found:
        # The change into the first frame of a scene stands out from those around it.
        assert step[cut - 1] > 3 * np.median(step[max(0, cut - 6) : cut + 5])
