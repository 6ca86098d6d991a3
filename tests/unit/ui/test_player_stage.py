"""The player in the real window: typed frames, speeds, zoom, bare frames, themes, no flash."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from tests.support.window import dressed_window, small_project

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(qtbot, qapp, tmp_path):
    project = small_project(tmp_path, training=3)
    with dressed_window(qapp, tmp_path / "settings.ini") as made:
        with qtbot.waitSignal(made.opened, timeout=15000):
            made.open_project(project, view="review")
        view = made.views["review"]
        qtbot.waitUntil(lambda: painted(view), timeout=15000)
        made.activateWindow()
        yield made


def painted(view) -> bool:
    candidate = view.playback.candidate
    return candidate.image is not None and candidate.painted_frame is not None


def press(qtbot, window, key, modifier=PLAIN):
    qtbot.keyClick(window.views["review"].candidate_stage, key, modifier)


def shown(view) -> int:
    image = view.playback.candidate.image
    return -1 if image is None else image.frame


def test_a_typed_frame_is_gone_to_and_a_wrong_one_is_told(window, qtbot):
    view = window.views["review"]
    press(qtbot, window, Qt.Key.Key_G, CONTROL)
    jump = view.players._jump
    assert jump.field.hasFocus()
    qtbot.keyClicks(jump.field, "99")
    qtbot.keyClick(jump.field, Qt.Key.Key_Return)
    assert jump._words.text() == "This clip's frames go from 0 to 7"
    qtbot.keyClicks(jump.field, "5")
    assert jump._words.text() == ""
    qtbot.keyClick(jump.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown(view) == 5, timeout=5000)
    assert not view.playback.playing
    assert view.candidate_stage.hasFocus()


def test_esc_leaves_the_field_and_no_letter_judges(window, qtbot):
    view = window.views["review"]
    press(qtbot, window, Qt.Key.Key_G, CONTROL)
    qtbot.keyClicks(view.players._jump.field, "xc")
    qtbot.keyClick(view.players._jump.field, Qt.Key.Key_Escape)
    assert not view.players._jump.isVisible()
    assert view.candidate_stage.hasFocus()
    assert view.state.marks == {}


def test_speeds_by_key_are_told_on_the_bar(window, qtbot):
    view = window.views["review"]
    press(qtbot, window, Qt.Key.Key_Greater)
    assert (view.playback.speed, view.transport._quarter.text()) == (2.0, "2×")
    for _ in range(4):
        press(qtbot, window, Qt.Key.Key_Less)
    assert (view.playback.speed, view.transport._quarter.text()) == (0.125, "⅛×")
    press(qtbot, window, Qt.Key.Key_W, SHIFT)
    assert (view.playback.speed, view.transport._quarter.text()) == (1.0, "¼×")
    press(qtbot, window, Qt.Key.Key_R, SHIFT)
    assert view.playback.every
    assert "every frame" in view.transport._of.text()


def test_every_frame_of_a_clip_is_painted_in_the_mode_for_it(window, qtbot):
    view = window.views["review"]
    view.playback.play(False)
    view.playback.seek(0)
    qtbot.waitUntil(lambda: shown(view) == 0, timeout=5000)
    seen: list[int] = []
    view.candidate_stage.painted.connect(lambda clip, frame, turn: seen.append(frame))
    view.playback.toggle_every()
    view.playback.step_speed(2)
    view.playback.play(True)
    qtbot.waitUntil(lambda: len(set(seen)) == 8 and seen[-1] < seen[-2], timeout=15000)
    runs = [frame for n, frame in enumerate(seen) if n == 0 or frame != seen[n - 1]]
    steps = {(b - a) % 8 for a, b in itertools.pairwise(runs)}
    assert steps == {1}
    assert view.playback.candidate.timing.dropped == 0


def test_the_wheel_zooms_at_the_cursor_and_keys_go_back(window, qtbot):
    view = window.views["review"]
    stage, player = view.candidate_stage, view.playback.candidate
    at = stage.picture_rect().center() + QPointF(20, 0)
    event = QWheelEvent(
        at, stage.mapToGlobal(at), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, PLAIN,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(stage, event)
    assert player.zoom is not None
    assert player.zoom.words == "400 %"
    press(qtbot, window, Qt.Key.Key_Equal, CONTROL)
    assert player.zoom.words == "600 %"
    press(qtbot, window, Qt.Key.Key_Minus, CONTROL)
    assert player.zoom.words == "400 %"
    press(qtbot, window, Qt.Key.Key_0, CONTROL)
    assert player.zoom is None


def test_bare_frames_while_h_is_held(window, qtbot):
    view = window.views["review"]
    stage, player = view.candidate_stage, view.playback.candidate
    qtbot.keyPress(stage, Qt.Key.Key_H)
    assert player.bare
    assert view.transport._overlays["arrows"].isChecked()
    qtbot.waitUntil(lambda: player.image.overlays == frozenset(), timeout=5000)
    qtbot.keyRelease(stage, Qt.Key.Key_H)
    assert not player.bare
    qtbot.waitUntil(lambda: player.image.overlays == {"arrows"}, timeout=5000)


def test_the_last_picture_stays_until_the_next_clip_s_frame(window, qtbot):
    view = window.views["review"]
    stage, player = view.candidate_stage, view.playback.candidate
    view.playback.play(False)
    before = stage.grab().toImage()
    assert stage._own_image() is not None
    other = view.state.candidate(view.state.order[1]).clip
    gate = window.context.project.lanes.media.submit(
        "Hold the lane", lambda token: token.pause() or token.check()
    )
    try:
        view.players.playables.get(other, player.show)
        qtbot.waitUntil(lambda: player.clip.id == other.id, timeout=5000)
        # Its picture is kept, its number and arrows are not; the clock has no time to run out.
        stage._late.stop()
        assert stage._own_image() is None
        assert stage._kept
        now = stage.grab().toImage()
        middle = stage.picture_rect().center().toPoint()
        assert now.pixelColor(middle) == before.pixelColor(middle)
        corner = QPoint(stage.width() - 12, stage.height() - 12)
        assert now.pixelColor(corner) != before.pixelColor(corner)
        stage._too_late()
        assert not stage._kept
    finally:
        gate.token.go_on()
    qtbot.waitUntil(lambda: stage._own_image() is not None, timeout=5000)


def test_the_theme_is_switched_while_the_window_is_open_and_kept(window, qtbot):
    window.actions_table.run("theme.light")
    assert window.theme.scheme == "light"
    assert window.actions_table.action("theme.light").isChecked()
    assert not window.actions_table.action("theme.dark").isChecked()
    assert window.settings.value("theme") == "light"
    window.actions_table.run("theme.dark")
    assert window.theme.scheme == "dark"


def test_the_library_plays_the_clip_that_is_chosen(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_1, CONTROL)
    view = window.views["library"]
    players = view.inspector.players
    clip = window.context.library.shown[1]
    window.context.library.select((clip,), clip)
    qtbot.waitUntil(lambda: players.candidate.image is not None, timeout=15000)
    assert players.candidate.image.clip == clip
    assert players.clock.running
    qtbot.keyClick(window, Qt.Key.Key_2, CONTROL)
    assert not players.clock.running
