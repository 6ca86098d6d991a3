"""The player's frames from a child: the same pixels, and what happens when it is lost."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from motionlens.app.isolated_child import RemoteBug
from motionlens.app.isolated_reader import IsolatedReader
from motionlens.app.isolated_renderer import IsolatedRenderer
from motionlens.app.renderer import make_renderer
from motionlens.domain.errors import Cancelled, MediaError
from motionlens.domain.requests import FrameRequest
from motionlens.media import PyAVReader
from tests.support.processes import gone, linux, open_files

pytestmark = linux
OVERLAYS = frozenset({"flow", "mask", "arrows", "tracks"})


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """20 frames of 160 x 120, moving."""
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    noise = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    large = np.kron(noise, np.ones((10, 10, 1), np.uint8))
    PyAVReader().write(path, np.stack([large[n : n + 120, n : n + 160] for n in range(20)]), 10)
    return path


@pytest.fixture
def renderer():
    made = IsolatedRenderer()
    yield made
    made.close()


def request(path, frame=0, overlays=frozenset(), info=True):
    facts = PyAVReader().probe(path) if info else None
    return FrameRequest("id", str(path), frame, overlays, 320, 240, frame, info=facts, wait=True)


def hit(renderer, wanted, number):
    """What a request gives whose child is hit by a signal while at work."""
    renderer.render(replace(wanted, frame=0))
    os.kill(pid := renderer.child, signal.SIGSTOP)
    shot = threading.Timer(0.2, lambda: (os.kill(pid, number), os.kill(pid, signal.SIGCONT)))
    shot.start()
    with pytest.raises(MediaError) as told:
        renderer.render(wanted)
    shot.join()
    assert gone(pid)
    return told.value


@pytest.mark.parametrize("overlays", [frozenset(), OVERLAYS])
def test_frames_are_those_of_this_process(renderer, clip, overlays):
    here = make_renderer()
    for frame in (0, 7, 6, 19, 99):
        wanted = request(clip, frame, overlays)
        theirs, ours = here.render(wanted), renderer.render(wanted)
        assert (ours.frame, ours.turn, ours.overlays) == (theirs.frame, frame, overlays)
        assert ours.time_s == theirs.time_s
        assert np.array_equal(ours.pixels, theirs.pixels)
        for name in ("arrows", "tracks"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    here.close()


def test_images_stay_as_they_are_while_others_are_drawn(renderer, clip):
    wanted = request(clip)
    images = [renderer.render(replace(wanted, frame=n)) for n in range(12)]
    kept = [image.pixels.copy() for image in images]
    for n in range(12, 20):
        renderer.render(replace(wanted, frame=n))
    assert all(np.array_equal(i.pixels, k) for i, k in zip(images, kept, strict=True))
    assert not np.array_equal(kept[0], kept[1])
    renderer.close()
    assert np.array_equal(images[3].pixels, kept[3])  # even when the child has gone


def test_what_cannot_be_read_is_told_in_words_and_the_child_lives(renderer, clip, tmp_path):
    renderer.render(request(clip))
    pid = renderer.child
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    for _ in range(3):
        with pytest.raises(MediaError, match="empty"):
            renderer.render(request(empty, info=False))
    assert renderer.child == pid


def test_a_crash_is_told_and_the_next_clip_is_shown(renderer, clip, tmp_path):
    told = hit(renderer, request(clip, 5), signal.SIGSEGV)
    assert told.what == f"The decoder stopped while reading {clip}"
    assert "SIGSEGV" in told.why
    assert "Skip" in told.next_step
    other = shutil.copy(clip, tmp_path / "other.mp4")
    assert renderer.render(request(other, 3)).frame == 3
    assert renderer.render(request(clip, 4)).frame == 4


def test_a_file_that_does_it_twice_is_not_tried_again(renderer, clip):
    for _ in range(2):
        hit(renderer, request(clip, 5), signal.SIGKILL)
    with pytest.raises(MediaError, match="stopped twice"):
        renderer.render(request(clip, 5))
    assert renderer.child is None


def test_a_hang_is_told_within_its_time(clip):
    renderer = IsolatedRenderer(silence_s=0.5)
    renderer.render(request(clip))
    os.kill(pid := renderer.child, signal.SIGSTOP)
    with pytest.raises(MediaError, match=r"no answer for 0\.5 seconds"):
        renderer.render(request(clip, 1))
    assert gone(pid)
    renderer.close()


def test_a_child_lost_between_requests_costs_no_frame(renderer, clip):
    renderer.render(request(clip))
    os.kill(pid := renderer.child, signal.SIGSEGV)
    while renderer.child == pid:
        time.sleep(0.01)
    assert renderer.render(request(clip, 2)).frame == 2


def test_closing_does_not_wait_for_what_hangs(renderer, clip):
    renderer.render(request(clip))
    os.kill(pid := renderer.child, signal.SIGSTOP)
    outcome = []

    def ask():
        try:
            renderer.render(request(clip, 1))
        except BaseException as error:
            outcome.append(type(error))

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.2)
    renderer.close()
    asking.join(5)
    assert outcome == [Cancelled]
    assert gone(pid)
    with pytest.raises(Cancelled):
        renderer.render(request(clip))


def test_nothing_is_left_behind(clip):
    before = open_files()
    pids = []
    for how in ("used", "started", "unused", "dropped"):
        renderer = IsolatedRenderer()
        if how != "unused":
            renderer.start()
            pids.append(renderer.child)
        if how == "used":
            renderer.render(request(clip))
        if how != "dropped":
            renderer.close()
        del renderer
    assert all(gone(pid) for pid in pids)
    assert open_files() == before


def test_a_mistake_of_ours_in_a_child_is_a_bug_with_its_trace(clip):
    reader = IsolatedReader(1)
    with pytest.raises(RemoteBug, match=r"worker/read\.py"):
        reader._asked(clip, {"do": "nothing that is known"})
    assert reader.probe(clip).frames == 20
    reader.close()
