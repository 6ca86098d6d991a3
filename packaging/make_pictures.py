"""Draws the three pictures of the start page from the simulated world: run it again any time.

.venv/bin/python packaging/make_pictures.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

WIDTH, HEIGHT = 744, 416
FRAME = 9


def main() -> None:
    """Write `resources/pictures/*.jpg`."""
    from PySide6.QtGui import QGuiApplication

    app = QGuiApplication([*sys.argv[:1], "-platform", "offscreen"])
    folder = ROOT / "resources" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in (("demo", demo()), ("clips", clips()), ("generation", generation())):
        picture.save(str(folder / f"{name}.jpg"), "JPG", 90)
    del app


def demo():  # type: ignore[no-untyped-def]
    """One clip with the arrows of its real flow."""
    frames = moving(3, "clean")
    image = cover(frames[FRAME], WIDTH, HEIGHT)
    flow = measured(frames[FRAME], frames[FRAME + 1])
    arrows(image, flow)
    return image


def clips():  # type: ignore[no-untyped-def]
    """Nine clips."""
    from PySide6.QtGui import QColor, QImage, QPainter

    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor("#131315"))
    painter = QPainter(image)
    wide, high = WIDTH // 3, HEIGHT // 3
    for place in range(9):
        frames = moving(20 + place, "clean")
        part = cover(frames[FRAME], wide - 2, high - 2)
        painter.drawImage(place % 3 * wide + 1, place // 3 * high + 1, part)
    painter.end()
    return image


def generation():  # type: ignore[no-untyped-def]
    """A clip that moves wrongly, darkened but for the marked region."""
    from PySide6.QtCore import QRectF, Qt
    from PySide6.QtGui import QColor, QPainter, QPen

    frames = moving(5, "stretch")
    image = cover(frames[FRAME], WIDTH, HEIGHT)
    flow = measured(frames[FRAME - 1], frames[FRAME])
    length = np.hypot(flow[..., 0], flow[..., 1])
    rows, columns = np.nonzero(length > max(1.0, length.max() / 3))
    scale = WIDTH / flow.shape[1]
    top = (flow.shape[0] * scale - HEIGHT) / 2
    if rows.size:
        left, right = columns.min() * scale - 30, columns.max() * scale + 30
        high, low = rows.min() * scale - top - 30, rows.max() * scale - top + 30
    else:
        left, right, high, low = WIDTH * 0.3, WIDTH * 0.7, HEIGHT * 0.3, HEIGHT * 0.8
    box = QRectF(left, high, right - left, low - high).intersected(
        QRectF(24, 24, WIDTH - 48, HEIGHT - 48)
    )
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    bright = image.copy(box.toRect())
    painter.fillRect(image.rect(), QColor(0, 0, 0, 150))
    painter.drawImage(box.topLeft(), bright)
    painter.end()
    painter = QPainter(image)
    painter.setPen(QPen(QColor("white"), 3))
    painter.drawRect(box)
    painter.setBrush(QColor("white"))
    painter.setPen(QPen(QColor("#131315"), 1))
    for x in (box.left(), box.center().x(), box.right()):
        for y in (box.top(), box.center().y(), box.bottom()):
            if (x, y) != (box.center().x(), box.center().y()):
                painter.drawRect(QRectF(x - 5, y - 5, 10, 10))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.end()
    return image


def moving(seed: int, kind: str):  # type: ignore[no-untyped-def]
    """(16, 256, 256, 3) of the clip among some whose motion lies best in the picture's middle."""
    from motionlens.worlds import physics

    best, most = None, -1.0
    for attempt in range(14):
        frames = physics.simulate(seed * 100 + attempt, kind).frames
        moved = np.abs(frames[FRAME + 1].astype(int) - frames[FRAME]).mean(axis=2) > 12
        rows, columns = np.nonzero(moved)
        if rows.size < 200:
            continue
        # What the 16:9 crop cuts off must not hold the motion.
        off = np.hypot(rows.mean() - 128, columns.mean() - 128)
        score = 1000.0 - off - 4 * max(0, 60 - rows.min(), rows.max() - 196)
        if score > most:
            best, most = frames, score
    return best if best is not None else physics.simulate(seed * 100, kind).frames


def measured(a, b):  # type: ignore[no-untyped-def]
    """Flow by DIS, as everywhere in the program."""
    from motionlens.motion.flow import flow_backend

    return flow_backend("dis").flow(a, b)


def cover(frame, width: int, height: int):  # type: ignore[no-untyped-def]
    """A frame as an image that fills width x height."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    high, wide = frame.shape[:2]
    image = QImage(frame.tobytes(), wide, high, wide * 3, QImage.Format.Format_RGB888).copy()
    scaled = image.scaled(
        width, height, Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )  # fmt: skip
    left, top = (scaled.width() - width) // 2, (scaled.height() - height) // 2
    return scaled.copy(left, top, width, height).convertToFormat(QImage.Format.Format_RGB32)


def arrows(image, flow) -> None:  # type: ignore[no-untyped-def]
    """Arrows on a grid, coloured by direction, dark outline."""
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QColor, QPainter, QPen

    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scale = WIDTH / flow.shape[1]
    top = (flow.shape[0] * scale - HEIGHT) / 2
    for y in range(21, HEIGHT, 42):
        for x in range(21, WIDTH, 42):
            row, column = int((y + top) / scale), int(x / scale)
            dx, dy = flow[row, column] * scale
            size = float(np.hypot(dx, dy))
            if size < 4:
                continue
            shown = min(max(size * 2.2, 16), 38) / size
            end = QPointF(x + dx * shown, y + dy * shown)
            hue = (np.degrees(np.arctan2(dy, dx)) + 360) % 360
            angle = np.arctan2(dy, dx)
            heads = [
                end - QPointF(11 * np.cos(angle + s), 11 * np.sin(angle + s)) for s in (0.5, -0.5)
            ]
            for color, width in (
                (QColor(0, 0, 0, 190), 6),
                (QColor.fromHsvF(hue / 360, 0.45, 1), 3.2),
            ):
                painter.setPen(QPen(color, width))
                painter.drawLine(QPointF(x, y), end)
                for head in heads:
                    painter.drawLine(end, head)
    painter.end()


if __name__ == "__main__":
    main()
