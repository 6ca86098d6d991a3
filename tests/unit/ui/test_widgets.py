"""Shared widgets: words, buttons that never clip, notices that close."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QWidget

from motionlens.session.notices import NoticesState
from motionlens.ui import words
from motionlens.ui.child_verb import progress_of
from motionlens.ui.palette import fuzzy
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import (
    Button,
    Chip,
    ElidedLabel,
    EmptyState,
    NoticeStack,
    SideEntry,
    SideList,
)
from motionlens.ui.widgets.notice import NoticeBox


@pytest.fixture
def theme(qapp):
    made = Theme()
    made.apply(qapp)
    return made


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "5 s"),
        (17, "20 s"),
        (59, "1 min"),
        (61, "2 min"),
        (3540, "59 min"),
        (6500, "1 h 50 min"),
    ],
)
def test_time_left_is_rounded_up_to_friendly_steps(seconds, said):
    assert words.span(seconds) == said


def test_numbers_have_a_true_minus_and_separators():
    assert words.signed(-0.061) == "−0.06"
    assert words.signed(0.41) == "+0.41"
    assert words.several(2400, "clip") == "2,400 clips"
    assert words.several(1, "person", "people") == "1 person"


@pytest.mark.parametrize(
    ("line", "share"),
    [("Indexing: 5 of 10, 20 s left", 0.5), ("Rendering: 1,200 of 2,400", 0.5), ("Hello", -1.0)],
)
def test_progress_lines_of_the_command_line_are_understood(line, share):
    assert progress_of(line) == (line, share)


def test_fuzzy_prefers_what_stands_together():
    assert fuzzy("exp", "Explain") == 0
    assert fuzzy("xq", "Explain") is None
    assert fuzzy("add", "Add clips") < fuzzy("acl", "Add clips")


def test_a_button_is_as_wide_as_its_words(theme, qtbot):
    for key, detail in (("", ""), ("Ctrl K", ""), ("X", "exclude clip")):
        button = Button(theme, "Ein ziemlich langes Wort", "x", key, "quiet", detail)
        qtbot.addWidget(button)
        least = QFontMetrics(theme.font(13, 500)).horizontalAdvance("Ein ziemlich langes Wort")
        least += QFontMetrics(theme.font(13, 500)).horizontalAdvance(detail)
        least += QFontMetrics(theme.font(11, 600)).horizontalAdvance(key)
        assert button.minimumSizeHint().width() > least + 16


def test_a_chip_closes_only_if_it_can(theme, qtbot):
    from PySide6.QtCore import Qt

    closed = []
    for closable in (False, True):
        parent = QWidget()
        qtbot.addWidget(parent)
        chip = Chip(theme, "Undecided", closable=closable)
        chip.setParent(parent)
        chip.closed.connect(lambda closable=closable: closed.append(closable))
        parent.show()
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert closed == [True]


def test_an_elided_label_keeps_its_whole_text(theme, qtbot):
    label = ElidedLabel(theme, "a rather long name of a clip")
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.show()
    assert label.text() == "a rather long name of a clip"
    assert label.toolTip() == label.text()
    assert super(ElidedLabel, label).text().endswith("…")


def test_an_empty_state_has_a_button_only_where_it_does_something(theme, qtbot):
    pressed = []
    empty = EmptyState(
        theme, "No clips yet", "Add some.", "Add clips", act=lambda: pressed.append(1)
    )
    qtbot.addWidget(empty)
    empty._button.click()
    assert pressed == [1]
    empty.show_state("No trial yet", "Later.")
    assert empty._button.isHidden()


def test_notices_take_space_and_close(theme, qtbot):
    state, done = NoticesState(), []
    stack = NoticeStack(theme, state, "library")
    qtbot.addWidget(stack)
    assert stack.isHidden()
    state.tell(
        "warn",
        "12 missing",
        "Index them.",
        panel="library",
        button="Index",
        act=lambda: done.append(1),
    )
    assert not stack.isHidden()
    box = stack.findChildren(NoticeBox)[-1]
    buttons = {b.text() or b.accessibleName(): b for b in box.findChildren(Button)}
    buttons["Index"].click()
    assert done == [1]
    buttons["Close the notice"].click()
    assert stack.isHidden()


def test_a_side_list_keeps_its_rows_while_counts_change(theme, qtbot):
    side, chosen = SideList(theme), []
    qtbot.addWidget(side)
    side.chosen.connect(chosen.append)
    side.set_entries([SideEntry("", "Clips"), SideEntry("a", "Training", "", 1)])
    row = side._rows["a"]
    side.set_entries([SideEntry("", "Clips"), SideEntry("a", "Training", "", 2)])
    assert side._rows["a"] is row
    assert row.accessibleName() == "Training, 2"
    row.click()
    assert chosen == ["a"]
