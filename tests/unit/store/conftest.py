"""Stores with clips in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from motionlens.domain.clip import Clip, MediaInfo, Role, clip_id
from motionlens.store import SqliteStore, create_store

ClipMaker = Callable[..., Clip]


@pytest.fixture
def make_clip() -> ClipMaker:
    def make(name: str, role: Role = Role.TRAINING, caption: str = "") -> Clip:
        content = hashlib.sha256(name.encode()).hexdigest()
        info = MediaInfo(64, 48, 8.0, 3, False, 0, "h264", 0.375, (0.0, 0.125, 0.25))
        return Clip(clip_id(content), (f"/media/{name}.mp4",), content, role, info, caption)

    return make


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with create_store(tmp_path / "project" / "project.db") as made:
        yield made


@pytest.fixture
def ids(store: SqliteStore, make_clip: ClipMaker) -> list[str]:
    """The ids of 40 clips in the store."""
    clips = [make_clip(f"clip {n}") for n in range(40)]
    assert store.add_clips(clips) == [True] * 40
    return [clip.id for clip in clips]
