"""Resampling: exact averages, and an enlargement that averages undo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionlens.models.pictures import enlarge, grey, mask_to_grid, to_numbers
from motionlens.models.resample import area_weights, equal_times, resize_area


@given(st.integers(1, 200), st.integers(1, 64))
@settings(max_examples=60, deadline=None)
def test_area_weights_average(source: int, target: int) -> None:
    weights = area_weights(source, target)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    # Each source cell counts as much as any other.
    np.testing.assert_allclose(weights.sum(axis=0), target / source, rtol=1e-4)


def test_whole_ratios_are_block_means() -> None:
    picture = np.random.default_rng(0).random((3, 24, 40), dtype=np.float32)
    means = picture.reshape(3, 6, 4, 8, 5).mean(axis=(2, 4))
    np.testing.assert_allclose(resize_area(picture, 6, 8), means, rtol=1e-5)


def test_averaging_down_undoes_the_enlargement() -> None:
    small = np.random.default_rng(1).uniform(-0.4, 0.4, (2, 32, 32)).astype(np.float32)
    shown = enlarge(small, 256, 256)
    assert shown.shape == (2, 256, 256, 3)
    back = to_numbers(shown, 2, 32, 32)
    np.testing.assert_allclose(back, small, atol=0.002)


def test_grey_weighs_colours_as_the_eye_does() -> None:
    frame = np.zeros((1, 1, 3, 3), np.uint8)
    frame[0, 0] = np.diag([255, 255, 255])
    np.testing.assert_allclose(grey(frame)[0, 0], np.array([76.245, 149.685, 29.07]), rtol=1e-5)


@pytest.mark.parametrize(
    ("frames", "chosen"), [(16, list(range(16))), (31, list(range(0, 31, 2))), (1, [0] * 16)]
)
def test_equal_times(frames: int, chosen: list[int]) -> None:
    assert equal_times(frames, 16).tolist() == chosen


def test_a_mask_lands_where_its_clip_does() -> None:
    mask = np.zeros((31, 90, 160), np.float32)
    mask[10, :45, :80] = 1
    grid = mask_to_grid(mask, 16, 32, 32)
    assert grid.shape == (16, 32, 32)
    assert grid[5, :16, :16].min() == pytest.approx(1)
    assert grid.sum() == pytest.approx(256, rel=1e-3)
