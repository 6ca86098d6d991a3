"""Frame N is frame N of a full decode, however it is reached."""

from __future__ import annotations

import random
import shutil
import subprocess
from itertools import pairwise

import numpy as np
import pytest

from motionlens.domain.errors import MediaError, UsageError
from motionlens.media import OpenClip, PyAVReader
from motionlens.media.probe import full_scan
from motionlens.media.window import CACHE_BYTES
from tests.support.shared import shared_folder
from tests.unit.media.files import (
    digest,
    encode,
    moving_noise,
    readable_odd,
    sequential,
    table,
)

CLIPS = [
    "real/asl_walk.mkv",
    "real/soccer_juggling_a.avi",
    "real/tree_static.avi",
    "real/bikes_shake.mp4",
    "cartoon/pigs_in_a_polka.gif",
    "cartoon/lottie_adrock.mp4",
    "generated/canoe_paddle.mp4",
]


def some_numbers(frames: int, count: int = 8) -> list[int]:
    rng = random.Random(frames)
    return [rng.randrange(frames) for _ in range(count)] + [frames - 1, max(frames - 2, 0), 0]


def assert_exact(path):
    truth = sequential(path)
    reader = PyAVReader()
    info = reader.probe(path)
    assert info.frames == len(truth), path
    numbers = some_numbers(len(truth))
    for known in (None, info):
        with OpenClip(path, known) as clip:
            assert [digest(clip.frame(n)) for n in numbers] == [truth[n] for n in numbers], path
    sought = reader.frames(path, indices=numbers)
    counted = PyAVReader().frames(path, indices=numbers)
    assert [digest(f) for f in sought] == [truth[n] for n in numbers], path
    assert np.array_equal(sought, counted), path


@pytest.mark.parametrize("part", range(8))
def test_random_access_equals_a_full_decode_on_all_odd_files(part):
    for path in readable_odd()[part::8]:
        assert_exact(path)


@pytest.mark.parametrize("name", CLIPS)
def test_random_access_equals_a_full_decode_on_clips(name):
    assert_exact(shared_folder("clips", *name.split("/")))


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("refresh.mkv", "libx264", {"x264-params": "keyint=12:intra-refresh=1:bframes=0"}),
        ("refresh.mp4", "libx264", {"x264-params": "keyint=12:intra-refresh=1"}),
        ("open.ts", "libx264", {"x264-params": "keyint=10:open-gop=1:bframes=3"}),
        ("open.mp4", "libx265", {"x265-params": "keyint=10:open-gop=1:log-level=none"}),
        ("altref.webm", "libvpx-vp9", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "8"}),
        ("packed.avi", "mpeg4", {"bf": "2", "g": "9"}),
        ("mpeg1.mpg", "mpeg1video", {"g": "9", "bf": "2"}),
    ],
)
def test_random_access_is_exact_where_key_frames_mislead(tmp_path, name, codec, options):
    assert_exact(encode(tmp_path / name, moving_noise(40), codec, options))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg command")
@pytest.mark.parametrize(
    "name",
    ["open_gop_bframes.mkv", "rotated90.mp4", "edit_list_start.mp4", "corrupt_payload.mp4",
     "zero_hole.mp4", "start_pts_100s.ts", "latin1_metadata.avi", "mjpeg.avi", "gray_ffv1.mkv"],
)  # fmt: skip
def test_frames_are_those_of_the_ffmpeg_command(name):
    path = shared_folder("odd", name)
    command = ["ffmpeg", "-v", "quiet", "-threads", "1", "-i", str(path), "-vsync", "passthrough"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    ours = PyAVReader().frames(path)
    assert np.array_equal(np.frombuffer(raw, np.uint8).reshape(ours.shape), ours)


def test_a_step_backwards_decodes_nothing_inside_the_window():
    path = shared_folder("odd", "one_keyframe_long_gop.mp4")
    with OpenClip(path) as clip:
        clip.frame(64)
        spent = clip.decoded
        assert spent == 65
        for number in range(63, -1, -1):
            clip.luma(number)
        assert clip.decoded == spent


def test_stepping_backwards_through_a_small_window_refills_it_by_runs():
    path = shared_folder("odd", "one_keyframe_long_gop.mp4")
    truth = sequential(path)
    with OpenClip(path, cache_bytes=20 * 320 * 240 * 3 // 2) as clip:
        seen = [digest(clip.frame(number)) for number in range(64, -1, -1)]
        assert seen == truth[::-1]
        # Without a window it would be 65 * 66 / 2 = 2145.
        assert clip.decoded < 300


def test_playing_forwards_decodes_each_frame_once():
    path = shared_folder("clips", "real", "bikes_shake.mp4")
    with OpenClip(path, cache_bytes=0) as clip:
        for number in range(clip.info.frames):
            clip.luma(number)
        assert clip.decoded == clip.info.frames


def test_a_frame_can_be_prepared_before_it_is_wanted():
    path = shared_folder("odd", "open_gop_bframes.mkv")
    with OpenClip(path) as clip:
        clip.frame(30)
        first = clip.kept_from(30)
        assert first > 0
        clip.prepare(first - 1)
        assert clip.kept_from(30) < first
        spent = clip.decoded
        clip.frame(first - 1)
        assert clip.decoded == spent


def test_known_facts_spare_the_full_decode(tmp_path):
    path = encode(tmp_path / "clip.mkv", moving_noise(12))
    info = full_scan(path).info
    with OpenClip(path, info) as clip:
        assert clip.info is info
        assert clip.frame(3).shape == (64, 96, 3)
    encode(path, moving_noise(9))
    with OpenClip(path, info) as clip:
        assert clip.info.frames == 9


def test_a_frame_that_does_not_exist_is_refused_in_words():
    path = shared_folder("odd", "two_frames.mp4")
    with OpenClip(path) as clip:
        for number in (-1, 2):
            with pytest.raises(UsageError, match="0 to 1"):
                clip.frame(number)


def test_a_file_replaced_while_open_is_told_in_words(tmp_path):
    path = encode(tmp_path / "clip.mkv", moving_noise(30))
    with OpenClip(path, cache_bytes=0) as clip:
        clip.frame(29)
        encode(path, moving_noise(4))
        with pytest.raises(MediaError, match="changed"):
            clip.frame(5)


@pytest.mark.parametrize("part", range(6))
def test_a_step_backwards_costs_two_decodes_at_most_where_a_group_fits(part):
    names = [row["file"] for row in table("clips/CATALOG.csv")]
    for name in names[part::6]:
        path = shared_folder("clips", *name.split("/"))
        found = full_scan(path)
        steps = min(found.info.frames, 150) - 1
        if not fits_window(found):
            continue
        with OpenClip(path, found=found) as clip:
            clip.prepare(found.info.frames - 1)
            spent = clip.decoded
            for number in range(found.info.frames - 2, found.info.frames - 2 - steps, -1):
                clip.stored(number)
            assert clip.decoded - spent <= 2 * steps + longest_group(found), name


def longest_group(found):
    firsts = [0, *(key.first for key in found.table.keys), found.info.frames]
    return max(b - a for a, b in pairwise(sorted(firsts)))


def fits_window(found):
    return longest_group(found) * found.info.width * found.info.height * 4 < CACHE_BYTES
