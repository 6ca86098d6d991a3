"""Media files, read exactly and written atomically (PyAV)."""

from motionlens.media.clip import OpenClip
from motionlens.media.reader import PyAVReader

__all__ = ["OpenClip", "PyAVReader"]
