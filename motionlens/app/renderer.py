"""The renderer of players and pictures, bound to decoder, flow and overlays."""

from __future__ import annotations

from pathlib import Path

from motionlens.domain.requests import FrameRenderer

_PLAYER_CACHE = 60_000_000
_PASS_CACHE = 10_000_000


def make_renderer(cache: Path | None = None) -> FrameRenderer:
    """A renderer in this process; the window's runs in a child (see `isolated_renderer`).

    Parameters
    ----------
    cache : path, optional
        The project's cache folder, where flow fields and frame tables are kept.
    """
    from motionlens.media import PyAVReader
    from motionlens.motion.drawing import OpenCVDrawing
    from motionlens.motion.flow.store import FieldFolder
    from motionlens.operations.render import PlayerRenderer

    reader = PyAVReader(None if cache is None else cache / "tables")
    # Two clips play and four wait: each keeps some 40 frames of 720p for steps backwards.
    return PlayerRenderer(
        lambda path, info: reader.open(path, info, _PLAYER_CACHE),
        OpenCVDrawing(),
        None if cache is None else FieldFolder(cache / "flow"),
        open_pass=lambda path, info: reader.open(path, info, _PASS_CACHE),
    )


def load() -> None:
    """Load its libraries, so that the first renderer need not."""
    import motionlens.media
    import motionlens.motion.drawing
    import motionlens.operations.render  # noqa: F401
