"""The box on a query."""

from __future__ import annotations

from motionlens.domain.clip import Region
from motionlens.domain.ranking import Part
from motionlens.ui.explain.region import FIRST, nudged


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
