"""What was learnt from all rows of an index, in files beside them: the port `Kept`."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.files import atomic_file

# Below so many rows, learning again costs less than a file.
LEAST_ROWS = 4096


class KeptBeside:
    """One NPZ file a name, which bears the number of rows it was learnt from.

    Rows are only ever added to a folder (taking some out makes a new one), so their number says
    whether what is kept still holds.

    Parameters
    ----------
    folder : Path
        Made when something is kept first; may be deleted at any time.
    rows : int
    """

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder = folder
        self._rows = rows
        self._memory: dict[str, Mapping[str, NDArray[Any]]] = {}

    def load(self, name: str) -> Mapping[str, NDArray[Any]] | None:
        if name not in self._memory:
            try:
                with np.load(self._file(name), allow_pickle=False) as found:
                    self._memory[name] = {key: found[key] for key in found.files}
            except (OSError, ValueError, EOFError, zipfile.BadZipFile):
                return None
        return self._memory[name]

    def save(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._memory[name] = arrays
        if self._rows < LEAST_ROWS:
            return
        with contextlib.suppress(OSError):  # a project that can only be read keeps nothing
            with atomic_file(self._file(name)) as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            for old in self._folder.glob(f"{name}-*.npz"):
                if old != self._file(name) and old.stem[len(name) + 1 :].isdigit():
                    old.unlink()

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}-{self._rows}.npz"
