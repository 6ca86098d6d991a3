"""The one place of this room that imports OpenCV."""

from __future__ import annotations

from types import ModuleType

from motionlens.files import restored_environment


def opencv() -> ModuleType:
    """The ``cv2`` module, imported on first use with Qt's environment left as it was."""
    with restored_environment():
        import cv2
    return cv2
