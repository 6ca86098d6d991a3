"""Notices: two high a panel, replaced by title, errors in three parts."""

from __future__ import annotations

from motionlens.domain.errors import ModelError
from motionlens.session.notices import NoticesState


def test_a_third_notice_pushes_the_oldest_out():
    state, panels = NoticesState(), []
    state.changed.connect(panels.append)
    for title in ("one", "two", "three"):
        state.tell("info", title, panel="library")
    state.tell("info", "elsewhere", panel="train")
    assert [notice.title for notice in state.of("library")] == ["two", "three"]
    assert [notice.title for notice in state.of("train")] == ["elsewhere"]
    assert panels == ["library", "library", "library", "train"]


def test_the_same_title_replaces():
    state = NoticesState()
    state.tell("warn", "12 clips are missing", "old", panel="library")
    key = state.tell("warn", "12 clips are missing", "new", panel="library")
    assert [notice.text for notice in state.of("library")] == ["new"]
    state.close(key)
    assert state.of("library") == []


def test_an_error_says_what_why_and_what_next():
    state = NoticesState()
    state.error(ModelError("The model cannot run", "memory is short", "Use the CPU"), panel="train")
    (notice,) = state.of("train")
    assert (notice.tone, notice.title) == ("error", "The model cannot run")
    assert notice.text == "memory is short. Use the CPU."


def test_a_bug_is_told_as_ours(caplog):
    state = NoticesState()
    state.error(ZeroDivisionError("division by zero"), panel="")
    (notice,) = state.of("")
    assert notice.title == "MotionLens made a mistake"
    assert "ZeroDivisionError" in notice.text
    assert caplog.records[0].exc_info is not None
    caplog.clear()
