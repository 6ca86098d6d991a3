"""Decoding in children: the same answers, and what happens when a child is lost."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import threading

import numpy as np
import pytest

from motionlens.app.isolated_reader import IsolatedReader
from motionlens.domain.errors import MediaError, MotionLensError, UsageError
from motionlens.lanes import SerialLane, beat
from motionlens.media import PyAVReader
from tests.support.processes import gone, linux, memory_kib, open_files
from tests.support.shared import shared_folder

pytestmark = linux


@pytest.fixture(scope="module")
def reader():
    made = IsolatedReader(2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """40 frames of 160 x 120, moving."""
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    noise = np.random.default_rng(0).integers(0, 255, (160, 240, 3), np.uint8)
    PyAVReader().write(path, np.stack([noise[n : n + 120, n : n + 160] for n in range(40)]), 10)
    return path


def lost(reader, path, number):
    """What is said when the child that reads a file is hit by a signal."""
    pieces = reader.pieces(path, size=1)
    next(pieces)
    (pid,) = reader.children
    os.kill(pid, number)
    with pytest.raises(MediaError) as told:
        list(pieces)
    assert gone(pid)
    return told.value


def test_every_odd_file_gives_what_it_gives_in_this_process(reader):
    here = PyAVReader()
    for path in sorted(shared_folder("odd").iterdir()):
        if path.suffix == ".csv":
            continue
        try:
            info = here.probe(path)
        except MotionLensError as error:
            kind, words = type(error), str(error)
            with pytest.raises(kind, match=re.escape(words)):
                reader.probe(path)
            continue
        assert reader.probe(path) == info
        wanted = sorted({0, info.frames // 2, info.frames - 1}, reverse=True)
        assert np.array_equal(
            reader.frames(path, indices=wanted, max_side=200),
            here.frames(path, indices=wanted, max_side=200),
        ), path.name
        size = (info.frames // 2, 64, 36)
        assert np.array_equal(reader.thumbnail(path, *size), here.thumbnail(path, *size))


def test_frames_and_pieces_are_those_of_this_process(reader, clip):
    here = PyAVReader()
    whole = here.frames(clip)
    assert np.array_equal(reader.frames(clip), whole)
    assert np.array_equal(reader.frames(clip, 3, 17), whole[3:17])
    assert np.array_equal(reader.frames(clip, indices=[7, 0, 7]), whole[[7, 0, 7]])
    for luma in (False, True):
        ours = list(reader.pieces(clip, 2, None, 80, luma, 7))
        theirs = list(here.pieces(clip, 2, None, 80, luma, 7))
        assert max(len(piece) for piece in ours) <= 7
        assert np.array_equal(np.concatenate(ours), np.concatenate(theirs))
        assert all(piece.flags.owndata for piece in ours)
    assert reader.decodes("h264")
    assert not reader.decodes("no such codec")


def test_what_is_kept_stays_while_more_is_read(reader, clip):
    kept = [reader.thumbnail(clip, n, 384, 216) for n in (0, 20)]
    copies = [picture.copy() for picture in kept]
    reader.frames(clip)
    list(reader.pieces(clip))
    assert all(np.array_equal(a, b) for a, b in zip(kept, copies, strict=True))


@pytest.mark.parametrize(
    "wanted",
    [
        {"start": -1},
        {"start": 5, "stop": 5},
        {"start": 99},
        {"stop": 41},
        {"indices": []},
        {"indices": [40]},
        {"max_side": 0},
    ],
)
def test_mistakes_are_told_in_the_same_words(reader, clip, wanted):
    with pytest.raises(UsageError) as here:
        PyAVReader().frames(clip, **wanted)
    with pytest.raises(UsageError) as there:
        reader.frames(clip, **wanted)
    assert str(there.value) == str(here.value)


def test_a_relative_path_is_this_process_own(reader, clip, tmp_path, monkeypatch):
    reader.probe(clip)  # a child lives, and was started somewhere else
    shutil.copy(clip, tmp_path / "here.mp4")
    monkeypatch.chdir(tmp_path)
    assert reader.probe("here.mp4").frames == 40


def test_several_threads_read_at_once_with_few_children(clip):
    reader = IsolatedReader(2)
    whole = PyAVReader().frames(clip)
    right = []

    def read(start):
        got = reader.frames(clip, start, start + 20)
        right.append(np.array_equal(got, whole[start : start + 20]))

    threads = [threading.Thread(target=read, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 6
    assert len(reader.children) <= 2
    reader.close()


def test_a_crash_is_told_and_the_next_file_is_read(clip, tmp_path):
    reader = IsolatedReader(1)
    other = shutil.copy(clip, tmp_path / "other.mp4")
    told = lost(reader, clip, signal.SIGSEGV)
    assert told.what == f"The decoder stopped while reading {clip}"
    assert "SIGSEGV" in told.why
    assert told.next_step
    assert reader.probe(other).frames == 40
    reader.close()


def test_a_file_that_does_it_twice_is_not_tried_again_until_it_is_another(clip, tmp_path):
    reader = IsolatedReader(1)
    bad = tmp_path / "bad.mp4"
    shutil.copy(clip, bad)
    for _ in range(2):
        lost(reader, bad, signal.SIGKILL)
    with pytest.raises(MediaError, match="stopped twice"):
        reader.probe(bad)
    assert reader.children == []  # nothing was even started for it
    assert reader.probe(clip).frames == 40
    bad.unlink()
    shutil.copy(shared_folder("odd", "tiny_2x2.mp4"), bad)
    assert reader.probe(bad).width == 2
    reader.close()


def test_a_hang_is_told_within_its_time(clip):
    reader = IsolatedReader(1, silence_s=0.5)
    told = lost(reader, clip, signal.SIGSTOP)
    assert "no answer for 0.5 seconds" in told.why
    reader.close()


def test_every_packet_is_a_sign_of_life(clip):
    beats = []
    beat.listen(lambda: beats.append(1))
    try:
        PyAVReader().probe(clip)
    finally:
        beat.listen(None)
    assert len(beats) >= 40


def test_leaving_early_stops_the_childs_work_and_keeps_the_child(reader, clip):
    reader.probe(clip)
    before = reader.children
    for _ in range(3):
        pieces = reader.pieces(clip, size=1)
        first = next(pieces)
        pieces.close()
        assert first.shape == (1, 120, 160, 3)
    assert reader.children == before
    assert len(reader.frames(clip)) == 40


def test_waiting_ends_with_its_job(clip):
    reader = IsolatedReader(1)
    reader.probe(clip)
    (pid,) = reader.children
    os.kill(pid, signal.SIGSTOP)  # it will not answer by itself for 20 seconds
    lane = SerialLane("test")
    job = lane.submit("read", lambda token: reader.frames(clip))
    threading.Timer(0.3, job.token.cancel).start()
    assert lane.close()
    assert job.cancelled
    assert gone(pid)
    assert reader.probe(clip).frames == 40
    reader.close()


def test_memory_is_bounded_and_told(clip):
    """What a child may take is lowered from outside, so that an ordinary file is too much."""
    reader = IsolatedReader(1)
    reader.probe(clip)
    (pid,) = reader.children
    held = memory_kib(pid, "VmData") << 10
    soft, hard = resource.prlimit(pid, resource.RLIMIT_DATA)
    assert (1 << 30) - held < soft < (1 << 30) + held
    resource.prlimit(pid, resource.RLIMIT_DATA, (held + (1 << 20), hard))
    large = shared_folder("clips", "cartoon", "bbb_720p.mp4")
    with pytest.raises(MediaError, match="memory"):
        reader.frames(large)
    assert gone(pid)  # what it held is given back
    assert reader.probe(large).width == 1280
    reader.close()


def test_nothing_is_left_behind(clip):
    before = open_files()
    reader = IsolatedReader(2)
    reader.probe(clip)
    next(pieces := reader.pieces(clip, size=1))
    reader.probe(clip)
    pids = reader.children
    assert len(pids) == 2
    pieces.close()
    reader.close()
    assert all(gone(pid) for pid in pids)
    assert open_files() == before
