"""Indexing as a window does it: again with the settings of the last index."""

from __future__ import annotations

from typing import Any

from motionlens.domain.errors import IndexMissing
from motionlens.domain.ports import Progress, Token
from motionlens.operations.index import IndexResult, index
from motionlens.operations.rooms import Rooms

_SETTINGS = ("model", "tracked", "mask", "flow", "projection", "dim", "seed", "balance")


def index_again(rooms: Rooms, progress: Progress, token: Token) -> IndexResult:
    """Index with the settings of the last index, or with the defaults where there is none."""
    settings: dict[str, Any] = {}
    try:
        _, note = rooms.indexes.latest()
    except IndexMissing:
        # The first index of this project: the verb's own defaults.
        note = {}
    for name in _SETTINGS:
        if name in note:
            settings[name] = note[name]
    if "levels" in note:
        settings["timesteps"] = tuple(note["levels"])
    return index(rooms, **settings, progress=progress, token=token)
