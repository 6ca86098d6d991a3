"""Every control of every view has a name and a role, and can be reached by Tab."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QWidget,
)

from motionlens.ui import announcer
from motionlens.ui.action_table import VIEWS
from tests.support.window import dressed_window, small_project

CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit,
    QPlainTextEdit,
)  # fmt: skip


@pytest.fixture
def window(qtbot, qapp, tmp_path):
    with dressed_window(qapp, tmp_path / "settings.ini") as made:
        with qtbot.waitSignal(made.opened, timeout=15000):
            made.open_project(small_project(tmp_path, training=4), view="library")
        yield made


def shown(window) -> list[QWidget]:
    return [widget for widget in window.findChildren(QWidget) if widget.isVisible()]


def takes_tab(widget) -> bool:
    return bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)


def spoken(widget) -> tuple[str, QAccessible.Role]:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None, widget
    return interface.text(QAccessible.Text.Name), interface.role()


def described(widget) -> str:
    return f"{type(widget).__name__} {widget.objectName()!r} in {type(widget.parent()).__name__}"


@pytest.mark.parametrize("view", ["start", *VIEWS])
def test_what_takes_the_keys_says_its_name(window, qtbot, view):
    window.show_view(view) if view != "start" else window._show("start")
    qtbot.wait(300)
    nameless = []
    for widget in shown(window):
        parent = widget.parent()
        if isinstance(widget, QScrollBar):
            continue  # of an area that is scrolled by its own keys
        inside = isinstance(parent, QComboBox | QAbstractSpinBox | QAbstractItemView)
        if not (takes_tab(widget) or isinstance(widget, CONTROLS)) or inside:
            continue
        name, _ = spoken(widget)
        if not name.strip():
            nameless.append(described(widget))
    assert nameless == []


@pytest.mark.parametrize("view", VIEWS)
def test_own_widgets_that_show_something_have_a_role_and_words(window, qtbot, view):
    """What is painted by hand is silent unless it says something: bars, curves, stages."""
    window.show_view(view)
    qtbot.wait(300)
    silent = []
    for widget in shown(window):
        ours = type(widget).__module__.startswith("motionlens.")
        painted = "paintEvent" in type(widget).__dict__
        if not ours or not painted or isinstance(widget, QLineEdit | QComboBox):
            continue
        name, role = spoken(widget)
        # A key cap repeats the key that its button's tooltip has.
        if not name.strip() and type(widget).__name__ != "KeyCap":
            silent.append(described(widget))
        assert role is not QAccessible.Role.NoRole, described(widget)
    assert silent == []


@pytest.mark.parametrize("view", VIEWS)
def test_tab_reaches_every_button_without_a_trap(window, qtbot, view):
    window.show_view(view)
    qtbot.wait(300)
    wanted = {
        w for w in shown(window)
        if isinstance(w, QAbstractButton) and w.isEnabled() and takes_tab(w)
    }  # fmt: skip
    reached, focus = set(), window.header.tabs[view]
    focus.setFocus()
    for _ in range(5000):
        focus = focus.nextInFocusChain()
        if focus in wanted:
            reached.add(focus)
    assert {described(w) for w in wanted - reached} == set()
    start = window.focusWidget()
    places = []
    for _ in range(200):
        qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        places.append(window.focusWidget())
        if places[-1] is start:
            break
    assert start in places, f"Tab stays in {described(places[-1])}"


@pytest.fixture
def said(monkeypatch):
    """What a screen reader would be told."""
    told = []
    monkeypatch.setattr(announcer.QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(
        announcer.QAccessible, "updateAccessibility", lambda event: told.append(event.message())
    )
    return told


def test_a_decision_is_announced_once_it_is_saved(window, qtbot, said):
    window.show_view("review")
    view = window.views["review"]
    qtbot.waitUntil(lambda: view.state.current is not None, timeout=10000)
    current = view.state.current
    qtbot.waitUntil(lambda: view.state._painted == current.clip.id, timeout=10000)
    qtbot.keyClick(view.candidate_stage, Qt.Key.Key_X)
    wanted = f"Excluded 1, {current.clip.name}, saved"
    qtbot.waitUntil(lambda: wanted in said, timeout=10000)
    assert said.count(wanted) == 1


def test_of_notices_the_newest_is_announced_every_five_seconds(window, qtbot, said):
    said.clear()
    now = [100.0]
    speaker = announcer.Announcer(window, lambda: now[0])
    for text in ("first", "second", "third"):
        speaker.notice(text)
    assert said == ["first"]
    assert speaker._later.isActive()
    assert speaker._later.interval() == 5001
    now[0] += 5.0
    speaker._later.timeout.emit()
    assert said == ["first", "third"]
