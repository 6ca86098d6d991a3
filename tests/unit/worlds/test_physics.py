"""Simulated clips: the same from a seed, true at the start, false where they are planted."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.worlds.judge import FALSE_ABOVE, measure, motion_error
from motionlens.worlds.laws import GRAVITY, true_motion
from motionlens.worlds.physics import (
    GIVEN_FRAMES,
    KINDS,
    MOTION_CLASSES,
    PLANTED_KINDS,
    fine_tune_set,
    judged_starts,
    pool_set,
    query_starts,
    simulate,
)
from motionlens.worlds.scene import LUMINANCE


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_one_clip(kind: str) -> None:
    first, second = simulate(7, kind), simulate(7, kind)
    assert first.frames.shape == (16, 256, 256, 3)
    assert first.frames.dtype == np.uint8
    np.testing.assert_array_equal(first.frames, second.frames)
    np.testing.assert_array_equal(first.path, second.path)
    assert (simulate(8, kind).frames != first.frames).any()


@pytest.mark.parametrize("motion_class", MOTION_CLASSES)
def test_drawing_agrees_with_the_path(motion_class: str) -> None:
    """Measured from pixels alone, the object is where the laws have put it."""
    for seed in range(4):
        clip = simulate(seed, "clean", motion_class)
        found = measure(clip, clip.frames)
        assert clip.caption.startswith(f"{motion_class}: ")
        assert np.abs(found.centre - clip.path).max() < 0.3
        assert found.mass.min() > 0.8 * found.mass.max()


@pytest.mark.parametrize("kind", PLANTED_KINDS)
def test_planted_motion_starts_true_and_ends_false(kind: str) -> None:
    errors = []
    for seed in range(10):
        clip = simulate(900 + seed, kind)
        np.testing.assert_array_equal(
            clip.frames[:GIVEN_FRAMES], clip.true_frames[:GIVEN_FRAMES], strict=True
        )
        np.testing.assert_allclose(clip.path[:GIVEN_FRAMES], clip.shown_path[:GIVEN_FRAMES])
        errors.append(motion_error(clip, clip.frames))
        assert motion_error(clip, clip.true_frames) < 0.3
    assert np.mean(np.array(errors) > FALSE_ABOVE) > 0.9


def test_a_dropped_ball_falls_as_gravity_says() -> None:
    clip = next(
        c for c in (simulate(seed, "clean", "bounce") for seed in range(20)) if c.path[0, 1] < 9
    )
    fall = clip.path[:5, 1] - clip.path[0, 1]
    np.testing.assert_allclose(fall, GRAVITY / 2 * np.arange(5) ** 2, atol=1e-9)


def test_a_swing_keeps_its_energy() -> None:
    scene = simulate(3, "clean", "swing").scene
    path = true_motion(scene)[:, :2]
    np.testing.assert_allclose(np.linalg.norm(path - scene.pivot, axis=1), scene.length, rtol=1e-9)
    # The height reached on the other side is never above the height it came from.
    amplitude = np.arccos(np.cos(scene.theta) - scene.omega**2 * scene.length / (2 * GRAVITY))
    angles = np.arctan2(path[:, 0] - scene.pivot[0], path[:, 1] - scene.pivot[1])
    assert np.abs(angles).max() <= amplitude + 1e-3


def test_object_and_background_differ_enough_in_grey() -> None:
    for seed in range(40):
        clip = simulate(seed)
        above_floor = clip.plate[:200].astype(float) @ LUMINANCE / 255
        if clip.motion_class in ("roll", "collide", "swing"):
            continue  # slope, wall and pivot are in the plate too
        own = float(np.asarray(clip.scene.colour) @ LUMINANCE)
        assert np.abs(above_floor - own).min() >= 0.41


def test_sets_are_disjoint_shuffled_and_of_the_wanted_mix() -> None:
    tuning, other = fine_tune_set(0), fine_tune_set(1)
    kinds = [spec.kind for spec in tuning]
    assert len(tuning) == 300
    assert kinds.count("clean") == 195
    assert {kinds.count(kind) for kind in PLANTED_KINDS} <= {17, 18}
    assert kinds != sorted(kinds)
    groups = [tuning, other, pool_set(10_000), query_starts(), judged_starts()]
    seeds = [spec.seed for group in groups for spec in group]
    assert len(set(seeds)) == len(seeds)
    assert fine_tune_set(0) == tuning


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="known: clean, pause"):
        simulate(1, "wobble")
    with pytest.raises(ValueError, match="known: bounce"):
        simulate(1, "clean", "dance")
