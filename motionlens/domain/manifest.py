"""A manifest: the frozen, hashed list of clips that a fine-tune trains on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from motionlens.domain.clip import Span


class Include(StrEnum):
    """Which training clips are *approved*."""

    KEEP = "keep"
    NOT_EXCLUDED = "not-excluded"
    AGREED = "agreed"
    EVERYTHING = "everything"  # for controls: whatever was decided


# What `--include` offers.
APPROVED = tuple(str(which) for which in Include if which is not Include.EVERYTHING)


@dataclass(frozen=True)
class ManifestEntry:
    """One clip of a training list. `path` is absolute, sizes are as shown."""

    id: str
    path: str
    content_hash: str
    caption: str
    width: int
    height: int
    fps: float
    frames: int
    duration_s: float
    span: Span | None = None
    decision: str = "none"


@dataclass(frozen=True)
class Manifest:
    """Entries in order of clip id, so that the same decisions give the same bytes."""

    entries: tuple[ManifestEntry, ...]
    include: str

    def to_json_lines(self) -> str:
        """The canonical form: one JSON object a line, keys sorted, ASCII (others by escapes).

        Escapes keep a caption's own line separators from cutting the list apart.
        """
        return "".join(json.dumps(asdict(entry), sort_keys=True) + "\n" for entry in self.entries)

    @property
    def sha256(self) -> str:
        """Hash of the canonical form."""
        return hashlib.sha256(self.to_json_lines().encode()).hexdigest()


def manifest_from_json_lines(text: str, include: str = "") -> Manifest:
    """Read the canonical form back; raises ValueError, KeyError or TypeError on a foreign text."""
    entries = []
    for line in text.split("\n"):
        if line.strip():
            values = json.loads(line)
            span = values.pop("span", None)
            entries.append(ManifestEntry(**values, span=Span(**span) if span is not None else None))
    return Manifest(tuple(entries), include)
