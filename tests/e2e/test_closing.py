"""Closing while an index runs: it asks, by keys one stays or stops, and what is indexed stays."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.support.verbs import verb
from tests.support.watched_index import WatchedIndex, committed, many_clips
from tests.support.window_driver import Curator

CLIPS, HOLD = 24, 16


def test_closing_asks_while_an_index_runs_and_goes_on_from_there(opened, tmp_path, monkeypatch):
    (project,) = many_clips(tmp_path, CLIPS, "project")
    index = WatchedIndex(monkeypatch, hold=HOLD)

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        curator.command("index the clips")
        curator.until(lambda: committed(project) > 0, "some rows are on the disk")
        curator.when_asked(lambda: curator.press(Qt.Key.Key_Escape))
        curator.quit()
        assert curator.window.isVisible(), "Escape means stay"
        assert curator.job("Index").startswith("running")
        # Judging goes on as before.
        curator.judge(Qt.Key.Key_C)
        index.go_on.set()
        curator.choose("Stop and close")
        curator.quit()

    try:
        assert opened(project, sitting) == 0
    finally:
        index.go_on.set()
    kept = committed(project)
    assert kept > 0
    again = verb("index", project, "--model", "embedded", "--json")
    assert again.json["clips"] == CLIPS
    assert committed(project) == CLIPS
    assert len(verb("history", project, "--json").json) == 1


def test_closing_does_not_ask_while_the_clips_are_analysed(opened, project):
    """Analysing goes on next time by itself, so nobody is asked."""

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        curator.command("analyse the clips")
        curator.quit()

    assert opened(project, sitting) == 0
    assert verb("analyse", project, "--json").code == 0
