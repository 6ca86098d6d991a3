"""What a study has done so far: a file for each finished unit of work, whole or not there."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.files import read_json, write_json
from motionlens.operations.npz import write_npz

Arrays = Mapping[str, NDArray[Any]]


class StudyFolder:
    """Units by name; a killed study loses the unit it was at, and no other."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def under(self, *names: str) -> StudyFolder:
        """A folder inside this one."""
        return StudyFolder(self.root.joinpath(*names))

    def arrays(self, name: str, make: Callable[[], Arrays]) -> dict[str, NDArray[Any]]:
        """A unit's arrays: from its file, or made now and kept."""
        path = self.root / f"{name}.npz"
        if path.is_file():
            try:
                with np.load(path, allow_pickle=False) as kept:
                    return {key: kept[key] for key in kept.files}
            except (OSError, ValueError, EOFError, zipfile.BadZipFile):
                path.unlink(missing_ok=True)  # damaged from outside: done again
        made = make()
        write_npz(path, {key: np.asarray(value) for key, value in made.items()})
        return dict(made)

    def document(self, name: str, make: Callable[[], Any]) -> Any:
        """A unit's JSON: from its file, or made now and kept."""
        path = self.root / f"{name}.json"
        if path.is_file():
            try:
                return read_json(path)
            except (OSError, json.JSONDecodeError):
                path.unlink(missing_ok=True)
        made = make()
        write_json(path, made)
        return made

    def has(self, name: str) -> bool:
        """Whether a unit is done."""
        return any((self.root / f"{name}{suffix}").is_file() for suffix in (".npz", ".json"))
