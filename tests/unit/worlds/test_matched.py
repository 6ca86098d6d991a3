"""The matched world: false in its dynamics alone."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.domain.statistics import auroc
from motionlens.worlds.judge import motion_error
from motionlens.worlds.matched import FALSE, features, matched_set, simulate_matched
from motionlens.worlds.physics import GIVEN_FRAMES


@pytest.fixture(scope="module")
def clips():
    return [
        simulate_matched(spec.seed, spec.kind == FALSE)
        for spec in matched_set(seed=0, clips=120, false=42)
    ]


def test_shares_are_met_and_repeat(clips) -> None:
    assert len(clips) == 120
    assert sum(clip.planted for clip in clips) == 42
    assert matched_set(0, 120, 42) == matched_set(0, 120, 42)
    assert not set(matched_set(0, 60, 21)) & set(matched_set(1, 60, 21))


def test_a_seed_gives_one_clip(clips) -> None:
    clip = clips[0]
    again = simulate_matched(clip.seed, clip.planted)
    np.testing.assert_array_equal(clip.frames, again.frames)


def test_false_clips_start_true_and_end_false(clips) -> None:
    false = [clip for clip in clips if clip.planted]
    for clip in false:
        np.testing.assert_allclose(clip.path[:GIVEN_FRAMES], clip.shown_path[:GIVEN_FRAMES])
    errors = [motion_error(clip, clip.frames) for clip in false[:12]]
    assert np.mean(np.array(errors) > 1.0) > 0.9
    for clip in [clip for clip in clips if not clip.planted][:6]:
        assert motion_error(clip, clip.frames) < 0.3


def test_no_statistic_of_speed_or_class_tells_them_apart(clips) -> None:
    table = np.array([features(clip.shown_path) for clip in clips])
    planted = [clip.planted for clip in clips]
    # 42 against 78: a statistic that says nothing has a standard deviation of .056.
    for column in table.T:
        assert 0.36 < auroc(column.tolist(), planted) < 0.64
        away = np.abs(column - np.median(column))
        assert 0.36 < auroc(away.tolist(), planted) < 0.64
    for name in {clip.motion_class for clip in clips}:
        shares = [clip.planted for clip in clips if clip.motion_class == name]
        assert 0.25 < np.mean(shares) < 0.45


def test_captions_name_no_class(clips) -> None:
    for clip in clips:
        assert ":" not in clip.caption
        assert clip.motion_class not in clip.caption
