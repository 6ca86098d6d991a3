"""Messages between two processes: a JSON header and raw blocks, each with its length before it."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Anything that has the buffer interface: bytes, memoryview, a contiguous array.
Block = Any

_HEAD = struct.Struct("<4sII")
_LENGTH = struct.Struct("<Q")
_MAGIC = b"MLc1"
_MOST_HEADER = 1 << 28
_MOST_BLOCKS = 1 << 12
_MOST_BLOCK = 1 << 36


class Garbled(Exception):
    """What came is no message."""


@dataclass(frozen=True)
class Message:
    """A header, and blocks of bytes that it speaks of."""

    header: dict[str, Any]
    blocks: tuple[memoryview, ...] = ()


def pack(header: Mapping[str, Any], blocks: Sequence[Block] = ()) -> list[memoryview]:
    """The parts of a message, in order; blocks are not copied."""
    text = json.dumps(header, separators=(",", ":")).encode()
    views = [memoryview(block).cast("B") for block in blocks]
    lengths = b"".join(_LENGTH.pack(len(view)) for view in views)
    head = _HEAD.pack(_MAGIC, len(text), len(views)) + lengths + text
    return [memoryview(head), *views]


class Unpacker:
    """Takes bytes as they come and gives whole messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        self._buffer += data

    def next(self) -> Message | None:
        """The next whole message, or None until more has come; :class:`Garbled` for none at all."""
        have = self._buffer
        if len(have) < _HEAD.size:
            return None
        magic, text, count = _HEAD.unpack_from(have)
        if magic != _MAGIC or text > _MOST_HEADER or count > _MOST_BLOCKS:
            raise Garbled
        at = _HEAD.size + count * _LENGTH.size
        if len(have) < at:
            return None
        lengths = list(struct.unpack_from(f"<{count}Q", have, _HEAD.size))
        if any(length > _MOST_BLOCK for length in lengths):
            raise Garbled
        end = at + text + sum(lengths)
        if len(have) < end:
            return None
        return self._take(at, text, lengths, end)

    def _take(self, at: int, text: int, lengths: list[int], end: int) -> Message:
        whole = memoryview(bytes(self._buffer[:end]))
        del self._buffer[:end]
        try:
            header = json.loads(bytes(whole[at : at + text]))
        except ValueError as error:
            raise Garbled from error
        if not isinstance(header, dict):
            raise Garbled
        at += text
        blocks = []
        for length in lengths:
            blocks.append(whole[at : at + length])
            at += length
        return Message(header, tuple(blocks))
