"""The judge: zero for the truth, right in size for a known fault, at the worst for nothing."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.models.embedded import EmbeddedModel
from motionlens.worlds.judge import WORST_PX, judge, motion_error
from motionlens.worlds.physics import GIVEN_FRAMES, simulate


def test_a_late_clip_costs_the_distance_that_it_lags() -> None:
    clip = simulate(11, "clean", "slide")
    late = clip.frames.copy()
    late[GIVEN_FRAMES:] = clip.frames[GIVEN_FRAMES - 1 : -1]
    lag = np.linalg.norm(np.diff(clip.path, axis=0)[GIVEN_FRAMES - 1 :], axis=1).mean()
    assert motion_error(clip, late) == pytest.approx(lag, abs=0.15)


def test_an_empty_picture_is_the_worst() -> None:
    clip = simulate(5)
    empty = np.repeat(clip.plate[None], 16, axis=0)
    verdict = judge(clip, empty)
    assert verdict.lost.all()
    assert verdict.error == WORST_PX


def test_what_the_model_shows_is_judged_as_what_it_made() -> None:
    """Enlarging for the eye and averaging down again changes no verdict."""
    model = EmbeddedModel.untrained()
    for seed, kind in enumerate(("clean", "jitter", "stretch", "gravity")):
        clip = simulate(60 + seed, kind)
        shown = model.decode(model.encode(clip.frames)[None])[0]
        assert shown.shape == clip.frames.shape
        assert motion_error(clip, shown) == pytest.approx(motion_error(clip, clip.frames), abs=0.05)


def test_mirrored_scenes_are_judged_alike() -> None:
    mirrored = next(c for c in (simulate(seed, "freeze") for seed in range(9)) if c.scene.mirrored)
    assert motion_error(mirrored, mirrored.true_frames) == 0.0
    assert motion_error(mirrored, mirrored.frames) > 1.5


def test_a_wrong_length_is_refused() -> None:
    clip = simulate(1)
    with pytest.raises(ValueError, match="15 frames where 16"):
        judge(clip, clip.frames[:-1])
