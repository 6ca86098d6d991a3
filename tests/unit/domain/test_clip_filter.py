"""The filter language of Review's queues."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionlens.domain.clip_filter import ClipFacts, parse
from motionlens.domain.errors import UsageError

BALL = ClipFacts(
    name="clip-007.mp4",
    caption="A red ball falls",
    flags={"cartoon": 0.7, "frozen_frames": 0.3},
    numbers={"score": 0.41, "rank": 3, "frames": 48, "motion": 1.5},
    decision="exclude",
    answers={"ann": "exclude", "Bob": "keep"},
    tags=("pauses in mid-air", "stretches"),
)
BARE = ClipFacts(name="walk.mp4", caption="A man walks")


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("ball", True),
        ("RED clip-007", True),
        ('"red ball"', True),
        ('"ball red"', False),
        ("caption:ball", True),
        ("name:ball", False),
        ("flag:drawn", True),
        ("flag:cartoon", True),
        ('flag:"frozen frames"', True),
        ("flag:static", False),
        ("score>0.4", True),
        ("score > 0.4 rank<=3", True),
        ("score>=.41 and frames<48", False),
        ("q<.05", False),  # not known
        ("not q<.05", True),
        ("decision:excluded", True),
        ("decision:none", False),
        ("by:bob", True),
        ("by:carl", False),
        ("tag:pauses", True),
        ('tag:"mid-air"', True),
        ("is:disputed is:flagged is:judged", True),
        ("is:undecided", False),
        ("flag:static or tag:stretches", True),
        ("flag:static or (tag:stretches by:carl)", False),
        ("not (flag:static or by:carl)", True),
        ("-flag:drawn", False),
        ("-(flag:static) -walk", True),
        ("frames=48", True),
    ],
)
def test_conditions(text: str, passes: bool) -> None:
    assert parse(text)(BALL) is passes


def test_a_clip_without_anything_known() -> None:
    assert parse("man decision:none is:undecided not is:flagged")(BARE)
    assert not parse("score<1")(BARE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("scor>1", '"scor" is no field; there are flag, decision'),
        ("score>much", '"much" is no number'),
        ("flag>0.5", "a flag is named"),
        ("by>ann", "write by:ann"),
        ("decision:maybe", "is no decision"),
        ("is:nice", "is not known"),
        ("(ball", "a bracket is not closed"),
        ("ball)", "there is a ) too many"),
        ("ball or", "a condition is missing"),
        ("not", "a condition is missing after not"),
        ('caption:"ball', "quotation mark"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, why: str) -> None:
    with pytest.raises(UsageError) as told:
        parse(text)
    assert why in str(told.value.why)


@given(st.text(max_size=40))
def test_any_text_is_read_or_told(text: str) -> None:
    with contextlib.suppress(UsageError):
        parse(text)(BALL)
