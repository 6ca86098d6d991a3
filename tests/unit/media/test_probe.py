"""What a file is: against the catalogues, and in words where it is nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from fractions import Fraction

import pytest

from motionlens.domain.errors import MediaError
from motionlens.media import PyAVReader
from motionlens.media.probe import mean_rate, varies
from tests.support.shared import shared_folder
from tests.unit.media.files import UNREADABLE, encode, moving_noise, readable_odd, table

SHOWN_OTHERWISE = {"rotated90.mp4": (240, 320), "anamorphic_sar.mp4": (262, 144)}
DAMAGED = {"truncated_faststart.mp4", "corrupt_payload.mp4", "zero_hole.mp4"}
HELD_BY_A_HOLE = {"zero_hole.mp4"}


def test_odd_files_are_what_their_catalogue_says():
    rows = {row["file"]: row for row in table("odd/CATALOG.csv")}
    for path in readable_odd():
        info, row = PyAVReader().probe(path), rows[path.name]
        size = SHOWN_OTHERWISE.get(path.name, (int(row["width"]), int(row["height"])))
        assert (info.width, info.height) == size, path.name
        assert info.frames == len(info.frame_times_s) == int(row["frames"]), path.name
        assert info.codec == row["codec"], path.name
        assert bool(info.damage) == (path.name in DAMAGED), (path.name, info.damage)
        varying = path.name.startswith("vfr_") or path.name in HELD_BY_A_HOLE
        assert info.variable_frame_rate == varying, path.name
        if info.frames > 1 and not varying:
            assert info.fps == pytest.approx(float(row["fps"]), rel=1e-3), path.name
        assert list(info.frame_times_s) == sorted(set(info.frame_times_s)), path.name


def test_clips_are_what_their_catalogue_says():
    reader = PyAVReader()
    for row in table("clips/CATALOG.csv"):
        if int(row["frames"]) > 100:
            continue
        info = reader.probe(shared_folder("clips", row["file"]))
        assert (info.frames, info.codec) == (int(row["frames"]), row["codec"]), row["file"]
        assert info.height == int(row["height"])
        assert not info.damage


@pytest.mark.parametrize(("name", "words"), UNREADABLE.items())
def test_an_unreadable_file_is_told_in_words(name, words):
    with pytest.raises(MediaError) as caught:
        PyAVReader().probe(shared_folder("odd", name))
    assert name in caught.value.what
    assert words in caught.value.why
    assert caught.value.next_step


def test_a_missing_file_a_folder_and_a_senseless_path_are_told_in_words(tmp_path):
    for path, words in (
        (tmp_path / "none.mp4", "no such file"),
        (tmp_path, "folder"),
        ("http://127.0.0.1:9/clip.mp4", "no such file"),
        ("a\0b.mp4", "no such file"),
    ):
        with pytest.raises(MediaError) as caught:
            PyAVReader().probe(path)
        assert words in caught.value.why


def test_a_caption_file_is_no_clip(tmp_path):
    caption = tmp_path / "clip.txt"
    caption.write_text("A ball falls onto the floor and bounces twice.\n" * 40)
    with pytest.raises(MediaError):
        PyAVReader().probe(caption)


def test_a_name_that_is_not_utf8_is_read(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4")
    shutil.copy(shared_folder("odd", "two_frames.mp4"), path)
    assert PyAVReader().frames(path).shape == (2, 120, 160, 3)


def test_closing_a_damaged_file_in_the_middle_does_not_wait_for_its_threads():
    # It did, for ever, while FFmpeg's threads called Python for each error.
    path = shared_folder("odd", "corrupt_payload.mp4")
    for _ in range(20):
        assert PyAVReader().thumbnail(path, 20, 16, 16).shape == (16, 16, 3)


def test_a_playlist_reaches_no_other_place(tmp_path):
    list_file = tmp_path / "list.mp4"
    list_file.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n")
    with pytest.raises(MediaError):
        PyAVReader().probe(list_file)


@pytest.mark.parametrize(
    ("name", "first"),
    [("one_fps.mkv", 2.0), ("start_pts_100s.ts", 101.4), ("fragmented.mp4", 1024 / 15360)],
)
def test_times_are_those_of_the_container(name, first):
    assert PyAVReader().probe(shared_folder("odd", name)).frame_times_s[0] == first


def test_times_in_the_order_of_decoding_are_put_right():
    info = PyAVReader().probe(shared_folder("odd", "latin1_metadata.avi"))
    assert [round(t * 30) for t in info.frame_times_s[:3]] == [2, 3, 4]
    assert round(info.frame_times_s[-1] * 30) == 84


def test_a_single_frame_has_no_rate():
    assert PyAVReader().probe(shared_folder("odd", "single_frame.mp4")).fps == 0


def test_damage_says_how_much_is_left():
    damage = PyAVReader().probe(shared_folder("odd", "truncated_faststart.mp4")).damage
    assert "ends early" in damage
    assert "65" in damage
    assert "15 can be used" in damage


def test_gaps_vary_where_their_spread_is_over_a_quarter_of_their_median():
    def gaps(*values):
        return [Fraction(v) for v in values]

    assert not varies(gaps(33, 33, 34))
    assert not varies(gaps(40, 40, 50))
    assert varies(gaps(40, 40, 51))
    assert varies(gaps(30, 40, 30))
    assert not varies([])


def test_the_declared_rate_is_taken_where_timestamps_are_only_rounded():
    ticks = [Fraction(t) for t in (0, 33, 67, 100, 133)]
    milliseconds = Fraction(1, 1000)
    assert mean_rate(ticks, milliseconds, Fraction(30)) == 30.0
    assert mean_rate(ticks, milliseconds, Fraction(60)) == pytest.approx(4 / 0.133)


def test_a_file_that_changes_is_looked_at_again(tmp_path):
    reader, path = PyAVReader(), tmp_path / "clip.mkv"
    encode(path, moving_noise(5))
    assert reader.probe(path).frames == 5
    encode(path, moving_noise(8))
    assert reader.probe(path).frames == 8


HUGE = """
import resource, struct, sys
from motionlens.domain.errors import MediaError
from motionlens.media import PyAVReader
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
try:
    PyAVReader().probe(sys.argv[1])
except MediaError as error:
    print(peak() - before, "|", error)
"""


def test_a_huge_claim_takes_no_memory(tmp_path):
    head = bytearray(shared_folder("odd", "single_frame.gif").read_bytes())
    head[6:10] = (40_000).to_bytes(2, "little") * 2
    path = tmp_path / "huge.gif"
    path.write_bytes(head)
    done = subprocess.run(
        [sys.executable, "-c", HUGE, path], capture_output=True, text=True, check=True, timeout=60
    )
    grown, words = done.stdout.split("|")
    assert int(grown) < 100_000  # kB; one such frame would be 6.4 GB
    assert "None of its frames" in words
    assert done.stderr == ""
