"""The action table: no key twice in a view, nothing dead, no held key that decides."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLineEdit, QListWidget, QMainWindow, QMenuBar, QPushButton

from motionlens.ui.action_table import EVERYWHERE, MENUS, TABLE, VIEWS
from motionlens.ui.actions import Actions
from motionlens.ui.key_filter import KeyFilter
from motionlens.ui.theme import Theme

NEVER = ("I", "[", "]", "\\", "Return", "Enter")


@pytest.fixture
def window(qtbot, qapp):
    theme = Theme()
    theme.apply(qapp)
    made = QMainWindow()
    made.theme = theme
    qtbot.addWidget(made)
    return made


def keys_of(spec):
    return [QKeySequence(key).toString() for key in spec.keys]


@pytest.mark.parametrize("view", sorted(EVERYWHERE))
def test_no_key_means_two_things_in_a_view(view):
    keys = [key for spec in TABLE if view in spec.views for key in keys_of(spec)]
    assert sorted(keys) == sorted(set(keys))


def test_ids_are_unique_keys_are_real_and_menus_are_known():
    assert len({spec.id for spec in TABLE}) == len(TABLE)
    for spec in TABLE:
        assert all(keys_of(spec)), spec
        assert spec.menu in (*MENUS, "")
        assert spec.views <= EVERYWHERE


def test_the_contracts_keys():
    keys = {spec.id: spec.keys for spec in TABLE}
    assert "X" in keys["judge.exclude"]
    assert "C" in keys["judge.keep"]
    assert "S" in keys["judge.later"]
    assert "A" in keys["move.back"]
    assert "D" in keys["move.next"]
    assert {"Z", "Ctrl+Z"} <= set(keys["judge.undo"])
    assert keys["project.quit"] == ("Ctrl+Q",)
    assert [keys[f"go.{view}"] for view in VIEWS] == [(f"Ctrl+{n}",) for n in range(1, 6)]


def test_keys_that_are_hard_on_some_keyboards_are_not_used():
    used = {key for spec in TABLE for key in spec.keys}
    assert not used & set(NEVER)


def test_a_held_key_never_decides(window):
    actions = Actions(window.theme, window)
    for spec in TABLE:
        if spec.id.startswith("judge."):
            assert not actions.action(spec.id).autoRepeat()


def test_a_command_without_a_handler_is_nowhere(window):
    actions = Actions(window.theme, window)
    actions.handle("judge.exclude", lambda: None, view="review")
    actions.set_view("review")
    assert [spec.id for spec in actions.listed()] == ["judge.exclude"]
    bar = QMenuBar()
    actions.fill_menus(bar)
    actions.refresh()
    assert [menu.text() for menu in bar.actions() if menu.isVisible()] == ["Clip"]
    actions.set_view("train")
    assert not actions.run("judge.exclude")


def test_each_view_has_its_own_handler(window):
    actions, ran = Actions(window.theme, window), []
    actions.handle("judge.exclude", lambda: ran.append("library"), view="library")
    actions.handle("judge.exclude", lambda: ran.append("review"), view="review")
    for view in ("review", "library"):
        actions.set_view(view)
        assert actions.run("judge.exclude")
    assert ran == ["review", "library"]


def test_a_disabled_command_says_why(window):
    actions = Actions(window.theme, window)
    actions.handle("run.index", lambda: None, enabled=lambda: "needs training clips")
    actions.set_view("library")
    assert not actions.action("run.index").isEnabled()
    assert actions.reason("run.index") == "needs training clips"
    assert not actions.run("run.index")


def test_an_unknown_command_is_a_mistake_at_once(window):
    with pytest.raises(KeyError):
        Actions(window.theme, window).handle("judge.nothing", lambda: None)


def test_letters_stay_in_a_field_and_work_elsewhere(window, qtbot):
    actions, ran = Actions(window.theme, window), []
    actions.handle("judge.exclude", lambda: ran.append("x"), view="review")
    actions.set_view("review")
    field = QLineEdit(window)
    window.setCentralWidget(field)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()  # a bare virtual screen has no window manager to do it
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_X)
    assert (field.text(), ran) == ("x", [])
    qtbot.keyClick(window, Qt.Key.Key_X)
    assert ran == ["x"]


def test_a_focused_button_keeps_space_and_a_list_its_arrows(window, qtbot, qapp):
    actions, ran = Actions(window.theme, window), []
    for name in ("play.toggle", "move.next"):
        actions.handle(name, lambda name=name: ran.append(name), view="review")
    actions.set_view("review")
    button, listed, pressed = QPushButton("b"), QListWidget(), []
    listed.addItems(["a", "b"])
    listed.setFlow(QListWidget.Flow.LeftToRight)
    button.clicked.connect(lambda: pressed.append(1))
    keys = KeyFilter()
    qapp.installEventFilter(keys)
    try:
        window.setCentralWidget(button)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()  # a bare virtual screen has no window manager to do it
        button.setFocus()
        qtbot.keyClick(button, Qt.Key.Key_Space)
        assert (pressed, ran) == ([1], [])
        qtbot.keyClick(window, Qt.Key.Key_Space)
        assert ran == ["play.toggle"]
        window.setCentralWidget(listed)
        listed.setFocus()
        listed.setCurrentRow(0)
        qtbot.keyClick(listed, Qt.Key.Key_Right)
        assert (listed.currentRow(), ran) == (1, ["play.toggle"])
    finally:
        qapp.removeEventFilter(keys)
