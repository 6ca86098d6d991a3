"""Settings, keys of one's own, and panes, in the real window."""

from __future__ import annotations

import os

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication

from motionlens.ui.action_table import EVERYWHERE, TABLE
from motionlens.ui.key_choice import swapped
from motionlens.ui.preferences import CHOICES, Preferences, scale_interface
from motionlens.ui.widgets import Button
from tests.support.window import dressed_window, small_project


@pytest.fixture
def project(tmp_path):
    return small_project(tmp_path, training=4)


@pytest.fixture
def window(qtbot, qapp, project, tmp_path):
    with dressed_window(qapp, tmp_path / "settings.ini") as made:
        with qtbot.waitSignal(made.opened, timeout=15000):
            made.open_project(project, view="review")
        view = made.views["review"]
        qtbot.waitUntil(lambda: view.state.current is not None, timeout=15000)
        yield made


def seen(view) -> bool:
    current = view.state.current
    return current is not None and view.state._painted == current.clip.id


def type_key(qtbot, window, id, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Change a command's key as a person does: find it, Tab, press."""
    editor = window.key_editor
    window.actions_table.run("go.change_keys")
    editor.field.setText(window.actions_table.specs[id].said)
    place = next(n for n, spec in enumerate(editor.table.specs) if spec.id == id)
    editor.list.selectRow(place)
    editor.list.setFocus()
    qtbot.keyClick(editor.list, Qt.Key.Key_Tab)
    assert editor.key.hasFocus() or editor.key.isAncestorOf(QApplication.focusWidget())
    qtbot.keyClick(QApplication.focusWidget(), key, modifier)
    qtbot.waitUntil(lambda: editor._said.text() != "", timeout=5000)
    said = editor._said.text()
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    return said


def test_a_new_key_decides_and_the_old_one_does_not(window, qtbot, project, tmp_path, qapp):
    view = window.views["review"]
    said = type_key(qtbot, window, "judge.exclude", Qt.Key.Key_Y, Qt.KeyboardModifier.AltModifier)
    assert said.endswith("has Alt+Y now")
    qtbot.waitUntil(lambda: seen(view), timeout=10000)
    qtbot.keyClick(view.candidate_stage, Qt.Key.Key_X)
    assert view.state.marks == {}
    qtbot.keyClick(view.candidate_stage, Qt.Key.Key_Y, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: view.state.counts.excluded == 1, timeout=10000)
    assert "Alt+Y" in window.actions_table.action("judge.exclude").toolTip()
    (button,) = [b for b in view.decisions.findChildren(Button) if b.text() == "Accept"]
    assert button.key == "Alt Y"
    window.close()
    with dressed_window(qapp, tmp_path / "settings.ini") as again:
        assert again.actions_table.specs["judge.exclude"].keys == ("Alt+Y", "F13")


def test_a_key_that_is_taken_is_refused_with_the_others_name(window, qtbot):
    said = type_key(qtbot, window, "judge.exclude", Qt.Key.Key_C)
    assert said == "C is taken: Reject: keep clip"
    assert window.actions_table.specs["judge.exclude"].keys == ("X", "O", "F13")


def test_the_usual_keys_come_back(window, qtbot):
    type_key(qtbot, window, "judge.keep", Qt.Key.Key_Y, Qt.KeyboardModifier.AltModifier)
    assert not window.key_choice.usual("judge.keep")
    assert window.key_choice.forget() == ""
    assert window.actions_table.specs["judge.keep"].keys == ("C", "P", "F14")


def test_other_keyboards_keep_the_hand_where_it_is(window):
    window.preferences.choose("keys", "qwertz")
    specs = window.actions_table.specs
    assert specs["judge.undo"].keys[0] == "Y"
    assert specs["play.lock"].keys == ("Z",)
    assert "Ctrl+Z" in specs["judge.undo"].keys
    window.preferences.choose("keys", "azerty")
    assert specs["move.back"].keys[0] == "Q"
    assert specs["judge.undo"].keys[0] == "W"


@pytest.mark.parametrize("preset", CHOICES["keys"])
@pytest.mark.parametrize("view", sorted(EVERYWHERE))
def test_no_preset_gives_a_key_two_meanings(view, preset):
    specs = [swapped(spec, preset) for spec in TABLE if view in spec.views]
    keys = [QKeySequence(key).toString() for spec in specs for key in spec.keys]
    assert sorted(keys) == sorted(set(keys))


def test_letters_on_a_card_judge_nothing(window, qtbot):
    view = window.views["review"]
    qtbot.waitUntil(lambda: seen(view), timeout=10000)
    qtbot.keyClick(view.candidate_stage, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert window.settings_card.isVisible()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_X)
    qtbot.wait(120)
    assert view.state.marks == {}
    qtbot.keyClick(window.settings_card, Qt.Key.Key_Escape)
    assert not window.settings_card.isVisible()
    assert view.candidate_stage.hasFocus()
    qtbot.wait(90)
    qtbot.keyClick(view.candidate_stage, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: view.state.counts.excluded == 1, timeout=10000)


def test_the_settings_card_keeps_what_is_chosen(window, qtbot, tmp_path):
    window.actions_table.run("go.settings")
    card = window.settings_card
    for name, value in (("motion", "reduced"), ("size", "150"), ("language", "tr")):
        combo = card.combos[name]
        combo.setCurrentIndex(combo.findData(value))
        combo.activated.emit(combo.currentIndex())
    assert window.views["review"].playback.start_paused
    kept = Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    window.settings.sync()
    assert (kept.value("motion"), kept.value("size"), kept.value("language")) == (
        "reduced", "150", "tr",
    )  # fmt: skip
    assert kept.calm


def test_a_clip_stands_still_where_motion_is_reduced(window, qtbot):
    view = window.views["review"]
    window.preferences.choose("motion", "reduced")
    qtbot.keyClick(view.candidate_stage, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: seen(view), timeout=10000)
    assert not view.playback.playing


def test_the_interface_is_scaled_on_top_of_the_users_own(tmp_path, monkeypatch):
    settings = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    monkeypatch.delenv("QT_SCALE_FACTOR", raising=False)
    scale_interface(settings)
    assert "QT_SCALE_FACTOR" not in os.environ
    Preferences(settings).choose("size", "125")
    scale_interface(settings)
    assert os.environ["QT_SCALE_FACTOR"] == "1.25"
    monkeypatch.setenv("QT_SCALE_FACTOR", "2")
    scale_interface(settings)
    assert os.environ["QT_SCALE_FACTOR"] == "2.5"


@pytest.mark.parametrize("view", ["library", "review", "explain", "train", "trial"])
def test_f6_goes_round_all_panes_and_back(window, qtbot, view):
    window.show_view(view)
    qtbot.wait(50)
    visited = []
    for _ in range(30):
        window.actions_table.run("go.next_pane")
        visited.append(QApplication.focusWidget())
    once = visited[: visited.index(visited[0], 1)]
    assert len(once) >= 2
    assert once == visited[len(once) : 2 * len(once)]
    window.actions_table.run("go.previous_pane")
    assert QApplication.focusWidget() is visited[-2]
