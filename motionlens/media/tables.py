"""Frame tables on disk: what a file is, so that a long one is not scanned at every opening.

A table lies under the hash of its file's content, and beside it, under the file's place, size and
time, which content that was: a file that is as it was is not even hashed. Whatever is missing, cut,
of another version or of another FFmpeg counts as absent; the folder may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from motionlens.domain.clip import MediaInfo
from motionlens.files import content_hash, write_atomically
from motionlens.media.geometry import Layout, Orientation
from motionlens.media.probe import Scan
from motionlens.media.table import FrameTable, Key

VERSION = 1
LIMIT_BYTES = 64_000_000
# Below both, scanning the file again is as quick as finding its table.
LEAST_BYTES = 2_000_000
LEAST_FRAMES = 300

Stamp = tuple[str, int, int]
"""A file's resolved path, size in bytes, and modification time in ns."""

_HASH = re.compile(r"[0-9a-f]{64}")
_BROKEN = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


def stamp_of(path: str | Path) -> Stamp | None:
    """The stamp of a file; None where there is none."""
    try:
        file = Path(path).resolve()
        facts = file.stat()
    except (OSError, ValueError):
        return None
    return str(file), facts.st_size, facts.st_mtime_ns


class TableFolder:
    """Tables of long files in a folder, of bounded size.

    Parameters
    ----------
    folder : Path
        Made when the first table is written.
    limit_bytes : int
        Over this, the tables that were written first go.
    """

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit = limit_bytes

    def read(self, stamp: Stamp) -> Scan | None:
        """What is known of a file."""
        if not self._folder.is_dir():
            return None
        content = self._content(stamp)
        if content is None and stamp[1] >= LEAST_BYTES:
            # The file was moved or copied, perhaps: its content tells, far cheaper than decoding.
            with contextlib.suppress(OSError):
                content = content_hash(stamp[0])
        if content is None:
            return None
        try:
            return _unpacked((self._folder / f"{content}.npz").read_bytes(), content)
        except _BROKEN:
            return None

    def write(self, stamp: Stamp, found: Scan) -> None:
        """Keep what a scan found; a full disk is no error, as the file can be scanned again."""
        if stamp[1] < LEAST_BYTES and found.info.frames < LEAST_FRAMES:
            return
        with contextlib.suppress(OSError):
            content = content_hash(stamp[0])
            if stamp_of(stamp[0]) != stamp:
                return  # it was written to meanwhile
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._folder / f"{content}.npz", _packed(found, content))
            write_atomically(self._place(stamp), content)
            self._prune()

    def _content(self, stamp: Stamp) -> str | None:
        try:
            text = self._place(stamp).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return None
        return text if _HASH.fullmatch(text) else None

    def _place(self, stamp: Stamp) -> Path:
        name = hashlib.sha256(json.dumps(stamp).encode()).hexdigest()
        return self._folder / f"{name[:40]}.at"

    def _prune(self) -> None:
        files = sorted((f.stat().st_mtime_ns, f.stat().st_size, f) for f in self._folder.iterdir())
        spare = sum(size for _, size, _ in files) - self._limit
        for _, size, file in files:
            if spare <= 0:
                return
            file.unlink(missing_ok=True)
            spare -= size


def _facts(found: Scan, content: str) -> dict[str, Any]:
    return {
        "version": VERSION,
        "ffmpeg": av.library_versions["libavcodec"],
        "content": content,
        "info": asdict(replace(found.info, frame_times_s=())),
        "frames": found.table.frames,
        "damaged": found.table.damaged,
        "layout": None if found.layout is None else asdict(found.layout),
    }


def _packed(found: Scan, content: str) -> bytes:
    packed = io.BytesIO()
    keys = [(key.pts, key.dts, key.first) for key in found.table.keys]
    np.savez_compressed(
        packed,
        facts=np.frombuffer(json.dumps(_facts(found, content)).encode(), np.uint8),
        times=np.asarray(found.info.frame_times_s, np.float64),
        pts=np.asarray(found.table.pts, np.int64),
        keys=np.asarray(keys, np.int64).reshape(-1, 3),
    )
    return packed.getvalue()


def _unpacked(packed: bytes, content: str) -> Scan | None:
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        facts = json.loads(arrays["facts"].tobytes())
        times, pts = arrays["times"].tolist(), arrays["pts"].tolist()
        keys = tuple(Key(*row) for row in arrays["keys"].tolist())
    expected = (VERSION, list(av.library_versions["libavcodec"]), content)
    if (facts["version"], facts["ffmpeg"], facts["content"]) != expected:
        return None
    info = MediaInfo(**{**facts["info"], "frame_times_s": tuple(times)})
    table = FrameTable(facts["frames"], tuple(pts), keys, facts["damaged"])
    if not len(times) == info.frames == table.frames or len(pts) not in (0, table.frames):
        return None
    layout = facts["layout"]
    if layout is not None:
        turn = Orientation(**layout.pop("orientation"))
        layout = Layout(**layout, orientation=turn)
    return Scan(info, table, layout)
