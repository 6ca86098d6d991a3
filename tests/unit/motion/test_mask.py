"""Motion masks, the camera's part, and point tracks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionlens.domain.errors import UsageError
from motionlens.motion import OpenCVMotion, describe_motion, motion_mask, track_points
from motionlens.motion.opencv import cv2
from motionlens.motion.stabilise import CameraFit, fit_camera, subtract_camera

from .scenes import disc, pan, texture

PATH = [(30 + 6 * f, 60) for f in range(6)]


def test_static_clip_gives_nothing_even_with_noise() -> None:
    rng = np.random.default_rng(0)
    still = np.repeat(texture(96, 128)[None] // 2 + 40, 4, axis=0)
    noisy = (still + rng.integers(-1, 2, still.shape)).astype(np.uint8)
    assert not motion_mask(still).any()
    assert not motion_mask(noisy).any()


def test_adjacent_lies_on_the_disc_and_repeats_the_last() -> None:
    mask = motion_mask(disc(PATH))
    assert mask.shape == (6, 120, 160)
    assert mask.dtype == np.float32
    for frame, (x, y) in enumerate(PATH[:-1]):
        assert mask[frame, y - 5 : y + 6, x - 5 : x + 6].mean() > 0.5
        assert mask[frame, :25].mean() < 0.1
    assert np.array_equal(mask[5], mask[4])


def test_anchor_stays_where_the_disc_was_and_grows() -> None:
    mask = motion_mask(disc([(30 + 3 * f, 60) for f in range(5)]), recipe="anchor")
    assert not mask[0].any()
    means = mask[:, 55:66, 25:36].mean(axis=(1, 2))
    assert (np.diff(means) > 0).all()


@settings(max_examples=12, deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    frames=st.integers(1, 4),
    seed=st.integers(0, 99),
    recipe=st.sampled_from(["adjacent", "anchor"]),
    stabilise=st.booleans(),
)
def test_any_clip_gives_weights(size, frames, seed, recipe, stabilise) -> None:
    rng = np.random.default_rng(seed)
    clip = rng.integers(0, 256, (frames, *size, 3), dtype=np.uint8)
    mask = motion_mask(clip, recipe, stabilise=stabilise)
    assert mask.shape == clip.shape[:3]
    assert np.isfinite(mask).all()
    assert mask.min() >= 0
    assert mask.max() <= 1


def test_a_large_frame_gives_a_mask_of_its_own_size() -> None:
    assert motion_mask(pan(2, 8, 540, 960)).shape == (2, 540, 960)


def test_bad_requests_are_told() -> None:
    clip = disc(PATH[:2])
    with pytest.raises(UsageError, match="anchor"):
        motion_mask(clip, "middle")
    with pytest.raises(UsageError, match="at least one frame"):
        motion_mask(clip[:0])


def test_pan_is_camera_only_and_is_subtracted() -> None:
    clip = pan(5, 4)
    found = describe_motion(clip, stabilise=True)
    assert found.camera_only
    assert found.inlier_share > 0.9
    assert not describe_motion(disc(PATH)).camera_only
    # What is left of a pan lies where pixels leave the frame, not in its middle.
    assert found.weights[:, 20:-20, 20:-20].mean() < 0.1


def test_camera_is_recovered_beside_a_mover() -> None:
    y, x = np.mgrid[0:120, 0:160].astype(np.float32)
    truth = np.stack([3 + 0.01 * x, -1 + 0.01 * y], axis=2).astype(np.float32)
    flow = truth.copy()
    flow[40:80, 50:90] += (8, 4)
    fit = fit_camera(flow)
    assert np.abs(fit.field(120, 160) - truth).max() < 0.05
    rest = subtract_camera(flow, fit)
    assert rest[60, 70] == pytest.approx([8, 4], abs=0.1)
    assert fit.inlier_share == pytest.approx(1 - 1600 / 19200, abs=0.02)


def test_noise_is_no_camera() -> None:
    flow = np.random.default_rng(0).normal(0, 30, (120, 160, 2)).astype(np.float32)
    assert fit_camera(flow).inlier_share == 0
    assert not fit_camera(flow).field(120, 160).any()


def test_a_camera_is_found_behind_movers_that_fill_up_to_half_of_the_picture() -> None:
    random = np.random.default_rng(0)
    height, width = 288, 512
    missed = 0
    for _ in range(100):
        turn, zoom = random.normal(0, 0.01), 1 + random.normal(0, 0.01)
        camera = CameraFit(
            np.array(
                [
                    [zoom * np.cos(turn), -np.sin(turn), random.normal(0, 4)],
                    [np.sin(turn), zoom * np.cos(turn), random.normal(0, 4)],
                    [random.normal(0, 1e-5), random.normal(0, 1e-5), 1.0],
                ]
            ),
            1.0,
        ).field(height, width)
        flow = camera + random.normal(0, 0.25, camera.shape).astype(np.float32)
        flow[:, : int(width * random.uniform(0.2, 0.45))] += random.normal(0, 4, 2)
        astray = fit_camera(flow.astype(np.float32)).field(height, width) - camera
        missed += float(np.median(np.linalg.norm(astray, axis=2))) > 1.0
    assert missed <= 8


def test_the_port_answers_as_the_functions_and_keeps_no_shared_array() -> None:
    motion, clip = OpenCVMotion(), disc(PATH)
    first = motion.mask(clip)
    first[:] = 9
    assert np.array_equal(motion.mask(clip), motion_mask(clip))
    assert motion.camera_only(clip) is False
    assert motion.camera_only(pan(5, 4)) is True
    assert motion.mask(clip, "anchor").shape == clip.shape[:3]


def test_tracks_drift_little_under_a_known_motion() -> None:
    still, frames = texture(240, 320), 30
    matrices = [
        np.vstack([cv2.getRotationMatrix2D((160, 120), 0.3 * f, 1 + 0.002 * f), [0, 0, 1]])
        + np.array([[0, 0, 0.5 * f], [0, 0, 0.2 * f], [0, 0, 0]])
        for f in range(frames)
    ]
    clip = np.stack([cv2.warpAffine(still, m[:2], (320, 240), borderMode=4) for m in matrices])
    tracks = track_points(clip, grid=8)
    assert tracks.points.shape == (frames, 64, 2)
    seen = tracks.visible[-1]
    assert seen.mean() > 0.6
    true = np.c_[tracks.points[0], np.ones(64)] @ matrices[-1][:2].T
    assert np.median(np.linalg.norm(tracks.points[-1] - true, axis=1)[seen]) < 1.0


def test_a_covered_point_is_lost_and_stays_lost() -> None:
    clip = np.repeat(texture(120, 160)[None], 5, axis=0)
    clip[2, 30:90, 50:110] = 0
    tracks = track_points(clip, grid=16)
    inside = (np.abs(tracks.points[0] - (80, 60)) < 8).all(axis=1)
    assert inside.any()
    assert tracks.visible[1, inside].all()
    assert not tracks.visible[2:, inside].any()
    assert tracks.visible[:, 0].all()


def test_tracks_of_one_pixel() -> None:
    tracks = track_points(np.zeros((3, 1, 1, 3), np.uint8), grid=2)
    assert tracks.points.shape == (3, 4, 2)
    with pytest.raises(UsageError, match="no points"):
        track_points(np.zeros((1, 8, 8, 3), np.uint8), grid=0)
