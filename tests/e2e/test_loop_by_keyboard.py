"""The whole loop in the real window by keys alone: analyse, rank, judge, export, train; and what
the database, the files and the command line say of it afterwards."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel

from motionlens.app import open_project
from tests.support.verbs import verb
from tests.support.window_driver import CONTROL, Curator

CLIPS = 8


def read_only(project: Path) -> sqlite3.Connection:
    """A connection of our own, beside the window's."""
    return sqlite3.connect(f"file:{project / 'project.db'}?mode=ro", uri=True)


def stored(project: Path) -> dict[str, str]:
    """Clip id -> decision, read as another program would."""
    with open_project(project) as other:
        return {clip: str(event.decision) for clip, event in other.rooms.store.decisions().items()}


def test_from_clips_to_a_trial_by_keys_alone(opened, project):
    shown: dict[str, str] = {}

    def first_sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        assert curator.text("review.judged") == f"0 of {CLIPS} judged"
        analyse_and_rank(curator)
        look_at_influence(curator)
        judge(curator, project, shown)
        export(curator, project)
        train(curator)
        curator.view(2)
        curator.until(lambda: curator.seen, "Review is back")
        shown["clip"] = curator.clip
        curator.quit()

    assert opened(project, first_sitting) == 0
    assert stored(project) == {shown["accepted"]: "exclude", shown["rejected"]: "keep"}
    check_export(project, shown["accepted"])
    trial_by_command_line(project)

    def second_sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the clip is on the stage")
        assert curator.window.actions_table.view == "review"
        assert curator.clip == shown["clip"]
        assert curator.text("review.judged") == f"2 of {CLIPS} judged"
        # What was decided yesterday can be taken back today, and its clip comes back.
        curator.press(Qt.Key.Key_Z)
        curator.until(
            lambda: curator.text("review.judged") == f"1 of {CLIPS} judged", "it is taken back"
        )
        assert curator.clip == shown["rejected"]
        curator.quit()

    assert opened(project, second_sitting) == 0
    assert stored(project) == {shown["accepted"]: "exclude"}


def analyse_and_rank(curator: Curator) -> None:
    curator.command("analyse")
    curator.job_done("Analyse")
    curator.command("rank the clips")
    # The window can be judged in while it indexes; here it is waited for.
    curator.job_done("Index")
    curator.job_done("Rank")
    view = curator.window.views["review"]
    curator.until(lambda: view.state.ranking is not None, "the strip is filled")
    assert len(view.state.ranking.rows) == CLIPS
    assert {str(q.polarity) for q in view.state.ranking.queries} == {"bad", "good"}
    assert view.strip.isVisible()
    # Nothing of it was decided by the ranking.
    assert curator.text("review.judged") == f"0 of {CLIPS} judged"


def look_at_influence(curator: Curator) -> None:
    view = curator.window.views["review"]
    influence, stage = view.players.influence, view.candidate_stage

    def here() -> bool:
        return influence.layer(curator.clip) is not None

    curator.press(Qt.Key.Key_5)
    start = first = curator.clip
    curator.until(here, "its influence map is here", 60)
    while influence.layer(first).scale == 0:  # nothing moves in it, so nothing pushes
        curator.press(Qt.Key.Key_D)
        first = curator.clip
        assert first != start, "no clip has an influence map"
        curator.until(here, "its influence map is here", 60)
    assert "influence" in view.playback.candidate.overlays
    assert "influence" not in view.playback.query.overlays
    assert "mask" in view.playback.query.overlays
    assert len(view.bars.bars) == view.playback.candidate.clip.frames
    assert view.bars.isVisible()
    curator.until(lambda: is_coloured(stage.grab().toImage()), "the map lies on the frame")
    # The next clip has a map of its own, or none yet; never this one.
    curator.press(Qt.Key.Key_D)
    assert influence.layer(first) is None
    second = curator.clip
    curator.until(lambda: influence.layer(second) is not None, "the next map is here", 60)
    assert influence.layer(second).clip == second
    curator.press(Qt.Key.Key_1)
    assert "influence" not in view.playback.candidate.overlays, "one fill at a time"
    curator.press(Qt.Key.Key_1)
    while curator.clip != start:
        curator.press(Qt.Key.Key_A)
    curator.until(lambda: curator.seen, "the first clip is back")


def is_coloured(image: QImage) -> bool:
    """Clips of this project are grey where nothing is laid over them: an orange or a blue pixel."""
    return any(
        abs(colour.red() - colour.blue()) > 60
        for x in range(0, image.width(), 5)
        for y in range(60, image.height() - 40, 5)
        for colour in [image.pixelColor(x, y)]
    )


def judge(curator: Curator, project: Path, shown: dict[str, str]) -> None:
    shown["accepted"] = curator.judge(Qt.Key.Key_X)
    assert stored(project) == {shown["accepted"]: "exclude"}
    shown["rejected"] = curator.judge(Qt.Key.Key_C)
    later = curator.judge(Qt.Key.Key_S)
    assert len({shown["accepted"], shown["rejected"], later}) == 3
    assert stored(project)[later] == "unsure"
    assert curator.text("review.judged") == f"2 of {CLIPS} judged"
    curator.press(Qt.Key.Key_Z)
    curator.until(lambda: curator.clip == later, "undo goes to the clip that it undid")
    assert stored(project) == {shown["accepted"]: "exclude", shown["rejected"]: "keep"}
    assert curator.text("status.saved") == "All 2 decisions saved"


def export(curator: Curator, project: Path) -> None:
    curator.press(Qt.Key.Key_E, CONTROL)
    curator.until(lambda: shows(curator, f"{CLIPS - 1} clips"), "the clips are counted")
    curator.fill("Where to", str(project / "approved.jsonl"))
    curator.tab_to("export.write")
    curator.press(Qt.Key.Key_Space)
    curator.job_done("Export")
    assert any("Exported to" in notice for notice in curator.notices)


def train(curator: Curator) -> None:
    curator.view(4)
    curator.until(lambda: curator.window.actions_table.reason("run.train") == "", "a run can start")
    curator.fill("Name", "run-by-keys")
    curator.fill("Steps", "16")
    curator.fill("Batch", "2")
    curator.tab_to("train.start")
    curator.press(Qt.Key.Key_Space)
    seen: list[str] = []

    def ended() -> bool:
        run = curator.window.context.runs.run("run-by-keys")
        state = str(run.state) if run else ""
        if run is not None and shows(curator, f"step {run.step} of 16"):
            seen.append(f"{state} {run.step}")
        return state in ("done", "failed", "stopped", "interrupted")

    curator.until(ended, "the run ends", seconds=180)
    assert seen[-1] == "done 16", seen
    assert not seen[0].startswith("done"), "no progress was shown before the end"
    plot = curator.window.views["train"].plot
    assert plot.accessibleName().startswith("Loss, now"), "there is no loss plot"


def check_export(project: Path, accepted: str) -> None:
    lines = (project / "approved.jsonl").read_text(encoding="utf-8").splitlines()
    paths = {Path(next(iter(_paths(json.loads(line))))).name for line in lines}
    with open_project(project) as other:
        clips = {clip.id: Path(clip.path).name for clip in other.rooms.store.clips()}
    assert len(paths) == CLIPS - 1
    assert clips[accepted] not in paths
    assert paths <= set(clips.values())


def trial_by_command_line(project: Path) -> None:
    (run,) = verb("runs", project, "--json").json
    assert (run["run"], run["state"], run["step"]) == ("run-by-keys", "done", 16)
    made = verb(
        "trial", project, "new", "--base", "embedded", "--tuned", "run-by-keys", "--pairs", "2",
        "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    trial = made.json["trial"]
    for pair, choice in ((1, "left"), (2, "tie")):
        assert verb("trial", project, "vote", trial, pair, choice).code == 0
    report = verb("trial", project, "report", trial, "--json").json
    assert report["wins"] + report["losses"] == 1
    assert report["ties"] == 1


def shows(curator: Curator, words: str) -> bool:
    """Whether a label on the screen holds these words."""
    labels = curator.window.findChildren(QLabel)
    return any(words in label.text() for label in labels if label.isVisible())


def _paths(row: dict[str, object]) -> list[str]:
    return [str(value) for value in row.values() if str(value).endswith(".mp4")]


def test_saved_is_said_only_after_the_commit(opened, project):
    """Another program holds the database: the decision shows, but nothing says that it is saved."""

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        clip = curator.clip
        curator.wait_ms(100)
        blocker = sqlite3.connect(project / "project.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        try:
            curator.press(Qt.Key.Key_X)
            assert curator.clip != clip, "the next clip comes at once"
            curator.until(lambda: curator.text("review.saved") == "Saving", "it says Saving")
            assert curator.text("status.saved") == "Saving"
            assert stored(project) == {}
        finally:
            blocker.execute("ROLLBACK")
            blocker.close()
        curator.until(lambda: "Saved" in curator.text("review.saved"), "it says saved")
        assert stored(project) == {clip: "exclude"}
        curator.quit()

    assert opened(project, sitting) == 0


def test_every_said_saved_is_true_at_that_moment(opened, project):
    """The word is watched as it appears: the row is in the database by then."""
    told: list[tuple[str, int]] = []

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        other = read_only(project)
        view = curator.window.views["review"]

        def look() -> None:
            words = curator.text("review.saved")
            if "Saved" in words:
                told.append((words, other.execute("SELECT count(*) FROM events").fetchone()[0]))

        # Runs after the label was written, in the same turn of the event loop.
        view.state.saving_changed.connect(look)
        for place, key in enumerate((Qt.Key.Key_X, Qt.Key.Key_C, Qt.Key.Key_X), start=1):
            curator.judge(key)
            assert told, "it was never said"
            assert all(rows >= place for _, rows in told[-1:]), told
        view.state.saving_changed.disconnect(look)
        other.close()
        curator.quit()

    assert opened(project, sitting) == 0
    assert len(stored(project)) == 3


def test_a_held_key_judges_one_clip(opened, project):
    """What a held key sends, autorepeat, decides nothing more."""

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        curator.judge(Qt.Key.Key_X)
        for _ in range(4):
            curator.until(lambda: curator.seen, "the next clip is on the stage")
            curator.hold(Qt.Key.Key_X)
        curator.quit()

    assert opened(project, sitting) == 0
    assert list(stored(project).values()) == ["exclude"]
