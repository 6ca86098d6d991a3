"""One gradient index: float32 rows in flat files that are read where they lie."""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from motionlens.attribution.journal import (
    append_synced,
    checksum,
    cut_to,
    lines_of,
    read_journal,
    rewrite,
)
from motionlens.attribution.kept import KeptBeside
from motionlens.attribution.lock import WriterLock
from motionlens.domain.errors import UsageError
from motionlens.domain.fingerprint import IndexSpec
from motionlens.domain.ports import GradientRow

META = "meta.json"
IDS = "ids"
LOCK = "writer.lock"
LEARNT = "learnt"
# Rows read at a time when all are looked through: 32 MB at 512 numbers.
BLOCK_ROWS = 16384
_SINGLE, _HALF = np.dtype("<f4"), np.dtype("<f2")


class MemoryMappedIndex:
    """Implements the port `GradientIndex`.

    Files, little-endian, row by row, float32: `rows.f32` (N, D) (`rows.f16` where the spec asks for
    half precision, half the disk), `losses.f32` (N, L) unmasked
    losses, `masked.f32` (N, L) masked losses, `norms.f32` (N, L); `ids`, one line a row with its
    checksum. A step writes and syncs the numbers first and the lines last, so a row is there whole
    or not at all; what a killed writer left behind the last line is cut off by the next one.

    Parameters
    ----------
    folder : Path
    spec : IndexSpec
    verb : str, optional
        Who writes; None opens for reading only.

    Raises
    ------
    UsageError
        Another process is writing this index.
    """

    def __init__(self, folder: Path, spec: IndexSpec, verb: str | None = None) -> None:
        self.spec = spec
        self._folder = folder
        levels = len(spec.levels)
        self._widths = {"rows": spec.dim, "losses": levels, "masked": levels, "norms": levels}
        self._lock = None if verb is None else WriterLock(folder / LOCK, verb)
        if self._lock is not None:
            # Forgotten handles let go too, at the latest when they are collected.
            weakref.finalize(self, self._lock.close)
        self._ids, self._sums, self._journal_size = read_journal(folder / IDS)
        self._places: set[str] = set(self._ids)
        self._keep_whole_rows()
        self._maps: dict[str, NDArray[np.float32]] = {}

    @property
    def ids(self) -> Sequence[str]:
        """Clip ids, in the order of the rows."""
        return self._ids

    def vectors(self) -> NDArray[np.float32]:
        """(N, D) mean over levels of unit projected gradients; memory-mapped, read-only; float16
        where the spec says so."""
        return self._map("rows")

    def losses(self) -> NDArray[np.float32]:
        """(N, L) unmasked losses."""
        return self._map("losses")

    def masked_losses(self) -> NDArray[np.float32]:
        """(N, L) masked losses."""
        return self._map("masked")

    def norms(self) -> NDArray[np.float32]:
        """(N, L) lengths of the projected gradients."""
        return self._map("norms")

    @property
    def kept(self) -> KeptBeside:
        """What was learnt from all rows that are there now."""
        return KeptBeside(self._folder / LEARNT, len(self._ids))

    def done(self) -> set[str]:
        """Ids that have a row."""
        return set(self._places)

    def commit(self, rows: Mapping[str, GradientRow]) -> None:
        """Add rows, in the order given; clips that have one already keep it.

        Raises
        ------
        UsageError
            The index is open for reading only.
        """
        new = {clip: row for clip, row in rows.items() if clip not in self._places}
        if self._lock is None:
            raise UsageError("This index is open for reading", "", "Open it with its settings")
        if not new:
            return
        data = {name: self._stack(name, new.values()) for name in self._widths}
        sums = [
            checksum(clip, *(data[name][n].tobytes() for name in self._widths))
            for n, clip in enumerate(new)
        ]
        lines = lines_of(list(new), sums)
        for name, values in data.items():
            at = len(self._ids) * self._width(name)
            append_synced(self._file(name), values.tobytes(), at)
        append_synced(self._folder / IDS, lines, self._journal_size)
        self._ids += list(new)
        self._sums += sums
        self._places.update(new)
        self._journal_size += len(lines)
        self._maps.clear()

    def check(self) -> list[str]:
        """Damage, in words; empty where every row has the checksum it was written with."""
        found = [f"the row of clip {clip} is damaged" for clip in sorted(self.damaged())]
        _, _, whole = read_journal(self._folder / IDS)
        size = (self._folder / IDS).stat().st_size if (self._folder / IDS).exists() else 0
        if size > whole and self._lock is None and not self._being_written():
            found.append(f"the list of rows ends in {size - whole} bytes that are no row")
        return found

    def damaged(self) -> set[str]:
        """Ids whose row no longer has its checksum."""
        bad = set()
        for start, blocks in self._blocks():
            for n, clip in enumerate(self._ids[start : start + len(blocks[0])]):
                if checksum(clip, *(part[n].tobytes() for part in blocks)) != self._sums[start + n]:
                    bad.add(clip)
        return bad | set(self._lost)

    def copy_without(self, clips: Collection[str], folder: Path) -> None:
        """Write a whole index without these rows into a new folder."""
        folder.mkdir(parents=True)
        keep = [n for n, clip in enumerate(self._ids) if clip not in clips]
        for name in self._widths:
            append_synced(folder / self._file_name(name), self._map(name)[keep].tobytes(), 0)
        rewrite(folder / IDS, [self._ids[n] for n in keep], [self._sums[n] for n in keep])
        shutil.copyfile(self._folder / META, folder / META)

    def close(self) -> None:
        """Let go of the files and of the right to write."""
        self._maps.clear()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _file(self, name: str) -> Path:
        return self._folder / self._file_name(name)

    def _file_name(self, name: str) -> str:
        return f"{name}.f{8 * self._type(name).itemsize}"

    def _type(self, name: str) -> np.dtype[np.floating]:
        return _HALF if name == "rows" and self.spec.rows == "float16" else _SINGLE

    def _width(self, name: str) -> int:
        """Bytes of one row."""
        return self._widths[name] * self._type(name).itemsize

    def _stack(self, name: str, rows: Collection[GradientRow]) -> NDArray[np.float32]:
        field = {
            "rows": "vector",
            "losses": "plain_losses",
            "masked": "losses",
            "norms": "norms",
        }[name]
        values = np.array([getattr(row, field) for row in rows], dtype=self._type(name))
        if values.shape != (len(rows), self._widths[name]):
            raise ValueError(f"rows of shape {values.shape} do not fit this index")
        return values

    def _keep_whole_rows(self) -> None:
        """Count only rows whose numbers are all there; a writer also cuts off what is behind."""
        whole = len(self._ids)
        for name in self._widths:
            size = self._file(name).stat().st_size if self._file(name).exists() else 0
            whole = min(whole, size // self._width(name))
        self._lost = self._ids[whole:]
        del self._ids[whole:], self._sums[whole:]
        self._places = set(self._ids)
        self._journal_size = len(lines_of(self._ids, self._sums))
        if self._lock is None:
            return
        self._lost = []
        for name in self._widths:
            cut_to(self._file(name), whole * self._width(name))
        cut_to(self._folder / IDS, self._journal_size)

    def _map(self, name: str) -> NDArray[np.float32]:
        shape = (len(self._ids), self._widths[name])
        if not self._ids:
            return np.empty(shape, self._type(name))
        if name not in self._maps:
            self._maps[name] = np.memmap(self._file(name), self._type(name), mode="r", shape=shape)
        return self._maps[name]

    def _blocks(self) -> Iterator[tuple[int, list[NDArray[np.float32]]]]:
        for start in range(0, len(self._ids), BLOCK_ROWS):
            yield (
                start,
                [np.asarray(self._map(name)[start : start + BLOCK_ROWS]) for name in self._widths],
            )

    def _being_written(self) -> bool:
        if not os.access(self._folder, os.W_OK):
            return False
        try:
            WriterLock(self._folder / LOCK, "check").close()
        except UsageError:
            return True
        return False
