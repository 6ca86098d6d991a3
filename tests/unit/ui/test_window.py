"""The window on a real project: opening, views, keys, decisions, panels and their states."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from motionlens.app import open_project
from motionlens.domain.run import RunInfo, RunState
from motionlens.session.jobs import JobState
from motionlens.ui.closing import may_close
from motionlens.ui.export_dialog import ExportDialog
from tests.support.watched_index import committed
from tests.support.window import dressed_window, small_project


@pytest.fixture
def project(tmp_path):
    return small_project(tmp_path)


@pytest.fixture
def window(qtbot, qapp, project, tmp_path):
    with dressed_window(qapp, tmp_path / "settings.ini") as made:
        with qtbot.waitSignal(made.opened, timeout=15000):
            made.open_project(project, view="library")
        yield made


def notices(window, panel):
    return {notice.title: notice for notice in window.notices.of(panel)}


def run(state, step):
    started = "2026-01-01T00:00:00Z"
    return RunInfo("run-1", RunState(state), step, 10, 0.12, started, "ab" * 32, "embedded")


def stage(window):
    return window.views["library"].grid


def test_a_folder_that_is_no_project_is_told_at_the_start_page(qtbot, qapp, tmp_path):
    with dressed_window(qapp, tmp_path / "s.ini") as window:
        window.open_project(tmp_path / "nowhere")
        qtbot.waitUntil(lambda: bool(window.notices.of("start")), timeout=5000)
        (notice,) = window.notices.of("start")
        assert notice.tone == "error"
        assert "not a MotionLens project" in notice.title
        assert window.stack.currentWidget() is window.start


def test_the_start_page_offers_only_what_works(qtbot, qapp, tmp_path):
    with dressed_window(qapp, tmp_path / "s.ini") as window:
        listed = {spec.id for spec in window.actions_table.listed()}
        assert {"project.open", "project.new", "project.demo", "go.keys"} <= listed
        assert "run.index" not in listed
        window.header.tabs["review"].click()
        assert window.stack.currentWidget() is window.start


def test_clips_are_listed_with_counts(window):
    assert window.views["library"].grid.table.rowCount() == 3
    assert window.context.library.counts.roles == {"training": 3, "generation": 1}
    assert window.status.saved.text() == "No decisions yet"
    assert window.header.name.text() == "project"


def test_a_key_decides_and_the_database_has_it(window, qtbot, project):
    grid, library = stage(window), window.context.library
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: not library.pending and library.counts.decisions.get("exclude") == 1)
    assert window.status.saved.text() == "1 decision saved"
    clip = library.current
    qtbot.keyClick(grid, Qt.Key.Key_Z)
    qtbot.waitUntil(lambda: library.clips[clip].decision == "none")
    qtbot.keyClick(grid, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: library.clips[clip].decision == "keep" and not library.pending)
    window.close()
    with open_project(project) as again:
        assert [str(e.decision) for e in again.rooms.store.decisions().values()] == ["keep"]
        assert {e.by for e in again.rooms.store.decisions().values()} == {window.curator}


def test_arrows_move_in_the_grid(window, qtbot):
    grid = stage(window)
    grid.setFocus()
    first = window.context.library.current
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert window.context.library.current == window.context.library.shown[1] != first


def test_the_filter_narrows_and_escape_gives_the_stage_back(window, qtbot):
    grid, view = stage(window), window.views["library"]
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Slash)
    assert view.filter.hasFocus()
    qtbot.keyClicks(view.filter, "training_1")
    assert grid.table.rowCount() == 1
    qtbot.keyClick(view.filter, Qt.Key.Key_Escape)
    assert (view.filter.text(), grid.table.rowCount()) == ("", 3)
    assert grid.hasFocus()


def test_panels_teach_when_they_are_empty(window):
    library, view = window.context.library, window.views["library"]
    library.set_filter(role="reference")
    assert view.stack.currentWidget() is view.empty
    assert view.empty.accessibleName().startswith("No references yet")
    library.set_filter(role="training", text="no such clip")
    assert view.empty.accessibleName().startswith("No clip fits the filter")
    library.set_filter(text="")
    assert view.stack.currentWidget() is view.grid
    window.show_view("explain")
    assert window.views["explain"].found.empty.accessibleName().startswith("Not asked yet")
    window.show_view("trial")
    assert window.views["trial"].empty.accessibleName().startswith("No trial yet")


def test_explain_without_an_index_says_so_with_the_way_out(window, qtbot):
    window.show_view("explain")
    assert window.actions_table.run("run.explain")
    qtbot.waitUntil(lambda: bool(window.notices.of("explain")), timeout=30000)
    (notice,) = window.notices.of("explain")
    assert (notice.tone, notice.button) == ("warn", "Index the clips")
    assert window.context.jobs.rows[-1].state is JobState.FAILED


def test_thumbnails_come_from_the_media_lane_and_stay_on_disk(window, qtbot, project):
    folder = project / "cache" / "thumbnails"
    qtbot.waitUntil(lambda: folder.is_dir() and len(list(folder.glob("*.jpg"))) == 3, timeout=10000)
    assert window.context.thumbnails.missing == {}


def test_palette_finds_and_runs(window, qtbot):
    window.actions_table.run("go.commands")
    palette = window.palette_overlay
    assert palette.isVisible()
    qtbot.keyClicks(palette.field, "train")
    assert palette.table.specs[0].id == "go.train"
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert window.actions_table.view == "train"


def test_the_sheet_lists_every_key_of_the_view(window):
    window.actions_table.run("go.keys")
    from PySide6.QtWidgets import QLabel

    said = {label.text() for label in window.sheet.findChildren(QLabel)}
    for spec in window.actions_table.listed():
        if spec.keys and not spec.id.startswith("go."):
            assert spec.text in said
    window.sheet.close_overlay()


def test_export_writes_the_approved_clips(window, qtbot, project):
    context = window.context
    context.library.decide("exclude", [context.library.shown[0]])
    qtbot.waitUntil(lambda: not context.library.pending)
    window.actions_table.run("project.export")
    card = window.findChild(ExportDialog)
    qtbot.waitUntil(lambda: card.write.isEnabled() and card.format.currentData() == "jsonl")
    card.write.click()
    qtbot.waitUntil(lambda: context.jobs.rows[-1].state is JobState.DONE, timeout=10000)
    assert (project / "manifest.jsonl").read_text().count("\n") == 2
    assert window.notices.of("library")[-1].title.startswith("Exported to")


def test_adding_again_is_harmless_and_told(window, qtbot, tmp_path):
    window.commands.add(
        [tmp_path / "media" / "training", tmp_path / "media" / "generation"], "training"
    )
    qtbot.waitUntil(lambda: "No new clips" in notices(window, "library"), timeout=10000)
    assert notices(window, "library")["No new clips"].text.startswith("4 were known already")


def test_train_counts_what_it_would_train_on(window, qtbot):
    window.show_view("train")
    view, runs = window.views["train"], window.context.runs
    qtbot.waitUntil(lambda: runs.training_set is not None and runs.training_set.clips == 3)
    assert view.form.start.isEnabled()
    assert view.stack.currentWidget() is view.empty
    assert view.form.form().learning_rate == 0.0
    losses = np.array([[1.0, 0.2], [5.0, 0.12]])
    runs._take(([run("running", 5)], "run-1", losses))
    assert view.stack.currentWidget() is not view.empty
    assert view.plot.accessibleName().startswith("Loss, now")
    assert window.context.jobs.running("train")[0].name == "Train run-1"
    assert window.actions_table.action("run.stop").isEnabled()
    runs._take(([run("done", 10)], "run-1", losses))
    assert window.context.jobs.running("train") == []
    assert may_close(window, window.context.jobs)


def test_an_error_at_a_lane_becomes_a_notice_of_the_open_view(window, qtbot):
    window.context.library.undo()
    tones = lambda: {notice.tone for notice in window.notices.of("library")}  # noqa: E731
    qtbot.waitUntil(lambda: "error" in tones())


def test_what_was_not_analysed_is_said_once_with_the_way_out(window, qtbot):
    title = "3 clips have not been analysed"
    qtbot.waitUntil(lambda: title in notices(window, "library"))
    notice = notices(window, "library")[title]
    assert notice.button == "Analyse 3 clips"
    window.notices.close(notice.key)
    window.context.library.set_filter(text="x")
    window.context.library.set_filter(text="")
    qtbot.wait(200)
    assert title not in notices(window, "library")


@pytest.mark.parametrize("width", [1180, 1280, 1440])
@pytest.mark.parametrize("view", ["library", "explain", "train", "trial"])
def test_no_button_is_narrower_than_its_words(window, width, view):
    from motionlens.ui.widgets import Button

    window.resize(width, 720)
    window.show_view(view)
    QApplication.processEvents()
    for button in window.views[view].findChildren(Button):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.text()


def test_the_first_paint_needs_no_heavy_library(tmp_path):
    code = (
        "import sys; from PySide6.QtCore import QSettings;"
        "from motionlens.ui.application import make_application;"
        "from motionlens.ui.theme import Theme; from motionlens.ui.window import MainWindow;"
        "app = make_application(['x']); t = Theme(); t.apply(app);"
        "w = MainWindow(t, QSettings('none.ini', QSettings.Format.IniFormat)); w.show();"
        "app.processEvents();"
        "print(sorted({'torch','cv2','av','pyqtgraph','qtpy','superqt','scipy','pandas',"
        "'pyarrow','sqlite_utils'} & set(sys.modules))); w.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,  # its settings are kept there
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_no_decision_that_was_pressed_is_lost_by_closing(window, project):
    library = window.context.library
    for clip in list(library.shown):
        library.decide("exclude", [clip])
    window.close()
    with open_project(project) as again:
        assert len(again.rooms.store.decisions()) == 3


def test_closing_asks_about_decisions_that_are_not_saved(window, monkeypatch):
    window.show_view("review")
    review = window.views["review"]
    said = []
    # Nobody presses a button of the box: that is to stay.
    monkeypatch.setattr(QMessageBox, "exec", lambda box: said.append(box.text()))
    monkeypatch.setattr(review, "unsaved", lambda: (2, "The disk is full. Free space."))
    assert not window.close()
    assert said == ["2 decisions are not saved."]
    assert window.context is not None
    window.open_project(window.context.project.folder.root)
    assert len(said) == 2
    monkeypatch.setattr(review, "unsaved", lambda: (0, ""))
    assert window.close()
    assert len(said) == 2


def test_after_an_index_the_way_to_a_ranking_is_one_press(window, qtbot):
    window.commands._lead_on(3)
    notice = notices(window, "library")["3 clips indexed"]
    assert notice.button == "Rank"
    started = []
    window.show_view("review")
    review = window.views["review"]
    qtbot.waitUntil(lambda: review.state.snapshot is not None)
    review.rank = lambda: started.append(True)
    notice.act()
    assert started
    assert window.actions_table.view == "review"
    assert "3 clips indexed" not in notices(window, "library") | notices(window, "review")


def test_who_decides_can_be_asked_by_key_alone(window, qtbot):
    assert window.actions_table.run("go.curator")
    field = window.curator_popup.field
    assert field.isVisible()
    field.setText("ann")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert window.context.curator == "ann"
    assert window.status.curator.text() == "ann"


def test_an_index_is_paused_between_two_clips_and_goes_on(qtbot, qapp, tmp_path):
    project = small_project(tmp_path, training=48)
    with dressed_window(qapp, tmp_path / "settings.ini") as window:
        with qtbot.waitSignal(window.opened, timeout=15000):
            window.open_project(project, view="library")
        jobs = window.context.jobs
        window.actions_table.run("run.index")
        (row,) = jobs.running("index")
        qtbot.waitUntil(lambda: 0 < committed(project) < 30, timeout=60000)
        jobs.pause(row.key)
        qtbot.wait(400)  # the step that was under way is finished
        held = committed(project)
        qtbot.wait(800)
        assert committed(project) == held < 48
        assert jobs.row(row.key).state is JobState.PAUSED
        jobs.go_on(row.key)
        qtbot.waitUntil(lambda: jobs.row(row.key).state is JobState.DONE, timeout=60000)
        assert committed(project) == 48
