"""The decoder of the real window is killed while a clip plays: told in words, and work goes on."""

from __future__ import annotations

import os
import signal

import pytest
from PySide6.QtCore import Qt

from motionlens.app.isolated_renderer import IsolatedRenderer
from tests.support.processes import gone, linux
from tests.support.window_driver import Curator

pytestmark = linux


def stop(curator: Curator) -> int:
    """Stop the decoder while it owes a frame of the candidate; its process number."""
    renderer = curator.window.context.project.rooms.renderer
    paths = curator.window.views["review"].playback.candidate.clip.paths
    for _ in range(100):
        child = renderer.child
        os.kill(child, signal.SIGSTOP)
        ask_for_a_frame(curator, renderer)
        if renderer._last in paths:
            return int(child)
        # It is one of a clip that comes later: nobody looks at that yet.
        os.kill(child, signal.SIGCONT)
        curator.wait_ms(50)
    raise AssertionError("no frame of the candidate is ever waited for")


def ask_for_a_frame(curator: Curator, renderer: IsolatedRenderer) -> None:
    """Step until a frame is wanted that was not made ahead: a fast machine has the next few."""
    for key in (Qt.Key.Key_Period, Qt.Key.Key_End, Qt.Key.Key_Home) * 5:
        curator.press(key)
        for _ in range(20):
            if renderer._asking.locked():
                return
            curator.wait_ms(15)
    raise AssertionError("every frame of the clip is there already")


def lose(curator: Curator, number: int) -> list[str]:
    """Kill the decoder while it owes a frame; what the player then says."""
    player = curator.window.views["review"].playback.candidate
    told: list[str] = []
    player.failed.connect(listener := lambda error: told.append(error.sentence()))
    child = stop(curator)
    os.kill(child, number)
    os.kill(child, signal.SIGCONT)
    curator.until(lambda: bool(told), "the player says so")
    player.failed.disconnect(listener)
    assert gone(child)
    return told


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_the_window_lives_says_so_and_plays_the_next_clip(opened, project, number):
    seen: list[str] = []

    def script(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the candidate is painted")
        first = curator.clip
        (said, *_) = lose(curator, number)
        assert said.startswith("The decoder stopped while reading")
        assert number.name in said
        assert "Skip" in said
        # Its decision can be made all the same, and the next clip is shown by a new decoder.
        assert curator.judge(Qt.Key.Key_X) == first
        curator.until(lambda: curator.clip != first and curator.seen, "the next clip is painted")
        seen.append(curator.clip)
        curator.quit()

    assert opened(project, script) == 0
    assert seen


def test_no_decoder_is_left_when_the_window_closes(opened, project):
    children: list[int] = []

    def script(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the candidate is painted")
        rooms = curator.window.context.project.rooms
        children.append(rooms.renderer.child)
        curator.quit()

    assert opened(project, script) == 0
    assert children != [None]
    assert all(gone(child) for child in children)


def test_a_window_whose_decoder_hangs_closes(opened, project):
    children: list[int] = []

    def script(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the candidate is painted")
        children.append(stop(curator))
        curator.quit()

    assert opened(project, script) == 0
    assert gone(children[0])
