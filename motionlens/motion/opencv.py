"""The one place of this room that imports OpenCV; everything else takes ``cv2`` from here."""

from __future__ import annotations

from motionlens.files import restored_environment

# Importing OpenCV points Qt and the system's loader at OpenCV's own folders; child processes would
# inherit that.
_OVERWRITTEN = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")

with restored_environment(*_OVERWRITTEN):
    import cv2

__all__ = ["cv2"]

# A lane is one thread: it must not take the cores of the lanes beside it.
cv2.setNumThreads(1)
