"""The real window for a benchmark: opened on a project made by script, and driven by its keys."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from motionlens.app import create_project, open_project
from motionlens.domain.errors import UsageError
from motionlens.media import PyAVReader
from motionlens.ui.application import SWITCH_INTERVAL_S, make_application
from motionlens.ui.key_filter import KeyFilter
from motionlens.ui.review.view import ReviewView
from motionlens.ui.theme import Theme
from motionlens.ui.window import MainWindow

PATIENCE_S = 120.0


class Bench:
    """Hands and eyes at an open window."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    @property
    def review(self) -> ReviewView:
        view = self.window.views["review"]
        if not isinstance(view, ReviewView):
            raise TypeError("the window shows no Review")
        return view

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
        """One key, to whatever has the focus."""
        focus: QWidget = QApplication.focusWidget() or self.window
        QTest.keyClick(focus, key, modifier or Qt.KeyboardModifier.NoModifier)

    def live(self, milliseconds: int) -> None:
        """Let the window live for so long."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Let the window live until something is so.

        Raises
        ------
        UsageError
            It was not so after two minutes.
        """
        end = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > end:
                raise UsageError("The window cannot be measured", f"waited in vain until {what}")
            self.live(2)

    def show(self, name: str) -> None:
        """Put the clip of this name on the stage, and wait until it is painted."""
        state = self.review.state
        places = [n for n, c in enumerate(state.queue) if c.clip.name == name]
        if not places:
            raise UsageError("The window cannot be measured", f"{name} is not in its queue")
        state.go(places[0])
        self.until(lambda: self.painted_clip == name, f"{name} is painted")

    @property
    def painted_clip(self) -> str:
        """Name of the clip whose frame is on the stage."""
        current = self.review.state.current
        image = self.review.players.candidate.image
        if current is None or image is None or image.clip != current.clip.id:
            return ""
        return current.clip.name if self.review.players.candidate.painted_frame is not None else ""


@contextmanager
def opened(project: Path, width: int, height: int) -> Iterator[Bench]:
    """The window on a project, in Review, with its first clip painted."""
    with opened_on(project, "review", width, height) as (bench, _):
        bench.until(lambda: bool(bench.painted_clip), "the first clip is painted")
        yield bench


@contextmanager
def opened_on(project: Path, view: str, width: int, height: int) -> Iterator[tuple[Bench, float]]:
    """The window in a view, and the ms until it was there; on a screen of its own where there is
    none."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = make_application(sys.argv[:1])
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    theme = Theme()
    theme.apply(app)
    keys = KeyFilter(app)
    app.installEventFilter(keys)
    settings = QSettings(str(project.parent / "window.ini"), QSettings.Format.IniFormat)
    window = MainWindow(theme, settings)
    window.resize(width, height)
    window.show()
    bench = Bench(window)
    bench.live(200)
    began = time.perf_counter()
    window.open_project(project, view=view)
    try:
        bench.until(lambda: view in window.views, "the project is open")
        bench.live(1)  # its first paint
        shown_ms = 1000 * (time.perf_counter() - began)
        window.resize(width, height)
        window.activateWindow()
        yield bench, shown_ms
    finally:
        jobs = window.context.jobs if window.context else None
        if jobs is not None:
            for row in jobs.live:
                jobs.cancel(row.key)
        bench.live(50)
        window.close()
        window.deleteLater()
        app.removeEventFilter(keys)
        bench.live(20)  # the window is deleted by the event loop
        sys.setswitchinterval(interval)


def make_clips_project(folder: Path, clips: dict[str, tuple[int, int, int]], query: str) -> Path:
    """A project of clips made by script, analysed; name -> (width, height, frames), 30 a second.

    The clip named `query` is a generation, which Review shows beside the candidate.
    """
    media, asked = folder / "clips", folder / "generations"
    for number, (name, (width, height, frames)) in enumerate(clips.items()):
        path = (asked if name == query else media) / f"{name}.mp4"
        path.parent.mkdir(exist_ok=True)
        PyAVReader().write(path, moving(frames, height, width, number), 30.0)
    create_project(folder / "project").close()
    with open_project(folder / "project") as project:
        project.add([media])
        project.add([asked], role="generation")
        project.analyse()
    return folder / "project"


def moving(frames: int, height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """(F, H, W, 3) RGB: a texture with a patch that crosses it; detail enough to cost a decoder
    what footage does."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 215, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    ground = coarse.repeat(8, 0).repeat(8, 1)[:height, :width]
    patch = rng.integers(0, 255, (height // 4, width // 5, 3), dtype=np.uint8)
    made = np.empty((frames, height, width, 3), np.uint8)
    for n in range(frames):
        made[n] = ground
        left = (n * max(1, width // 160)) % (width - patch.shape[1])
        top = height // 3
        made[n, top : top + patch.shape[0], left : left + patch.shape[1]] = patch
    return made
