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
from motionlens.session import zoom as zooming
from motionlens.session.playable import Loop, frame_times, playable
from motionlens.session.playback import Lock, Playback
from motionlens.session.player import PlayerState
from motionlens.session.zoom import Frame, Zoom


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

    def idle(self) -> bool:
        return False

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
        state.seek(frame)
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
    state.advance(0.0, 1.0)
    state.seek(5)
    lane.work()
    assert [(r.clip, r.frame) for r in renderer.asked] == [("a", 0), ("a", 5), ("next", 0)]


def test_playback_goes_before_clips_ahead(file):
    lane = WaitingLane()
    state, renderer = make_player(lane)
    state.show(make_clip(file))
    lane.work()
    state.prefetch([make_clip(file, "next")])
    state.advance(0.0, 1.0)
    lane.work()
    assert [(r.clip, r.frame) for r in renderer.asked[1:]] == [("a", 1), ("a", 2), ("next", 0)]


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


def paint(state: PlayerState, now_s: float = 0.0) -> None:
    """What a stage does after each delivered frame."""
    assert state.image is not None
    state.painted(state.image, now_s, 0.0)


def play_through(playback: Playback, ticks: int, step_s: float) -> list[int]:
    """The candidate's painted frames, a tick each."""
    shown = []
    for n in range(ticks):
        playback.tick(n * step_s)
        paint(playback.candidate, n * step_s)
        shown.append(playback.candidate.image.frame)
    return shown


def test_frames_wait_ready_and_are_shown_when_they_are_due(file):
    lane = WaitingLane()
    state, renderer = make_player(lane)
    state.show(make_clip(file))
    lane.work()
    state.advance(0.0, 1.0)
    lane.work()
    assert [request.frame for request in renderer.asked] == [0, 1, 2]
    assert state.image.frame == 0
    state.advance(0.1, 1.0)
    assert state.image.frame == 1
    state.advance(0.25, 1.0)
    assert state.image.frame == 2


def test_a_late_frame_is_shown_and_what_is_over_is_not_asked_for(file):
    lane = WaitingLane()
    state, renderer = make_player(lane)
    state.show(make_clip(file))
    lane.work()
    state.advance(0.0, 1.0)
    # 0.6 s later: frames 1 and 2 are queued still, and come late.
    state.advance(0.6, 1.0)
    lane.work()
    assert state.image.frame == 2
    state.advance(0.65, 1.0)
    lane.work()
    assert [request.frame for request in renderer.asked] == [0, 1, 2, 6, 7]
    assert state.image.frame == 6


def test_a_hand_takes_what_playback_had_ready(file):
    lane = WaitingLane()
    state, renderer = make_player(lane)
    state.show(make_clip(file))
    lane.work()
    state.advance(0.0, 1.0)
    lane.work()
    before = len(renderer.asked)
    state.stand()
    state.seek(1)
    assert state.image.frame == 1
    assert len(renderer.asked) == before


def test_an_answer_of_another_loop_is_not_shown(file):
    lane = WaitingLane()
    state, _ = make_player(lane)
    state.show(make_clip(file))
    lane.work()
    state.advance(0.0, 1.0)
    state.set_loop(4, 6)
    lane.work()
    assert state.image.frame == 0
    state.seek(4)
    lane.work()
    state.advance(0.0, 1.0)
    lane.work()
    state.advance(0.1, 1.0)
    assert state.image.frame == 5


@pytest.mark.parametrize("speed", [0.125, 0.5, 1.0, -1.0])
def test_no_frame_is_lost_where_the_lane_keeps_up(file, speed):
    playback = make_pair(file)
    playback.set_speed(speed)
    shown = play_through(playback, 201, 0.02)
    assert playback.candidate.timing.dropped == 0
    assert len(set(shown)) == min(20, int(4.001 * 10 * abs(speed)) + 1)


def test_uneven_times_are_kept(file):
    times = (0.0, 0.1, 0.5, 0.6, 1.0)
    candidate, query = make_player()[0], make_player()[0]
    playback = Playback(candidate, query)
    candidate.show(make_clip(file, frames=5, times=times))
    shown = play_through(playback, 11, 0.1)
    assert shown == [0, 1, 1, 1, 1, 2, 3, 3, 3, 3, 4]


def test_frames_that_nobody_painted_are_counted(file):
    playback = make_pair(file)
    play_through(playback, 2, 0.1)
    playback.tick(0.5)
    playback.tick(0.5)
    paint(playback.candidate, 0.5)
    timing = playback.candidate.timing
    assert timing.dropped == playback.candidate.image.frame - 2
    assert timing.dropped == 3
    assert timing.shown == 3


def test_every_frame_waits_for_the_stage(file):
    playback = make_pair(file)
    playback.toggle_every()
    playback.tick(0.0)
    for late in (1.0, 2.0, 3.0):
        playback.tick(late)
    assert playback.candidate.image.frame == 0
    shown = []
    for n in range(30):
        paint(playback.candidate)
        playback.tick(4.0 + n)
        shown.append(playback.candidate.image.frame)
    assert shown == [(n + 1) % 20 for n in range(30)]


def test_speeds_go_by_steps_and_keep_their_way(file):
    playback = make_pair(file)
    for _ in range(4):
        playback.step_speed(1)
    assert playback.speed == 4.0
    playback.set_speed(-1.0)
    for _ in range(5):
        playback.step_speed(-1)
    assert playback.speed == -0.125
    playback.toggle_quarter()
    assert playback.speed == -0.25
    playback.normal_speed()
    assert playback.speed == 1.0


def test_a_tick_says_when_the_next_frame_is_due(file):
    playback = make_pair(file, candidate_frames=10, query_frames=10)
    playback.tick(0.0)
    assert playback.tick(0.03) == pytest.approx(0.07, abs=0.001)


def test_content_and_the_way_of_travel_are_told(file):
    state, renderer = make_player()
    state.show(make_clip(file))
    state.seek(5)
    state.seek(4)
    assert renderer.asked[-1].content == "a"
    assert [request.direction for request in renderer.asked[-2:]] == [1, -1]


def test_bare_frames_as_long_as_a_key_is_held(file):
    state, renderer = make_player()
    state.set_overlays(frozenset({"flow"}))
    state.show(make_clip(file))
    state.set_bare(True)
    assert renderer.asked[-1].overlays == frozenset()
    assert state.overlays == {"flow"}
    state.set_bare(False)
    assert renderer.asked[-1].overlays == {"flow"}


def test_zoom_asks_for_whole_squares_of_the_clip(file):
    state, renderer = make_player()
    state.show(make_clip(file))
    assert renderer.asked[-1].view is None
    # 64 x 48 on 640 x 360 would fit at 7.5, but is enlarged twice at most.
    for _ in range(5):
        state.step_zoom(1)
    request = renderer.asked[-1]
    assert state.zoom.words == "1200 %"
    assert request.nearest
    assert (request.width, request.height) == (
        round(request.view.width * 64) * 12,
        round(request.view.height * 48) * 12,
    )
    assert request.width <= 640
    assert request.height <= 360
    state.move_view(-10_000, -10_000)
    assert (renderer.asked[-1].view.x, renderer.asked[-1].view.y) == (0.0, 0.0)
    state.whole_view()
    assert renderer.asked[-1].view is None


def test_the_point_under_the_cursor_stays_in_place():
    frame = Frame(1000, 500, 500, 250, 2.0)
    at = (0.3, 0.4)
    before = Zoom(1.0, 0.4, 0.5)
    after = zooming.step(frame, before, 2, at)
    assert after.scale == 2.0
    for point, old, new in ((0.3, before.x, after.x), (0.4, before.y, after.y)):
        assert (point - old) * before.scale == pytest.approx((point - new) * after.scale)
    assert zooming.step(frame, before, -5, at) is None


def test_another_clip_is_seen_whole(file):
    state, renderer = make_player()
    state.show(make_clip(file))
    state.step_zoom(3)
    state.prefetch([make_clip(file, "b")])
    assert renderer.asked[-1].view is None
    state.show(make_clip(file, "b"))
    assert state.zoom is None
    assert renderer.asked[-1].view is None


def test_a_key_s_way_to_the_screen_is_measured(file):
    state, _ = make_player()
    state.show(make_clip(file))
    paint(state, 1.0)
    state.pressed(2.0)
    paint(state, 2.01)
    assert not state.timing.presses
    state.toggle("flow")
    paint(state, 2.04)
    assert state.timing.press_ms()[0] == pytest.approx(40)
