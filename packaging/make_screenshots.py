"""Draw the screenshots of the documentation from a demo project; called by `screenshots`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QDeadlineTimer, QEventLoop, QSettings, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from motionlens.ui.application import make_application
from motionlens.ui.theme import Theme
from motionlens.ui.window import MainWindow

SIZE = (1440, 900)
MOST_BYTES = 400_000
COLORS = 255
PATIENCE_MS = 90_000
# In the middle of the motion: the first frame of a clip says little.
FRAME = 6


def main() -> int:
    """Draw all four; the exit code."""
    project, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    app = make_application(sys.argv[:1])
    theme = Theme()
    theme.apply(app)
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        window = MainWindow(theme, settings)
        window.resize(*SIZE)
        window.show()
        wait(lambda: window.start.doctor_bar.known, "the machine is looked at")
        shoot(window, out / "first-run-dark.png")
        opened: list[bool] = []
        window.opened.connect(lambda: opened.append(True))
        window.open_project(project, view="library")
        wait(lambda: bool(opened) or bool(window.notices.of("start")), "the project is open")
        if not opened:
            print("; ".join(notice.title for notice in window.notices.of("start")), file=sys.stderr)
            return 2
        for view, ready in (("library", settle), ("review", review), ("train", train)):
            window.show_view(view)
            ready(window)
            shoot(window, out / f"{view}-dark.png")
        window.close()
    return 0


def review(window: MainWindow) -> None:
    """Both players stand at one frame, with arrows."""
    view = window.views["review"]
    playback = view.playback  # type: ignore[attr-defined]
    candidate, query = playback.candidate, playback.query

    def seen() -> bool:
        return candidate.image is not None and query.image is not None

    wait(seen, "both clips are on their stages")
    settle(window)
    playback.play(False)
    playback.seek(FRAME)
    wait(lambda: candidate.image is not None and candidate.image.frame == FRAME, "the frame")
    settle(window)


def train(window: MainWindow) -> None:
    """The losses of the newest run are there."""
    context = window.context
    if context is not None:
        wait(lambda: bool(context.runs.losses), "the losses are read")
    settle(window)


def settle(window: MainWindow) -> None:
    """Every picture that is on the screen is made."""
    spin(700)
    context = window.context
    if context is not None:
        wait(lambda: context.thumbnails.idle, "the thumbnails are made")
    spin(500)


def shoot(window: MainWindow, path: Path) -> None:
    """Save what the window shows, small enough for a repository."""
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    image.save(str(path), "PNG", 0)  # type: ignore[call-overload]
    if path.stat().st_size > MOST_BYTES:
        quantised(image).save(str(path), "PNG", 0)  # type: ignore[call-overload]
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def quantised(image: QImage) -> QImage:
    """The same picture in 255 colours that are chosen for it."""
    height, width, stride = image.height(), image.width(), image.bytesPerLine()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, stride)[:, : width * 3]
    colors, places, counts = np.unique(
        pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )
    palette = _palette(colors, counts)
    nearest = np.concatenate(
        [
            np.square(part[:, None].astype(np.int32) - palette[None].astype(np.int32))
            .sum(axis=2)
            .argmin(axis=1)
            for part in np.array_split(colors, max(1, len(colors) // 2000))
        ]
    ).astype(np.uint8)
    small = QImage(width, height, QImage.Format.Format_Indexed8)
    small.setColorTable([0xFF000000 | r << 16 | g << 8 | b for r, g, b in palette.tolist()])
    target = np.frombuffer(small.bits(), np.uint8).reshape(height, small.bytesPerLine())
    target[:, :width] = nearest[places].reshape(height, width)
    return small


def _palette(colors: NDArray[np.uint8], counts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """255 colours: the most frequent ones as they are, so that the window's greys stay exact, and
    the means of clusters for the pictures in it."""
    order = np.argsort(-counts)
    exact, rest = colors[order[:48]], order[48:]
    rng = np.random.default_rng(0)
    weights = np.sqrt(counts[rest])
    size = min(len(rest), 12_000)
    sample = colors[rng.choice(rest, size, replace=False, p=weights / weights.sum())]
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_MAX_ITER, 12, 0.0)
    count = min(COLORS - len(exact), len(sample))
    _, _, centres = cv2.kmeans(
        sample.astype(np.float32), count, np.empty(0), stop, 1, cv2.KMEANS_PP_CENTERS
    )
    return np.concatenate([exact, np.rint(centres).astype(np.uint8)])


def spin(milliseconds: int) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait(until: Callable[[], bool], what: str) -> None:
    """Let the window live until something is true; ends the program where it never is."""
    deadline = QDeadlineTimer(PATIENCE_MS)
    while not until():
        if deadline.hasExpired():
            QApplication.closeAllWindows()
            raise SystemExit(f"Waited in vain until {what}")
        spin(50)


if __name__ == "__main__":
    sys.exit(main())
