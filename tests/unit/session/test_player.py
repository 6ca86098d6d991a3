"""Players on a fake renderer and an inline lane: turns, newest wins, one clock for two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motionlens.domain.clip import Clip, MediaInfo, Role, Span
from motionlens.domain.errors import MediaError
from motionlens.domain.requests import FrameImage, FrameRequest
from motionlens.lanes import InlineLane, Job, Priority
from motionlens.session.playable import Loop, frame_times, playable
from motionlens.session.playback import Lock, Playback
from motionlens.session.player import PlayerState


class FakeRenderer:
    """Answers with the request's own numbers."""

    def __init__(self) -> None:
        self.asked: list[FrameRequest] = []
        self.broken = False

    def render(self, request: FrameRequest) -> FrameImage:
        self.asked.append(request)
        if self.broken:
            raise MediaError("It cannot be read", "it is broken", "Mend it")
        pixels = np.zeros((2, 2, 4), np.uint8)
        frame = request.frame
        return FrameImage(request.clip, frame, 0.0, request.turn, pixels, request.overlays)

    def close(self) -> None: ...


class WaitingLane:
    """Keeps work until it is told to do it, the most urgent first, as the real one does."""

    name = "media"

    def __init__(self) -> None:
        self.jobs: list[tuple[int, int, Job[object]]] = []

    def submit(self, name, work, priority=Priority.NORMAL):
        job = Job(name, work)
        self.jobs.append((int(priority), len(self.jobs), job))
        return job

    def work(self) -> None:
        while self.jobs:
            self.jobs.sort(key=lambda entry: entry[:2])
            self.jobs.pop(0)[2].run()

    def close(self, timeout: float = 5.0) -> bool:
        return True


def now(call):
    call()


def bug(error):
    raise error


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"frames")
    return path


def make_clip(
    path: Path, name: str = "a", frames: int = 10, fps: float = 10.0, times=(), span=None
):
    info = MediaInfo(64, 48, fps, frames, False, 0, "h264", frames / fps, times)
    return playable(Clip(name, (str(path),), name, Role.TRAINING, info, span=span))


def make_player(lane=None, renderer=None, hop=now):
    renderer = renderer or FakeRenderer()
    state = PlayerState(lane or InlineLane(), lambda: renderer, hop, bug)
    state.resize(640, 360)
    return state, renderer


def test_a_clip_shows_its_first_frame(file):
    state, renderer = make_player()
    state.show(make_clip(file))
    assert state.image is not None
    assert (state.image.clip, state.image.frame) == ("a", 0)
    assert renderer.asked[-1].path == str(file)


def test_nothing_is_asked_before_the_stage_has_a_size(file):
    renderer = FakeRenderer()
    state = PlayerState(InlineLane(), lambda: renderer, now, bug)
    state.show(make_clip(file))
    assert renderer.asked == []
    state.resize(100, 100)
    assert len(renderer.asked) == 1


def test_newest_wins_and_at_most_one_frame_waits(file):
    lane = WaitingLane()
    state, renderer = make_player(lane)
    state.show(make_clip(file))
    for frame in range(1, 8):
        state.seek(frame, playing=True)
    lane.work()
    assert [request.frame for request in renderer.asked] == [7]
    assert state.image is not None
    assert state.image.frame == 7


def test_a_hand_goes_before_playback_and_prefetch(file):
    lane = WaitingLane()
    state, renderer = make_player(lane)
    state.show(make_clip(file))
    lane.work()
    state.prefetch([make_clip(file, "next")])
    state.seek(3, playing=True)
    state.seek(5)
    lane.work()
    assert [(r.clip, r.frame) for r in renderer.asked] == [("a", 0), ("a", 5), ("next", 0)]


def test_a_letter_of_an_old_turn_is_dropped(file):
    calls = []
    state, _ = make_player(hop=calls.append)
    state.show(make_clip(file))
    late = list(calls)
    calls.clear()
    state.show(make_clip(file, "b"))
    seen = []
    state.image_changed.connect(lambda image: seen.append(image.clip))
    for call in [*late, *calls]:
        call()
    assert "a" not in seen
    assert seen == ["b"]


def test_overlays_and_size_make_frames_in_work_worthless(file):
    state, _ = make_player()
    state.show(make_clip(file))
    turn = state.turn
    state.toggle("flow")
    assert state.turn == turn + 1
    assert state.image is not None
    assert state.image.overlays == {"flow"}
    state.resize(320, 180)
    assert state.turn == turn + 2


def test_overlays_all_off_and_on_again(file):
    state, _ = make_player()
    state.set_overlays(frozenset({"mask", "tracks"}))
    state.toggle_all()
    assert not state.overlays
    state.toggle_all()
    assert state.overlays == {"mask", "tracks"}


def test_a_clip_that_cannot_be_read_is_told(file, tmp_path):
    renderer = FakeRenderer()
    renderer.broken = True
    state, _ = make_player(renderer=renderer)
    state.show(make_clip(file))
    assert state.error is not None
    assert state.error.why == "it is broken"
    renderer.broken = False
    state.show(make_clip(tmp_path / "away.mp4"))
    assert state.error is not None
    assert "not there" in state.error.what
    state.show(make_clip(file))
    assert state.error is None
    assert state.image is not None


def test_the_second_path_is_used_where_the_first_is_gone(file, tmp_path):
    state, renderer = make_player()
    clip = replace(make_clip(file), paths=(str(tmp_path / "old.mp4"), str(file)))
    state.show(clip)
    assert renderer.asked[-1].path == str(file)


def test_a_clip_that_left_is_not_prefetched_any_more(file):
    lane = WaitingLane()
    state, renderer = make_player(lane)
    state.prefetch([make_clip(file, "old")])
    state.prefetch([make_clip(file, "new")])
    lane.work()
    assert [request.clip for request in renderer.asked] == ["new"]


def test_times_of_a_part_begin_at_its_own_first_frame(file):
    times = tuple(5 + 0.1 * n for n in range(20))
    clip = make_clip(file, frames=20, times=times, span=Span(10, 14))
    assert clip.frames == 4
    assert clip.times_s == pytest.approx((0, 0.1, 0.2, 0.3, 0.4))


def test_frame_times_never_fall_and_are_steady_where_unknown():
    assert frame_times((), 3, 10.0) == pytest.approx((0, 0.1, 0.2, 0.3))
    assert frame_times((1.0, 1.5, 1.2, 2.0), 4, 0.0) == pytest.approx((0, 0.5, 0.5, 1.0, 1.5))


def test_a_loop_follows_uneven_times():
    loop = Loop((0.0, 0.1, 0.5, 0.6, 1.0), 1, 3)
    assert loop.duration_s == pytest.approx(0.9)
    assert [loop.frame_at(t) for t in (0, 0.39, 0.4, 0.5, 0.89)] == [1, 1, 2, 3, 3]
    assert loop.offset_of(3) == pytest.approx(0.5)


def make_pair(file, candidate_frames=20, query_frames=10, paused=False):
    candidate, _ = make_player()
    query, _ = make_player()
    playback = Playback(candidate, query, start_paused=paused)
    query.show(make_clip(file, "q", query_frames))
    candidate.show(make_clip(file, "c", candidate_frames))
    return playback


def test_both_loops_restart_together_whatever_their_lengths(file):
    playback = make_pair(file)
    seen = []
    for step in range(41):
        playback.tick(step * 0.1)
        seen.append((playback.candidate.wanted, playback.query.wanted))
    assert seen[10] == (10, 5)
    assert seen[20] == (0, 0)
    assert seen[40] == (0, 0)


def test_locked_by_time_both_run_at_their_own_speed(file):
    playback = make_pair(file)
    playback.next_lock()
    assert playback.lock is Lock.TIME
    playback.tick(0.0)
    playback.tick(0.71)
    assert (playback.candidate.wanted, playback.query.wanted) == (7, 7)
    playback.next_lock()
    playback.tick(0.91)
    assert playback.candidate.wanted == 9
    assert playback.query.wanted == 7


def test_a_new_clip_plays_from_its_start_and_waits_for_its_first_frame(file):
    candidate, query = make_player(WaitingLane())[0], make_player()[0]
    playback = Playback(candidate, query)
    candidate.show(make_clip(file))
    assert playback.playing
    playback.tick(0.0)
    playback.tick(5.0)
    assert candidate.wanted == 0
    candidate._feed._lane.work()
    playback.tick(6.0)
    playback.tick(6.31)
    assert candidate.wanted == 3


def test_under_reduced_motion_a_clip_appears_paused(file):
    playback = make_pair(file, paused=True)
    assert not playback.playing
    playback.tick(0.0)
    playback.tick(1.0)
    assert playback.candidate.wanted == 0


def test_steps_pause_and_go_round_the_loop(file):
    playback = make_pair(file)
    playback.candidate.set_loop(4, 8)
    assert playback.candidate.wanted == 4
    playback.step(-1)
    assert playback.candidate.wanted == 8
    assert not playback.playing
    playback.step(1)
    assert playback.candidate.wanted == 4


def test_the_query_stands_at_equal_phase_when_stepped(file):
    playback = make_pair(file)
    playback.play(False)
    playback.seek(10)
    assert playback.query.wanted == 5


def test_scrubbing_outside_the_loop_opens_it(file):
    playback = make_pair(file)
    playback.candidate.set_loop(2, 5)
    assert not playback.candidate.whole_loop()
    playback.seek(15)
    assert playback.candidate.whole_loop()
    assert playback.candidate.wanted == 15


def test_quarter_speed_and_reverse(file):
    playback = make_pair(file)
    playback.toggle_quarter()
    playback.tick(0.0)
    playback.tick(0.81)
    assert playback.candidate.wanted == 2
    playback.set_speed(-1.0)
    playback.tick(1.0)
    playback.tick(1.51)
    assert playback.candidate.wanted == 16


def test_a_prefetch_that_was_let_go_reads_nothing(file):
    lane = WaitingLane()
    state, renderer = make_player(lane)
    state.prefetch([make_clip(file, "x")])
    lane.jobs[0][2].token.cancel()
    lane.work()
    assert renderer.asked == []
