"""Which caption each row of an index was made with: a row depends on it through its class.

Kept beside the project's settings, not in the index: a row's caption is no part of the recipe, and
a changed one asks for that row again, not for all.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from motionlens.domain.clip import Clip
from motionlens.operations.rooms import Rooms


def remember(rooms: Rooms, fingerprint: str, clips: Iterable[Clip]) -> None:
    """Note the captions of the clips that have a row."""
    rooms.store.save_setting(_name(fingerprint), {clip.id: _sum(clip.caption) for clip in clips})


def changed(rooms: Rooms, fingerprint: str, clips: Iterable[Clip]) -> list[str]:
    """Ids of clips whose caption is no longer the one that their row was made with.

    A row whose caption was not noted (its `index` call was killed) counts as unchanged.
    """
    known = rooms.store.setting(_name(fingerprint)) or {}
    return [
        clip.id for clip in clips if known.get(clip.id, _sum(clip.caption)) != _sum(clip.caption)
    ]


def _name(fingerprint: str) -> str:
    return f"captions of index {fingerprint}"


def _sum(caption: str) -> int:
    return zlib.crc32(caption.encode())
