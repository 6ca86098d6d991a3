"""The flow fields of the clips that are looked at: from memory, from the cache, or computed."""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from motionlens.domain.fields import block_of, block_range, fields_in
from motionlens.domain.ports import FieldStore
from motionlens.domain.requests import ClipDecoder, Drawing, Field

FIELD_BYTES = 64_000_000
_REMEMBERED_ABSENT = 4096


@dataclass(frozen=True)
class Source:
    """A file as it was when it was asked for: nothing of another one is ever taken for its own.

    Attributes
    ----------
    content : str
        sha256 of the file in hex, where it is known.
    stamp : tuple
        Path, size and time of change.
    """

    content: str
    stamp: tuple[str, int, int]

    @classmethod
    def of(cls, path: str, content: str) -> Source:
        """Of the file that lies at a path now; one that is gone has the size -1."""
        try:
            facts = os.stat(path)
        except (OSError, ValueError):
            return cls(content, (path, -1, 0))
        return cls(content, (path, facts.st_size, facts.st_mtime_ns))


class FlowFields:
    """Flow from each frame to the next, in px of the clip as shown, on a coarse grid.

    What is computed and what is read from the store is the same to the bit. A block is stored once
    all of its fields are here.

    Parameters
    ----------
    store : FieldStore, optional
        Without it nothing outlives this object.
    budget : int
        Bytes of fields that are kept; the ones not used for longest go first.
    """

    def __init__(
        self, drawing: Drawing, store: FieldStore | None = None, budget: int = FIELD_BYTES
    ) -> None:
        self._drawing = drawing
        self._store = store
        self._budget = budget
        self._fields: OrderedDict[tuple[Source, int], Field] = OrderedDict()
        self._bytes = 0
        self._absent: OrderedDict[tuple[Source, int], None] = OrderedDict()

    @property
    def bytes_held(self) -> int:
        return self._bytes

    def known(self, source: Source, frames: int, n: int) -> Field | None:
        """The field of frame `n` of a file of so many frames, if it need not be computed."""
        found = self._fields.get((source, n))
        if found is not None:
            self._fields.move_to_end((source, n))
            return found
        return self._read(source, frames, n)

    def field(self, source: Source, clip: ClipDecoder, n: int) -> Field:
        """(h, w, 2) float16: the motion of file frame `n` to the next; none for the last frame."""
        frames = clip.info.frames
        found = self.known(source, frames, n)
        if found is not None:
            return found
        a = clip.luma(n, self._drawing.field_side)
        if n >= fields_in(frames):
            return self._drawing.still_field(*a.shape)
        b = clip.luma(n + 1, self._drawing.field_side)
        field = self._drawing.field(a, b, clip.info.width)
        self.put(source, frames, n, field)
        return field

    def put(self, source: Source, frames: int, n: int, field: Field) -> None:
        """Keep a field that was computed elsewhere."""
        self._keep(source, n, field)
        self._write(source, frames, block_of(n))

    def _read(self, source: Source, frames: int, n: int) -> Field | None:
        block = block_of(n)
        start, stop = block_range(block, frames)
        if self._store is None or not source.content or not start <= n < stop:
            return None
        if (source, block) in self._absent:
            return None
        fields = self._store.read(source.content, block)
        if fields is None or len(fields) != stop - start:
            self._absent[source, block] = None
            if len(self._absent) > _REMEMBERED_ABSENT:
                self._absent.popitem(last=False)
            return None
        for offset, field in enumerate(fields):
            self._keep(source, start + offset, field)
        found: Field = fields[n - start]
        return found

    def _write(self, source: Source, frames: int, block: int) -> None:
        if self._store is None or not source.content:
            return
        start, stop = block_range(block, frames)
        fields = [self._fields.get((source, n)) for n in range(start, stop)]
        whole = [field for field in fields if field is not None]
        if len(whole) == stop - start:
            self._store.write(source.content, block, np.stack(whole))
            self._absent.pop((source, block), None)

    def _keep(self, source: Source, n: int, field: Field) -> None:
        before = self._fields.pop((source, n), None)
        self._bytes += field.nbytes - (0 if before is None else before.nbytes)
        self._fields[source, n] = field
        while self._bytes > self._budget and len(self._fields) > 1:
            _, old = self._fields.popitem(last=False)
            self._bytes -= old.nbytes
