"""Flow fields on disk: one small file for each 16 frames of a media file.

A block is written as whole steps of the field's precision, each as its difference from what its
left, upper and upper left neighbours foretell (flow is smooth), low bytes first, packed by zlib.
A file that is cut, changed, of another clip, or of an older recipe counts as absent. Files may be
deleted at any time, and several processes may share a folder.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motionlens.motion.flow.fields import BLOCK_FRAMES, FIELD_SIDE, RECIPE, Field

LIMIT_BYTES = 4_000_000_000
_MAGIC = b"MLfield1"
# magic, recipe, content, block, frames, rows, columns, step in px, bytes and CRC-32 of the payload
_HEAD = struct.Struct("<8s32s32sIHHHfII")
# CRC-32 of the head itself follows it.
_SUM = struct.Struct("<I")
# The third level takes twice as long and saves a fifth over the first; more saves little.
_LEVEL = 3
_SUFFIX = ".field"
_UNITS = 32
# A read tells the time of use by the file's date, not more often than this.
_TOUCH_S = 600.0
_LEFT_BEHIND_S = 3600.0
# What others write into the same folder is counted anew after this much of our own.
_RECOUNT_SHARE = 32


class FieldFolder:
    """The port `FieldStore` on a folder.

    Parameters
    ----------
    folder : Path
        Made when the first block is written.
    limit_bytes : int
        Over this, the blocks not used for longest go, a tenth more than is needed. Processes that
        share a folder see each other's blocks late: it may exceed the limit by a thirty-second of
        it for each of them.
    """

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._total: int | None = None
        self._since_count = 0

    def read(self, content: str, block: int) -> Field | None:
        """(f, h, w, 2) float16 px of the clip as shown; None where there is none of use."""
        path = self._path(content, block)
        if path is None:
            return None
        try:
            with open(path, "rb") as file:
                data = file.read(_largest())
                used = os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        fields = _unpack(data, content, block)
        if fields is not None and time.time() - used > _TOUCH_S:
            with contextlib.suppress(OSError):
                os.utime(path)
        return fields

    def write(self, content: str, block: int, fields: Field) -> None:
        """Keep a block of fields as :func:`~motionlens.motion.flow.fields.to_field` makes them.

        A full disk or a folder that cannot be written is no error.
        """
        path = self._path(content, block)
        if path is None or not 0 < len(fields) <= BLOCK_FRAMES:
            return
        data = _pack(fields, content, block)
        try:
            self._make_room(len(data))
            _write(path, data)
        except OSError:
            return
        self._total = (self._total or 0) + len(data)
        self._since_count += len(data)

    def _path(self, content: str, block: int) -> Path | None:
        """A file's place; none for what is no sha256, so that no name leads out of the folder."""
        if len(content) != 64 or not set(content) <= set("0123456789abcdef") or block < 0:
            return None
        return self._folder / content[:2] / content / f"{block:06d}{_SUFFIX}"

    def _make_room(self, coming: int) -> None:
        if self._total is None or self._since_count > self._limit // _RECOUNT_SHARE:
            self._total, self._since_count = sum(size for _, size, _ in self._files()), 0
        if self._total + coming <= self._limit:
            return
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        enough = self._limit * 9 // 10 - coming
        for _, size, path in files:
            if total <= enough:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
                # The clip's own folder goes with its last block.
                path.parent.rmdir()
        self._total = total

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Time of use, bytes and path of each block; what a killed writer left is removed."""
        now = time.time()
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(OSError):
                    facts = path.stat()
                    if name.endswith(_SUFFIX):
                        yield facts.st_mtime, facts.st_size, path
                    elif name.startswith(".") and now - facts.st_mtime > _LEFT_BEHIND_S:
                        path.unlink()


def _write(path: Path, data: bytes) -> None:
    # Renamed into place but not synced: after a power cut the checksum finds what is not whole.
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _pack(fields: Field, content: str, block: int) -> bytes:
    frames, rows, columns = fields.shape[:3]
    # Whole 32nds of a px first; a large clip's steps are coarser, and need fewer bits.
    units = np.rint(fields.astype(np.float32) * _UNITS).astype(np.int32)
    used = int(np.bitwise_or.reduce(units, axis=None))
    shift = min(6, (used & -used).bit_length() - 1) if used else 0
    steps = (units >> shift).astype(np.int16)
    # Differences wrap round within 16 bits, and so do the sums that undo them.
    change = np.diff(steps, axis=1, prepend=np.int16(0))
    change = np.diff(change, axis=2, prepend=np.int16(0))
    # Small numbers of either sign become small numbers without one.
    folded = ((change << 1) ^ (change >> 15)).view(np.uint16)
    planes = np.ascontiguousarray(np.moveaxis(folded, 3, 0))
    low, high = (planes & 255).astype(np.uint8), (planes >> 8).astype(np.uint8)
    payload = zlib.compress(low.tobytes() + high.tobytes(), _LEVEL)
    head = _HEAD.pack(
        _MAGIC,
        RECIPE.encode(),
        bytes.fromhex(content),
        block,
        frames,
        rows,
        columns,
        2.0**shift / _UNITS,
        len(payload),
        zlib.crc32(payload),
    )
    return head + _SUM.pack(zlib.crc32(head)) + payload


def _unpack(data: bytes, content: str, block: int) -> Field | None:
    if len(data) < _HEAD.size + _SUM.size:
        return None
    head, payload = data[: _HEAD.size], data[_HEAD.size + _SUM.size :]
    if _SUM.unpack_from(data, _HEAD.size)[0] != zlib.crc32(head):
        return None
    magic, recipe, owner, number, frames, rows, columns, step, size, check = _HEAD.unpack(head)
    ours = magic == _MAGIC and recipe.rstrip(b"\0") == RECIPE.encode()
    if not ours or owner.hex() != content or number != block:
        return None
    if size != len(payload) or check != zlib.crc32(payload):
        return None
    count = frames * rows * columns * 2
    if not 0 < count <= BLOCK_FRAMES * FIELD_SIDE * FIELD_SIDE * 2:
        return None
    try:
        raw = zlib.decompressobj().decompress(payload, 2 * count)
    except zlib.error:
        return None
    return _fields(raw, (2, frames, rows, columns), step) if len(raw) == 2 * count else None


def _fields(raw: bytes, shape: tuple[int, int, int, int], step: float) -> Field:
    planes = np.frombuffer(raw, np.uint8).reshape(2, *shape)
    folded = planes[0] | (planes[1].astype(np.uint16) << 8)
    change = (folded >> 1).astype(np.int16) ^ -(folded & 1).astype(np.int16)
    steps: NDArray[np.int16] = np.cumsum(change, axis=3, dtype=np.int16)
    steps = np.cumsum(steps, axis=2, dtype=np.int16)
    return np.ascontiguousarray(np.moveaxis(steps * np.float32(step), 0, 3), np.float16)


def _largest() -> int:
    """More than the longest file that can be ours: longer ones are read no further."""
    return _HEAD.size + _SUM.size + 2 * BLOCK_FRAMES * FIELD_SIDE * FIELD_SIDE * 2 + 4096
