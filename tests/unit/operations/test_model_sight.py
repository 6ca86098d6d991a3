"""Clips shown as a model sees them: the same frames, the same pixels as it is given."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.app.renderer import make_renderer
from motionlens.domain.errors import IndexMissing
from motionlens.domain.requests import FrameRequest, ModelSight
from motionlens.media import PyAVReader
from motionlens.models.framing import Framing
from motionlens.models.pictures import to_numbers
from motionlens.models.registry import sight_of
from motionlens.models.resample import equal_times
from motionlens.operations.model_sight import seen_frame, sight_in_use, words
from tests.support.shared import shared_folder
from tests.support.tiny_models import make_tiny

CLIP = ("clips", "real", "basketball_throw_bounce.mp4")


@pytest.mark.parametrize(("frames", "seen"), [(100, 16), (16, 16), (81, 49), (7, 16), (1, 16)])
def test_the_frames_are_those_that_the_model_is_given(frames, seen):
    sight = ModelSight(seen, 32, 32)
    shown = {seen_frame(n, frames, sight) for n in range(frames)}
    assert shown == set(equal_times(frames, seen).tolist())


def drawn(path, frame, sight, size):
    renderer = make_renderer()
    try:
        image = renderer.render(
            FrameRequest("c", str(path), frame, frozenset(), *size, turn=0, sight=sight, enlarge=99)
        )
    finally:
        renderer.close()
    return image.frame, image.pixels[..., 2::-1].astype(float)


def test_the_embedded_models_own_numbers_are_what_is_seen():
    path = shared_folder(*CLIP)
    reader = PyAVReader()
    info = reader.probe(str(path))
    frame, pixels = drawn(path, info.frames // 2, sight_of("embedded"), (info.width, info.height))
    frames = reader.frames(path)
    numbers = (to_numbers(frames, 16, 32, 32) + 1) * 127.5
    times = equal_times(info.frames, 16).tolist()
    assert frame in times
    expected = numbers[times.index(frame)]
    # The middle of each of the 32 x 32 boxes.
    rows = ((np.arange(32) + 0.5) * pixels.shape[0] / 32).astype(int)
    columns = ((np.arange(32) + 0.5) * pixels.shape[1] / 32).astype(int)
    middle = pixels[rows][:, columns]
    assert np.ptp(middle, axis=-1).max() == 0  # grey
    assert np.abs(middle[..., 0] - expected).mean() < 2.0
    boxes = pixels[rows[4] - 1 : rows[4] + 2, columns[4] - 1 : columns[4] + 2]
    assert np.ptp(boxes.reshape(-1, 3), axis=0).max() == 0  # one px of the model is one colour


def test_a_model_that_cuts_the_picture_shows_the_rest_dark():
    path = shared_folder(*CLIP)
    info = PyAVReader().probe(str(path))
    framing = Framing(frames=9, height=64, width=64, stride=4, cell=8)
    frame, pixels = drawn(path, 0, framing.sight, (info.width, info.height))
    assert frame == 0
    whole = PyAVReader().frames(path, 0, 1)
    expected = (framing.pixels(whole)[:, 0].permute(1, 2, 0).numpy() + 1) * 127.5
    high, wide = pixels.shape[:2]
    left = (wide - high) // 2
    assert wide > high
    inside = pixels[:, left : left + high]
    middle = ((np.arange(64) + 0.5) * high / 64).astype(int)
    assert np.abs(inside[middle][:, middle] - expected).mean() < 6.0
    bright = whole[0, :, : left // 2].mean()
    assert pixels[:, : left // 2].mean() == pytest.approx(bright * 0.28, rel=0.1)


class NoIndex:
    def latest(self):
        raise IndexMissing("There is no index", "nothing was indexed", "Run index")


class Rooms:
    def __init__(self, indexes):
        self.indexes = indexes
        self.models = type("Models", (), {"sight": staticmethod(sight_of)})


def test_before_an_index_it_is_the_embedded_model():
    sight = sight_in_use(Rooms(NoIndex()))
    assert sight == ModelSight(16, 32, 32, grey=True, cropped=False)
    assert words(sight) == "as the model sees it: 16 frames, 32 × 32, squashed, grey"


def test_a_folder_of_another_family_sees_by_its_own_shape(tmp_path):
    sight = sight_of(str(make_tiny("wan-2.1", tmp_path / "wan")))
    assert sight == ModelSight(9, 96, 64)
