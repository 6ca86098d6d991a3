"""Manifests with the captions, names and files that have broken exports before."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from motionlens.domain.clip import Span, clip_id
from motionlens.domain.manifest import Manifest, ManifestEntry

CAPTIONS = [
    'a "quoted", ball; drops',
    "two\nlines and\u2028a separator\x0c",
    "007",
    "一个球 弹跳 \u200d Ö",
    "=HYPERLINK(1)",
    "NA",
]


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Real files in a folder with a space and a letter outside ASCII; the bytes do not matter."""
    folder = tmp_path / "my clips ö"
    for n in range(len(CAPTIONS)):
        file = folder / str(n % 2) / "train_passing.mp4" if n < 2 else folder / f"{n}.mp4"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f"clip {n}".encode())
    return folder


@pytest.fixture
def manifest(media: Path) -> Manifest:
    entries = []
    for n, file in enumerate(sorted(media.rglob("*.mp4"))):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        span = Span(4, 20) if n == 3 else None
        entries.append(
            ManifestEntry(
                id=clip_id(content, span), path=str(file), content_hash=content,
                caption=CAPTIONS[n], width=64, height=48, fps=8.0 if n % 2 else 30.0,
                frames=16 if span else 40, duration_s=2.0, span=span, decision="keep",
            )
        )  # fmt: skip
    return Manifest(tuple(sorted(entries, key=lambda entry: entry.id)), "keep")
