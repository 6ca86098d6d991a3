"""The window stays alive while an index runs: told by order and count, never by a clock."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer

from motionlens.app import create_project
from tests.support.verbs import slide
from tests.support.window_driver import PATIENCE_S, Curator

CLIPS = 24
TICK_MS = 16
# Rows come from several lanes at once and may each be shorter than a tick; so many are not.
GROUP = 8


class WatchedIndex:
    """Notes the window's ticks at each row of the real index, on the lane that makes it.

    In the middle it holds all rows back until `go_on`: what the window does meanwhile, it does
    while an index runs, on a slow machine and on a fast one.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        from motionlens.attribution.attributor import TorchAttributor

        self.ticks = 0
        self.rows: list[tuple[int, int]] = []
        self.go_on = threading.Event()
        row = TorchAttributor.row

        def watched(attributor, *arguments):
            before = self.ticks
            made = row(attributor, *arguments)
            self.rows.append((before, self.ticks))
            if len(self.rows) >= GROUP:
                assert self.go_on.wait(PATIENCE_S), "the window did not go on while rows waited"
            return made

        patch.setattr(TorchAttributor, "row", watched)

    def tick(self) -> None:
        self.ticks += 1


def test_ticks_frames_and_decisions_come_between_the_rows_of_an_index(
    opened, tmp_path, monkeypatch
):
    project = many_clips(tmp_path)
    index = WatchedIndex(monkeypatch)
    painted: list[int] = []

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        timer = QTimer(curator.window)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(index.tick)
        timer.start(TICK_MS)
        stage = curator.window.views["review"].candidate_stage
        stage.painted.connect(lambda *_: painted.append(len(index.rows)))
        curator.command("index the clips")
        curator.until(lambda: len(index.rows) >= GROUP, "the index is half-way")
        judged = [curator.judge(key) for key in (Qt.Key.Key_X, Qt.Key.Key_C)]
        assert len(set(judged)) == 2
        assert curator.job("Index").startswith("running")
        assert len(index.rows) < CLIPS
        index.go_on.set()
        curator.job_done("Index")
        timer.stop()
        curator.quit()

    try:
        assert opened(project, sitting) == 0
    finally:
        index.go_on.set()
    assert len(index.rows) == CLIPS
    for first in range(0, CLIPS, GROUP):
        group = index.rows[first : first + GROUP]
        ticked = max(after for _, after in group) - min(before for before, _ in group)
        assert ticked > 0, f"no tick of the window while rows {first} to {first + GROUP} were made"
    # Frames were painted while the index was at different rows, not before and after it alone.
    assert len({rows for rows in painted if 0 < rows < CLIPS}) > 2


def many_clips(root: Path) -> Path:
    """A project of small clips, each with its own motion."""
    for n in range(CLIPS):
        slide(root / "media" / f"clip_{n:02}.mp4", speed=1 + n % 7, frames=10 + n // 7)
    with create_project(root / "project") as project:
        assert project.add([root / "media"]).added == CLIPS
    return root / "project"
