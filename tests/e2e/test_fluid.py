"""The window stays alive while an index runs: told by order and count, never by a clock."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer

from tests.support.watched_index import WatchedIndex, many_clips
from tests.support.window_driver import Curator

CLIPS = 64
TICK_MS = 16
# Rows come from several lanes at once, so many together.
GROUP = 8


def test_ticks_frames_and_decisions_come_between_the_rows_of_an_index(
    opened, tmp_path, monkeypatch
):
    (project,) = many_clips(tmp_path, CLIPS, "project")
    index = WatchedIndex(monkeypatch, hold=GROUP)
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
