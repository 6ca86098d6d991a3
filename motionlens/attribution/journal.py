"""Which rows of an index are there: one text line a row, written after the row's data is safe.

A line is `clip-id checksum`; its number is the row's number. The checksum (CRC-32, 8 hex digits)
covers the id and all numbers of the row.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path

from motionlens.files import write_atomically


def checksum(clip: str, *numbers: bytes) -> int:
    """CRC-32 of a row."""
    value = zlib.crc32(clip.encode())
    for part in numbers:
        value = zlib.crc32(part, value)
    return value


def read_journal(path: Path) -> tuple[list[str], list[int], int]:
    """Ids, checksums, and how many bytes of the file are whole lines.

    Reading ends at the first line that is cut or is no line of ours: the writer was killed there.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return [], [], 0
    ids: list[str] = []
    sums: list[int] = []
    whole = 0
    for line in data.splitlines(keepends=True):
        parts = line.split()
        if not line.endswith(b"\n") or len(parts) != 2 or len(parts[1]) != 8:
            break
        try:
            clip, value = parts[0].decode(), int(parts[1], 16)
        except ValueError:
            break
        ids.append(clip)
        sums.append(value)
        whole += len(line)
    return ids, sums, whole


def lines_of(ids: Sequence[str], sums: Sequence[int]) -> bytes:
    """The journal's text."""
    return b"".join(f"{i} {s:08x}\n".encode() for i, s in zip(ids, sums, strict=True))


def append_synced(path: Path, data: bytes, at: int) -> None:
    """Write `data` at offset `at` and wait until it is on the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        os.lseek(handle, at, os.SEEK_SET)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def cut_to(path: Path, size: int) -> None:
    """Make a file exactly `size` bytes if it is longer; an absent one is left absent."""
    if path.exists() and path.stat().st_size > size:
        os.truncate(path, size)


def rewrite(path: Path, ids: Sequence[str], sums: Sequence[int]) -> None:
    """Write a whole journal anew, atomically."""
    write_atomically(path, lines_of(ids, sums))
