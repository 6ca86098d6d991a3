"""What a player lays over a clip's frames."""

from __future__ import annotations

import numpy as np

from motionlens.domain.influence import InfluenceMap
from motionlens.operations.influence_layer import AWAY, TOWARD, influence_layer


def made(places: np.ndarray, frames: int = 6) -> InfluenceMap:
    times = np.linspace(0, frames - 1, len(places)).round().astype(np.int64)
    return InfluenceMap(places.astype(np.float32), times, frames)


def test_signs_are_colours_and_strength_is_opacity() -> None:
    places = np.zeros((3, 16, 16))
    places[:, 2:6, 2:6] = 1
    places[:, 10:14, 10:14] = -0.5
    layer = influence_layer("query", "clip", made(places))
    for n in range(6):
        picture = layer.picture(n)
        assert tuple(picture[4, 4, 2::-1]) == TOWARD
        assert tuple(picture[11, 11, 2::-1]) == AWAY
        assert picture[4, 4, 3] > picture[11, 11, 3] > 100
        assert picture[0, 15, 3] == 0


def test_what_alternates_from_cell_to_cell_is_shown_as_what_is_left_of_it() -> None:
    """But a frame's share stays exact."""
    places = np.ones((2, 8, 8))
    places[:, ::2] = -1
    places[:, :, 3] += 4
    found = made(places)
    layer = influence_layer("query", "clip", found)
    inside = layer.picture(0)[2:6, 3]
    assert (inside[:, 3] > 200).all()
    assert {tuple(colour) for colour in inside[:, 2::-1]} == {TOWARD}
    assert np.allclose(layer.per_frame.sum(), found.total)


def test_a_map_of_nothing_is_transparent() -> None:
    layer = influence_layer("query", "clip", made(np.zeros((2, 4, 4))))
    assert not layer.pictures[..., 3].any()
    assert layer.scale == 0
    assert layer.picture(99).shape == (4, 4, 4)  # beyond the end: the last one
