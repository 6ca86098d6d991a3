"""A window on a small real project, for the tests of `ui`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from motionlens.app import create_project
from motionlens.ui.theme import Theme
from motionlens.ui.window import MainWindow


def small_project(root: Path, training: int = 3, generations: int = 1) -> Path:
    """A project with a few small clips that move: a square that slides at its own speed."""
    media = root / "media"
    with create_project(root / "project") as project:
        for place in range(training + generations):
            frames = np.full((8, 48, 64, 3), 30 + 10 * place % 190, np.uint8)
            for n in range(8):
                left = 2 + n * (1 + place)
                frames[n, 16:32, left : left + 12] = 220
            role = "training" if place < training else "generation"
            path = media / role / f"{role}_{place}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            project.rooms.reader.write(path, frames, 8.0)
        project.add([media / "training"])
        if generations:
            project.add([media / "generation"], role="generation")
    return root / "project"


@contextmanager
def dressed_window(app: QApplication, settings: Path) -> Iterator[MainWindow]:
    """A window with private settings, closed at the end with all its lanes."""
    theme = Theme()
    theme.apply(app)
    window = MainWindow(theme, QSettings(str(settings), QSettings.Format.IniFormat))
    # What `doctor` says is another test's matter; its process would outlive a short one.
    window.start.doctor_bar._asked = True
    window.resize(1440, 900)
    window.show()
    window.activateWindow()  # a bare virtual screen has no window manager to do it
    try:
        yield window
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()
