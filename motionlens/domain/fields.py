"""How the flow fields of a file are numbered: one a frame but the last, stored 16 together."""

from __future__ import annotations

BLOCK_FRAMES = 16


def fields_in(frames: int) -> int:
    """How many fields a file of so many frames has: its last frame has no next one."""
    return max(0, frames - 1)


def block_of(frame: int) -> int:
    """The block that the field of a file's frame is stored in."""
    return frame // BLOCK_FRAMES


def block_range(block: int, frames: int) -> tuple[int, int]:
    """First frame and stop of a block's fields, in a file of so many frames."""
    start = block * BLOCK_FRAMES
    return start, max(start, min(start + BLOCK_FRAMES, fields_in(frames)))
