"""The box on a query, and the span on its curve."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from motionlens.domain.clip import Region, Span
from motionlens.domain.ranking import Part
from motionlens.ui.explain.region import FIRST, nudged
from tests.support.window import dressed_window, small_project


def test_the_first_press_makes_a_box_and_others_move_it_inside_the_frame() -> None:
    assert nudged(None, "left") == FIRST
    assert nudged(FIRST, "left") == Region(0.24, 0.25, 0.5, 0.5)
    edge = Region(0.5, 0.5, 0.5, 0.5)
    assert nudged(edge, "right") == edge
    assert nudged(edge, "taller") == Region(0.5, 0.49, 0.5, 0.51)
    assert nudged(Region(0, 0, 0.02, 0.02), "narrower") == Region(0, 0, 0.02, 0.02)


def test_it_is_told_in_words() -> None:
    assert Part().words == "whole frame, all frames"
    assert Part(FIRST).words == "25, 25 to 75, 75 % of the frame, all frames"


@pytest.fixture
def asking(qtbot, qapp, tmp_path):
    with dressed_window(qapp, tmp_path / "settings.ini") as window:
        with qtbot.waitSignal(window.opened, timeout=15000):
            window.open_project(small_project(tmp_path), view="explain")
        view = window.views["explain"]
        qtbot.waitUntil(lambda: view.players.candidate.clip is not None, timeout=15000)
        yield view


def drag(qtbot, curve, first, last):
    def at(frame):
        area = curve._area()
        return QPoint(round(area.left() + area.width() * frame / (curve._count - 1)), 20)

    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(curve, left, pos=at(first))
    qtbot.mouseMove(curve, at(last))
    qtbot.mouseRelease(curve, left, pos=at(last))


def test_a_span_is_dragged_on_the_querys_curve_before_it_is_analysed(asking, qtbot):
    curve = asking._question._curve
    assert curve.isVisible()
    assert curve.accessibleName() == "Motion: not analysed yet"
    drag(qtbot, curve, 6, 2)
    assert asking.state.part.span == Span(2, 7)
    assert asking.players.candidate.loop.first == 2
    assert asking.players.candidate.loop.last == 6
    assert curve._span == (2, 6)
    asking._question.whole_query()
    assert asking.state.part.span is None


def test_a_click_on_the_curve_goes_to_a_frame_and_marks_nothing(asking, qtbot):
    curve, player = asking._question._curve, asking.players.candidate
    asking.players.playback.play(False)
    drag(qtbot, curve, 5, 5)
    qtbot.waitUntil(lambda: player.image is not None and player.image.frame == 5, timeout=10000)
    assert asking.state.part.span is None
