"""Flaggers of repeats, time, shake and picture faults, on clips made for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from motionlens.domain.clip import Flag
from motionlens.motion.analysis import summary_of
from motionlens.motion.evidence import Evidence, look_at, luma_of, measure
from motionlens.motion.flaggers import FLAG_NAMES, FLAGGERS
from motionlens.motion.flaggers.near_duplicate import near_copies
from motionlens.motion.flaggers.strangers import Strangers
from motionlens.motion.flow.registry import flow_backend
from motionlens.motion.opencv import cv2
from motionlens.motion.signature import MOST_PICTURES, Signature, is_current, pictures_of
from motionlens.motion.thumbs import MOST_THUMBS, Thumbs

from .scenes import disc, pan, sliding_disc, texture

FPS = 24.0


def evidence_of(frames: np.ndarray, fps: float = FPS) -> Evidence:
    return measure(
        [luma_of(frames, 512)],
        look_at(frames),
        flow_backend("dis-fast"),
        shown_width=frames.shape[2],
        fps=fps,
    )[0]


def flag_of(name: str, frames: np.ndarray, fps: float = FPS) -> Flag:
    evidence = evidence_of(frames, fps)
    return next(flagger for flagger in FLAGGERS if flagger.name == name).judge(evidence)


def moving(frames: int) -> np.ndarray:
    """A disc on a path that never meets itself."""
    time = np.arange(frames)
    places = zip(30 + 3 * time, 60 + (25 * np.sin(time / 5)).astype(int), strict=True)
    return disc([(int(x), int(y)) for x, y in places])


@pytest.mark.parametrize(
    ("repeats", "words"),
    [
        ([2], "each picture stays for 2 frames (on twos)"),
        ([3], "each picture stays for 3 frames (on threes)"),
        ([3, 2], "in each 5 frames only 2 pictures are new"),
        ([1, 1, 1, 2], "in each 5 frames only 4 pictures are new"),
    ],
)
def test_patterns_of_repeats_are_named(repeats: list[int], words: str) -> None:
    clip = moving(20)
    made = np.repeat(clip, np.resize(repeats, len(clip)), axis=0)
    flag = flag_of("repeated_frames", made)
    assert flag.over
    assert words in flag.reason
    assert flag.score == pytest.approx(1 - len(clip) / len(made), abs=0.08)
    assert not flag_of("frozen_frames", made).over


def test_frames_that_repeat_or_begin_another_scene_are_kept_by_number() -> None:
    clip = moving(12)
    other = pan(5, 4)
    side = min(clip.shape[1], other.shape[1]), min(clip.shape[2], other.shape[2])
    scenes = [part[:, : side[0], : side[1]] for part in (np.repeat(clip, 2, axis=0), other)]
    found = summary_of(evidence_of(np.concatenate(scenes)))
    assert found.cuts == (24,)
    assert set(found.repeats) <= set(range(1, 24, 2))
    assert len(found.repeats) >= 10


def test_a_long_hold_is_a_held_pose_and_no_repeat() -> None:
    clip = moving(20)
    made = np.insert(clip, 10, clip[[10] * 8], axis=0)
    assert flag_of("frozen_frames", made).over
    assert not flag_of("repeated_frames", made).over
    assert not flag_of("repeated_frames", clip).over


def test_mirrored_end_is_found_with_its_axis_and_forward_motion_is_not() -> None:
    clip = moving(24)
    whole = flag_of("time_reversed", np.concatenate([clip, clip[::-1]]))
    assert whole.over
    assert "From frame 24 on, 24 frames" in whole.reason
    filled = flag_of("time_reversed", np.concatenate([clip, clip[::-1][:10]]))
    assert filled.over
    assert "From frame 24 on, 10 frames" in filled.reason
    assert not flag_of("time_reversed", clip).over
    assert not flag_of("time_reversed", np.repeat(clip[:1], 20, axis=0)).over


def test_loops_are_found_whole_in_part_and_seamless() -> None:
    clip = moving(24)
    again = flag_of("loop", np.concatenate([clip, clip[:12]]))
    assert again.over
    assert "From frame 24 on, 12 frames show the start again" in again.reason
    turn = 2 * np.pi * np.arange(48) / 48
    round_trip = disc(
        [(round(80 + 40 * np.cos(a)), round(60 + 30 * np.sin(a))) for a in turn.tolist()]
    )
    seamless = flag_of("loop", round_trip)
    assert seamless.over
    assert "leads into the first" in seamless.reason
    assert not flag_of("loop", clip).over


def test_jitter_of_the_picture_and_of_a_thing() -> None:
    random = np.random.default_rng(0)
    wide = texture(140, 180)
    crops = [wide[y : y + 120, x : x + 160] for y, x in random.integers(0, 16, (16, 2))]
    shaken = flag_of("jitter", np.stack(crops))
    assert shaken.over
    assert "the whole picture turns round" in shaken.reason
    columns = 60 + 2 * np.arange(20) + np.resize([0, 6], 20)
    thing = flag_of("jitter", sliding_disc(columns))
    assert thing.over
    assert "what moves turns round" in thing.reason
    assert not flag_of("jitter", moving(20)).over
    assert not flag_of("jitter", pan(12, 4)).over


def test_blur_black_and_length() -> None:
    clip = moving(20)
    blurred = np.stack([cv2.GaussianBlur(frame, (0, 0), 5) for frame in clip])
    assert flag_of("blur", blurred).over
    assert not flag_of("blur", clip).over
    faded = clip.copy()
    faded[:5] = 0
    black = flag_of("black", faded)
    assert black.over
    assert black.score == pytest.approx(5 / 20)
    assert "5 of 20 frames" in black.reason
    assert not flag_of("black", clip).over
    assert flag_of("too_short", clip[:15]).over
    assert not flag_of("too_short", clip[:16]).over
    assert flag_of("too_short", clip, fps=60.0).over


def test_letterbox_tells_its_sides_and_night_has_none() -> None:
    clip = moving(8)
    barred = clip.copy()
    barred[:, :12] = barred[:, -12:] = 4
    flag = flag_of("letterbox", barred)
    assert flag.over
    assert flag.score == pytest.approx(24 / 120, abs=0.01)
    assert "top 10 %, bottom 10 %" in flag.reason
    assert not flag_of("letterbox", clip).over
    night = (clip * np.linspace(0, 1, clip.shape[1])[None, :, None, None]).astype(np.uint8)
    assert not flag_of("letterbox", night).over
    assert flag_of("letterbox", np.zeros_like(clip)).score == 0


def test_a_thing_that_sweeps_past_the_lens_is_no_cut() -> None:
    clip = pan(16, 2)
    for frame, width in zip(range(5, 11), (50, 100, 150, 150, 100, 50), strict=True):
        clip[frame, :, :width] = texture(120, width, 9) // 4
    assert not flag_of("scene_cut", clip).over


def signature(frames: np.ndarray, fps: float = FPS) -> np.ndarray:
    made = Signature(fps)
    for frame in luma_of(frames, 320):
        made.add(frame)
    return made.packed()


@pytest.mark.parametrize(
    ("words", "make"),
    [
        ("clip aaaaaaaa mirrored:", lambda f: np.ascontiguousarray(f[:, :, ::-1])),
        ("clip aaaaaaaa, where it comes 0.5 s later:", lambda f: f[12:]),
        ("clip aaaaaaaa:", lambda f: np.stack([cv2.resize(x, (80, 60)) for x in f])),
    ],
)
def test_copies_are_found_mirrored_later_and_smaller(
    words: str, make: Callable[[np.ndarray], np.ndarray]
) -> None:
    clip = pan(60, 3)
    signatures = {
        "a" * 32: signature(clip),
        "b" * 32: signature(make(clip)),
        "c" * 32: signature(pan(60, 3)[::-1]),
        "d" * 32: signature(moving(30)),
    }
    flags = near_copies(signatures)
    assert words in flags["b" * 32].reason
    assert [flags[name * 32].over for name in "abd"] == [True, True, False]


def test_two_takes_before_one_wall_are_no_copies() -> None:
    there = moving(30)
    back = disc([(140 - 4 * f, 40 + (f * 7) % 50) for f in range(30)])
    flags = near_copies({"a": signature(there), "b": signature(back)})
    assert not flags["a"].over


def test_signatures_have_a_version_and_an_end() -> None:
    long = np.zeros((1, 12, 16, 3), np.uint8).repeat(1000, axis=0)
    made = signature(long, fps=8.0)
    assert is_current(made)
    assert len(pictures_of(made)) == MOST_PICTURES
    assert not is_current(np.zeros(448, np.uint8))
    assert near_copies({"old": np.zeros(448, np.uint8)}) == {}


def test_memory_of_thumbs_is_bounded() -> None:
    thumbs = Thumbs()
    for number in range(2 * MOST_THUMBS + 10):
        thumbs.add(np.full((8, 8), number % 251, np.uint8))
    assert len(thumbs) <= MOST_THUMBS
    assert thumbs.stride == 4
    assert thumbs.pictures()[3, 0, 0] == 12


def test_a_stranger_that_fails_is_blocked_and_named() -> None:
    class Fine:
        def judge(self, evidence: Evidence) -> Flag:
            return Flag("renamed", float(evidence.frames), "It has frames.")

    class Broken:
        def judge(self, evidence: Evidence) -> Flag:
            raise RuntimeError("no licence")

    class Odd:
        def judge(self, evidence: Evidence) -> str:
            return "yes"

    strangers = Strangers({"fine": Fine(), "broken": Broken(), "odd": Odd()})
    evidence = evidence_of(moving(4))
    for _ in range(2):
        flags = strangers.judge(evidence)
        assert [(flag.name, flag.score) for flag in flags] == [("fine", 4.0)]
    assert strangers.blocked == {
        "broken": "no licence",
        "odd": "it gave str and not a Flag",
    }


def test_the_guide_and_the_glossary_list_every_flag() -> None:
    docs = Path(__file__).resolve().parents[3] / "docs"
    guide = (docs / "guide" / "flaggers.md").read_text(encoding="utf-8")
    meaning, rates = guide.split("<!-- rates -->")
    rows = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
    assert sorted(rows.findall(meaning)) == sorted(FLAG_NAMES)
    assert sorted(rows.findall(rates)) == sorted(FLAG_NAMES)
    for flagger in FLAGGERS:
        assert f"| `{flagger.name}` | {flagger.finds} | {flagger.threshold:g} |" in rates
    glossary = rows.findall((docs / "glossary.md").read_text(encoding="utf-8"))
    assert set(FLAG_NAMES) <= set(glossary)
