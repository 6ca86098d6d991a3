"""The window stays alive while an index runs: told by order and count, never by a clock."""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt, QTimer

from motionlens.app import bindings, create_project
from tests.support.verbs import slide
from tests.support.window_driver import Curator

CLIPS = 24
TICK_MS = 16


def test_a_timer_of_the_window_ticks_between_the_steps_of_an_index(opened, tmp_path, monkeypatch):
    project = many_clips(tmp_path)
    ticks: list[int] = [0]
    steps: list[tuple[int, int]] = []
    watch_steps(monkeypatch, ticks, steps)

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        timer = QTimer(curator.window)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setInterval(TICK_MS)
        timer.timeout.connect(lambda: ticks.__setitem__(0, ticks[0] + 1))
        timer.start()
        painted: list[int] = []
        stage = curator.window.views["review"].candidate_stage
        stage.painted.connect(lambda *_: painted.append(len(steps)))
        curator.command("index the clips")
        curator.until(lambda: len(steps) > 2, "the index is under way")
        # Judging goes on meanwhile: the decision is saved before the index is done.
        curator.judge(Qt.Key.Key_X)
        assert len(steps) < CLIPS, "the index was over before the decision was saved"
        curator.job_done("Index")
        timer.stop()
        # Frames were painted at several stages of the index, not after it.
        assert len({step for step in painted if 2 < step < CLIPS}) > CLIPS // 4
        curator.quit()

    assert opened(project, sitting) == 0
    assert len(steps) == CLIPS
    befores = [before for before, _ in steps]
    moved = sum(later > earlier for earlier, later in itertools.pairwise(befores))
    # A step that is shorter than a tick may pass between two of them.
    assert moved >= (CLIPS - 1) // 2, f"ticks at each step: {befores}"


def watch_steps(monkeypatch, ticks, steps):
    """Note the window's ticks at each step of the real index, on the lane that makes it."""
    made = bindings.BoundModels.attributor

    def attributor(self, settings):
        real = made(self, settings)
        row = real.row

        def watched(*arguments, **options):
            before = ticks[0]
            answer = row(*arguments, **options)
            steps.append((before, ticks[0]))
            return answer

        real.row = watched
        return real

    monkeypatch.setattr(bindings.BoundModels, "attributor", attributor)


def many_clips(root):
    for n in range(CLIPS):
        slide(root / "media" / f"clip_{n:02}.mp4", speed=1 + n % 7, frames=10 + n // 7)
    with create_project(root / "project") as project:
        assert project.add([root / "media"]).added == CLIPS
    return root / "project"
