"""Flaggers on clips made for them, on the world's clips, and on real ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motionlens.domain.clip import Flag, MediaInfo, MotionSummary
from motionlens.motion import OpenCVMotion
from motionlens.motion.evidence import look_at, luma_of
from motionlens.motion.flaggers import FLAG_NAMES, FLAGGERS
from motionlens.motion.grids import FLOW_SIDE
from motionlens.motion.opencv import cv2
from motionlens.session.clip_list import FLAG_NAMES as WORDS
from motionlens.worlds.physics import simulate
from tests.support.shared import shared_folder

from .scenes import disc, pan, sliding_disc, texture

MOTION = OpenCVMotion()
INFO = MediaInfo(160, 120, 25.0, 8, False, 0, "h264", 1.0)


def analysed(
    frames: np.ndarray, scale: float = 1.0, fps: float = 25.0
) -> tuple[MotionSummary, list[Flag], np.ndarray]:
    info = replace(INFO, width=round(scale * frames.shape[2]), fps=fps)
    return MOTION.analyse([luma_of(frames, FLOW_SIDE)], look_at(frames), info)


def judged(frames: np.ndarray, scale: float = 1.0) -> dict[str, Flag]:
    return {flag.name: flag for flag in analysed(frames, scale)[1]}


def over(frames: np.ndarray) -> set[str]:
    return {name for name, flag in judged(frames).items() if flag.over}


def _back_and_forth(frames: int) -> list[tuple[int, int]]:
    return [(40 + 5 * (f if f < 16 else 32 - f), 60) for f in range(frames)]


def test_contract_of_names() -> None:
    assert {
        "static", "camera_only", "frozen_frames", "scene_cut", "cartoon", "near_duplicate",
    } <= set(FLAG_NAMES)  # fmt: skip
    assert set(FLAG_NAMES) == set(WORDS)
    assert list(judged(disc(_back_and_forth(4)))) == [f.name for f in FLAGGERS]


def test_a_moving_thing_before_a_still_wall_is_not_flagged() -> None:
    assert over(disc(_back_and_forth(16))) == set()


def test_still_clip_with_noise_is_static_only() -> None:
    rng = np.random.default_rng(0)
    clip = np.repeat(texture(120, 160)[None] // 2 + 40, 6, axis=0)
    clip = (clip + rng.integers(-2, 3, clip.shape)).astype(np.uint8)
    flags = judged(clip)
    assert flags["static"].score == 1
    assert "Nothing moves" in flags["static"].reason
    assert not flags["frozen_frames"].over
    assert flags["static"].over


def test_one_frame_is_static() -> None:
    assert judged(texture(60, 80)[None])["static"].over


def test_held_runs_are_counted_in_words() -> None:
    path = _back_and_forth(20)
    path[5:9] = [path[5]] * 4
    path[14:17] = [path[14]] * 3
    flag = judged(disc(path), scale=2.0)["frozen_frames"]
    assert flag.over
    assert flag.score == pytest.approx(5 / 19)
    assert "26 % of frames move less than 0.4 px, in 2 runs" in flag.reason
    assert "3 frames from frame 5" in flag.reason


def test_animation_on_twos_is_repeated_and_not_held() -> None:
    path = [p for p in _back_and_forth(10) for _ in range(2)]
    flags = judged(disc(path))
    assert not flags["frozen_frames"].over
    assert flags["repeated_frames"].over
    assert flags["repeated_frames"].score == pytest.approx(9 / 19, abs=0.06)
    assert "on twos" in flags["repeated_frames"].reason


def test_motion_that_dies_away_or_leaves_is_not_held() -> None:
    slowing = sliding_disc(30 + 60 * (1 - 0.75 ** np.arange(24)))
    assert judged(slowing)["frozen_frames"].score == 0
    stopping = sliding_disc(30 + 5 * np.minimum(np.arange(24), 12.0))
    assert judged(stopping)["frozen_frames"].over
    leaving = disc([(20 + 6 * f, 60) for f in range(21)])
    gone = np.repeat(texture(120, 160, 1)[None] // 2, 8, axis=0)
    assert "frozen_frames" not in over(np.concatenate([leaving, gone]))


def test_cut_is_found_at_its_frame_and_fast_motion_is_none() -> None:
    clip = np.concatenate([pan(8, 3), pan(8, 3)[:, ::-1] // 3])
    flag = judged(clip)["scene_cut"]
    assert flag.over
    assert "1 cut, at frame 8:" in flag.reason
    assert "scene_cut" not in over(pan(12, 14))


def test_pan_is_camera_only_and_told_in_shown_pixels() -> None:
    summary, flags, _ = analysed(pan(8, 4), 3.0)
    flag = next(flag for flag in flags if flag.name == "camera_only")
    assert flag.over
    assert "by 12 px a frame" in flag.reason
    assert summary.camera_share > 0.8
    assert len(summary.curve) == 8
    assert summary.mean_px == pytest.approx(12, abs=1.5)


def test_flat_drawing_is_cartoon_and_texture_is_not() -> None:
    clip = np.full((6, 120, 160, 3), 255, np.uint8)
    for f in range(6):
        cv2.circle(clip[f], (40 + 8 * f, 60), 20, (220, 40, 40), -1)
    assert "cartoon" in over(clip)
    assert "cartoon" not in over(pan(6, 3))


def test_near_copies_are_found_after_encoding_and_scaling() -> None:
    clip, other = disc(_back_and_forth(12)), pan(12, 4)
    small = np.stack([cv2.resize(f, (96, 72), interpolation=cv2.INTER_AREA) for f in clip])
    poor = np.stack(
        [cv2.imdecode(cv2.imencode(".jpg", f, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 1) for f in small]
    )
    signatures = {
        name: analysed(frames)[2]
        for name, frames in {"a" * 32: clip, "b" * 32: poor, "c" * 32: other}.items()
    }
    flags = MOTION.near_copies(signatures)
    assert [flags[name * 32].over for name in "abc"] == [True, True, False]
    assert "bbbbbbbb" in flags["a" * 32].reason
    assert MOTION.near_copies({}) == {}
    assert not MOTION.near_copies({"a": signatures["a" * 32]})["a"].over


@pytest.mark.parametrize(
    ("kind", "flag"), [("pause", "frozen_frames"), ("freeze", "frozen_frames"), ("clean", None)]
)
def test_clips_of_the_world(kind: str, flag: str | None) -> None:
    for seed in range(2):
        found = over(simulate(7000 + seed, kind).frames)
        assert "static" not in found
        assert ("frozen_frames" in found) == (flag == "frozen_frames")
        assert "scene_cut" not in found


@pytest.mark.parametrize(
    ("clip", "flag", "wanted"),
    [
        ("cartoon/lottie_icons.gif", "cartoon", True),
        ("generated/animatediff_raccoon_toon.gif", "repeated_frames", True),
        ("real/apple_pan.mp4", "camera_only", True),
        ("real/vtest_pedestrians.mp4", "camera_only", False),
        ("real/vtest_pedestrians.mp4", "static", False),
        ("real/pool_water.mp4", "frozen_frames", False),
    ],
)
def test_real_clips(clip: str, flag: str, wanted: bool) -> None:
    media = pytest.importorskip("motionlens.media")
    frames = media.PyAVReader().frames(shared_folder("clips", clip), max_side=320)[:24]
    assert judged(frames)[flag].over is wanted
