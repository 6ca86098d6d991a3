"""What may follow a recipe: stabilise, robust, confidence; and masks on latents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionlens.domain.errors import UsageError
from motionlens.motion import describe_motion, motion_mask
from motionlens.motion.grids import grey
from motionlens.motion.latent_grid import to_latent_grid
from motionlens.motion.levels import Levels
from motionlens.motion.mask import sampled_mask
from motionlens.motion.mask_stream import StreamedMask
from motionlens.motion.opencv import cv2
from tests.support.shared import shared_folder

from .scenes import disc, pan, texture

PATH = [(30 + 6 * f, 60) for f in range(6)]


def _scaled(rows: np.ndarray, robust: bool) -> np.ndarray:
    levels = Levels(robust)
    for row in rows:
        levels.add(row)
    return np.stack([levels.weights(row) for row in rows])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    outlier=st.floats(20, 60000),
    place=st.tuples(st.integers(0, 2), st.integers(0, 99), st.integers(0, 119)),
)
def test_one_false_vector_does_not_move_a_robust_mask(
    seed: int, outlier: float, place: tuple[int, int, int]
) -> None:
    rows = np.random.default_rng(seed).gamma(2, 2, (3, 100, 120)).astype(np.float32)
    false = rows.copy()
    false[place] = outlier
    others = np.ones(rows.shape, bool)
    others[place] = False
    moved = np.abs(_scaled(false, True) - _scaled(rows, True))[others].max()
    assert moved < 1e-2
    if outlier > 100:
        assert np.abs(_scaled(false, False) - _scaled(rows, False))[others].max() > 0.1


def test_percentiles_are_those_of_numpy() -> None:
    rows = np.random.default_rng(0).gamma(2, 2, (5, 60, 80)).astype(np.float32)
    levels = Levels(robust=True)
    for row in rows:
        levels.add(row)
    assert np.allclose(levels.range(), np.percentile(rows, [1, 99]), rtol=3e-3)


def test_robust_lies_in_the_unit_range_and_on_the_disc() -> None:
    mask = motion_mask(disc(PATH), "adjacent+robust")
    assert mask.min() >= 0
    assert mask.max() <= 1
    x, y = PATH[2]
    assert mask[2, y - 5 : y + 6, x - 5 : x + 6].mean() > 0.9
    assert mask[2, :25].mean() < 0.05


def test_a_moving_camera_over_a_still_scene_leaves_little() -> None:
    wall = texture(120, 160)
    zooms = (cv2.getRotationMatrix2D((80, 60), 0.8 * f, 1 + 0.03 * f) for f in range(6))
    zoom = np.stack([cv2.warpAffine(wall, m, (160, 120), borderMode=4) for m in zooms])
    for clip in (pan(6, 5), zoom):
        for recipe in ("adjacent+stabilise", "adjacent+stabilise+robust"):
            assert motion_mask(clip, recipe)[:, 12:-12, 12:-12].mean() < 0.1
    assert motion_mask(zoom)[:, 12:-12, 12:-12].mean() > 0.3


@pytest.mark.parametrize("clip", ["real/apple_pan.mp4", "real/seattle_sculpture_pan.mp4"])
def test_real_clips_whose_camera_moves(clip: str) -> None:
    media = pytest.importorskip("motionlens.media")
    frames = media.PyAVReader().frames(shared_folder("clips", clip), max_side=320)[:10]
    assert motion_mask(frames, "adjacent+stabilise").mean() < 0.15


def test_a_mover_stays_when_the_camera_is_taken_out() -> None:
    clip = pan(6, 3)
    body = disc([(40, 60)])[0][46:75, 26:55]
    for f in range(6):
        clip[f, 46:75, 20 + 4 * f : 49 + 4 * f] = body
    mask = motion_mask(clip, "adjacent+stabilise")
    on = np.mean([mask[f, 54:67, 28 + 4 * f : 41 + 4 * f].mean() for f in range(5)])
    assert on > 0.5
    assert mask[:, 90:, 20:140].mean() < 0.15


def test_stabilise_as_a_word_and_as_an_option_are_one() -> None:
    clip = pan(4, 3)
    assert np.array_equal(
        motion_mask(clip, "adjacent+stabilise"), motion_mask(clip, stabilise=True)
    )
    assert describe_motion(clip, "adjacent+stabilise").inlier_share > 0.9


def test_confidence_lowers_what_leaves_the_frame() -> None:
    clip = pan(4, 8)
    plain, weighed = motion_mask(clip), motion_mask(clip, "adjacent+confidence")
    assert weighed[:, 20:-20, :4].mean() < 0.2 * plain[:, 20:-20, :4].mean()
    assert weighed[:, 20:-20, 40:-40].mean() > 0.8 * plain[:, 20:-20, 40:-40].mean()


@pytest.mark.parametrize(
    "recipe", ["adjacent", "anchor+robust", "adjacent+stabilise+robust", "adjacent+confidence"]
)
def test_frame_by_frame_is_the_same_as_all_at_once(recipe: str) -> None:
    clip = pan(5, 3)
    clip[:, 40:70, 60:90] = disc([(75, 55)])[0][40:70, 60:90]
    stream = StreamedMask((160, 120), recipe)
    for frame in clip:
        stream.push(grey(frame))
    rows = np.stack(list(stream.rows(120, 160)))
    again = np.stack(list(stream.rows(120, 160)))
    stream.close()
    assert np.array_equal(rows, again)
    # Fields are kept to a 32nd of a pixel.
    assert np.abs(rows - motion_mask(clip, recipe)).max() < 0.05


def test_sampled_frames_take_recipes_too() -> None:
    clip = disc(PATH)
    whole = motion_mask(clip, "adjacent+robust")
    assert np.allclose(sampled_mask(clip[:-1], clip[1:], "adjacent+robust"), whole[:-1], atol=1e-6)
    with pytest.raises(UsageError, match="strong"):
        sampled_mask(clip[:-1], clip[1:], "adjacent+strong")


def test_latents_of_a_causal_model() -> None:
    mask = np.random.default_rng(0).random((9, 16, 24), np.float32)
    grid = to_latent_grid(mask, 8, 4)
    assert grid.shape == (3, 2, 3)
    assert grid[0, 0, 0] == pytest.approx(mask[0, :8, :8].mean(), abs=1e-6)
    assert grid[1, 1, 2] == pytest.approx(mask[1:5, 8:, 16:].mean(), abs=1e-6)
    assert grid[2, 0, 1] == pytest.approx(mask[5:9, :8, 8:16].mean(), abs=1e-6)


def test_latents_of_other_models_and_sizes_that_do_not_divide() -> None:
    mask = np.ones((7, 13, 21), np.float32)
    assert to_latent_grid(mask, 8, 4, causal_first=False).shape == (2, 2, 3)
    assert to_latent_grid(mask, 8, 4).shape == (3, 2, 3)
    assert np.allclose(to_latent_grid(mask, 8, 4), 1)
    assert np.array_equal(to_latent_grid(mask * 0.5, 1, 1), mask * 0.5)
    with pytest.raises(UsageError, match="strides"):
        to_latent_grid(mask, 0, 4)
