"""Draw the screenshots of the documentation from a demo project; called by `screenshots`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QDeadlineTimer, QEventLoop, QSettings, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from motionlens.domain.requests import PLAYER_OVERLAYS
from motionlens.ui.application import make_application
from motionlens.ui.overlays import Overlay
from motionlens.ui.theme import Theme
from motionlens.ui.window import MainWindow

SIZE = (1440, 900)
MOST_BYTES = 400_000
EXACT = 64
PATIENCE_MS = 90_000
# In the middle of the motion: the first frame of a clip says little.
FRAME = 6


def main() -> int:
    """Draw every view in both schemes; the exit code."""
    project, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    app = make_application(sys.argv[:1])
    theme = Theme()
    theme.apply(app)
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        settings.setValue("curator", "curator 1")
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
        for scheme in ("dark", "light"):
            theme.set_scheme(scheme, app)
            for view, ready in (
                ("library", settle), ("review", review), ("explain", explain), ("train", train),
            ):  # fmt: skip
                window.show_view(view)
                ready(window)
                shoot(window, out / f"{view}-{scheme}.png")
            shoot_card(window, "go.keys", window.sheet, out / f"keys-{scheme}.png")
        theme.set_scheme("dark", app)
        shoot_card(window, "go.settings", window.settings_card, out / "settings-dark.png")
        window.show_view("review")
        review(window)
        for overlay in PLAYER_OVERLAYS:
            shoot_overlay(window, overlay, out / f"overlay-{overlay}.png")
        window.actions_table.run("look.blind")
        review(window)
        shoot(window, out / "review-blind-dark.png")
        window.actions_table.run("look.blind")
        window.resize(1280, 720)
        review(window)
        shoot(window, out / "review-1280x720-dark.png")
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


def shoot_card(window: MainWindow, action: str, card: Overlay, path: Path) -> None:
    """What lies over Review for a moment."""
    window.show_view("review")
    window.actions_table.run(action)
    spin(300)
    shoot(window, path)
    card.close_overlay()


def shoot_overlay(window: MainWindow, overlay: str, path: Path) -> None:
    """The candidate's stage alone, with one overlay and its legend."""
    view = window.views["review"]
    candidate = view.playback.candidate  # type: ignore[attr-defined]
    candidate.set_overlays(frozenset({overlay}))

    def ready() -> bool:
        image = candidate.image
        if overlay == "influence" and not has_map(window):
            return False
        return image is not None and image.overlays == {overlay} and not image.pending

    wait(ready, f"{overlay} is drawn")
    spin(300)
    view.candidate_stage.grab().toImage().save(str(path), "PNG", 0)  # type: ignore[attr-defined]
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def has_map(window: MainWindow) -> bool:
    """Whether the candidate's influence map is there."""
    view = window.views["review"]
    players = view.players  # type: ignore[attr-defined]
    return players.influence.layer(players.candidate.clip.id) is not None


def explain(window: MainWindow) -> None:
    """The first query was asked, and its strongest clip is focused, with its map."""
    view = window.views["explain"]
    if view.state.answer is None:  # type: ignore[attr-defined]
        window.actions_table.run("run.explain")
    wait(lambda: view.state.answer is not None, "the query is answered")  # type: ignore[attr-defined]
    settle(window)
    players = view.players  # type: ignore[attr-defined]
    if "influence" not in players.query.overlays:
        window.actions_table.run("look.influence")
    clip = players.query.clip
    wait(lambda: players.influence.layer(clip.id) is not None, "the map is made")
    players.playback.play(False)
    players.playback.seek(FRAME)
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
    for bits in range(1, 5):
        if path.stat().st_size <= MOST_BYTES:
            break
        rounded(image, bits).save(str(path), "PNG", 0)  # type: ignore[call-overload]
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def rounded(image: QImage, bits: int) -> QImage:
    """The same picture with the lowest bits of its colours rounded away, but for the most frequent
    ones: the window's greys stay exact, and what is rounded are the pictures in it."""
    height, width, stride = image.height(), image.width(), image.bytesPerLine()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, stride)[:, : width * 3]
    colors, places, counts = np.unique(
        pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )
    step = 1 << bits
    fewer = (np.minimum(colors.astype(int) + step // 2, 255) // step * step).astype(np.uint8)
    frequent = np.argsort(-counts)[:EXACT]
    fewer[frequent] = colors[frequent]
    out = np.ascontiguousarray(fewer[places.reshape(-1)].reshape(height, width, 3))
    return QImage(out.data, width, height, width * 3, QImage.Format.Format_RGB888).copy()


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
