"""Gradient indexes on disk: a folder a fingerprint, rows that survive a kill bit for bit."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from motionlens.attribution.memory_mapped import META, MemoryMappedIndex
from motionlens.domain.errors import IndexMissing
from motionlens.domain.fingerprint import IndexSpec, spec_from_json
from motionlens.files import read_json, write_json

__all__ = ["IndexFolder", "MemoryMappedIndex"]

_LATEST = "latest.json"
# Beside `meta.json`, which says how rows are made and changes with nothing else.
_BESIDE = "notes.json"


class IndexFolder:
    """Implements the port `Indexes` on a project's `index/` folder.

    Parameters
    ----------
    root : Path
        Made when the first index is opened.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def open(self, spec: IndexSpec, note: Mapping[str, Any]) -> MemoryMappedIndex:
        """Open for writing, or make, the index of a spec, and remember it as the latest.

        `note` is kept in its `meta.json`; `note["verb"]`, if there, names the writer to others.

        Raises
        ------
        UsageError
            Another process is writing this index.
        """
        folder = self.root / spec.fingerprint
        _finish_repair(folder)
        folder.mkdir(parents=True, exist_ok=True)
        opened = MemoryMappedIndex(folder, spec, verb=str(note.get("verb", "index")))
        meta = {"spec": spec_to_json(spec), "note": dict(note)}
        with contextlib.suppress(OSError, ValueError):
            if read_json(folder / META) == json.loads(json.dumps(meta)):
                meta = {}
        if meta:
            write_json(folder / META, meta)
        write_json(self.root / _LATEST, {"fingerprint": spec.fingerprint})
        return opened

    def latest(self, fingerprint: str | None = None) -> tuple[MemoryMappedIndex, Mapping[str, Any]]:
        """The index of the last `open`, or the named one (a unique beginning will do), to read.

        Raises
        ------
        IndexMissing
            There is none, or its `meta.json` cannot be read.
        """
        folder = self.root / (
            self._remembered() if fingerprint is None else self._named(fingerprint)
        )
        spec, note = read_meta(folder)
        return MemoryMappedIndex(folder, spec), note | _beside(folder)

    def keep_note(self, fingerprint: str, name: str, value: Any) -> None:
        """Keep a JSON value with an index until rows are taken out of it; `latest` has it in the
        note."""
        folder = self.root / self._named(fingerprint)
        write_json(folder / _BESIDE, _beside(folder) | {name: value})

    def fingerprints(self) -> list[str]:
        """All indexes, in order of their names."""
        if not self.root.is_dir():
            return []
        for old in self.root.glob("*.old"):
            _finish_repair(old.with_suffix(""))
        return sorted(
            p.parent.name for p in self.root.glob(f"*/{META}") if "." not in p.parent.name
        )

    def repair(self, fingerprint: str) -> list[str]:
        """Take damaged rows out, so that the next `index` call makes them anew; their ids."""
        return self._without(fingerprint, lambda index: index.damaged())

    def drop(self, fingerprint: str, clips: Collection[str]) -> None:
        """Take the rows of these clips out, so that the next `index` call makes them anew."""
        self._without(fingerprint, lambda index: index.done() & set(clips))

    def _without(
        self, fingerprint: str, choose: Callable[[MemoryMappedIndex], set[str]]
    ) -> list[str]:
        folder = self.root / self._named(fingerprint)
        spec, _ = read_meta(folder)
        index = MemoryMappedIndex(folder, spec, verb="check")
        try:
            unwanted = choose(index)
            if not unwanted:
                return []
            new, old = folder.with_suffix(".new"), folder.with_suffix(".old")
            shutil.rmtree(new, ignore_errors=True)
            index.copy_without(unwanted, new)
            # A crash between the two renames leaves `.old`, which the next opening puts back.
            folder.rename(old)
            new.rename(folder)
            shutil.rmtree(old)
        finally:
            index.close()
        return sorted(unwanted)

    def _remembered(self) -> str:
        known = self.fingerprints()
        try:
            name = str(read_json(self.root / _LATEST)["fingerprint"])
        except (OSError, ValueError, KeyError, TypeError):
            name = ""
        if name in known:
            return name
        why = "none has been made" if not known else "which one was last is not known"
        raise IndexMissing(
            "There is no gradient index to answer from",
            why,
            "Make one with: motionlens index PROJECT --model embedded",
        )

    def _named(self, fingerprint: str) -> str:
        known = self.fingerprints()
        found = [name for name in known if fingerprint and name.startswith(fingerprint)]
        if len(found) == 1:
            return found[0]
        why = f"{len(found)} begin so" if found else "there is no such index"
        raise IndexMissing(
            f"The index {fingerprint!r} cannot be opened",
            why,
            f"Name one of: {', '.join(known)}" if known else "Make one with: motionlens index",
        )


def spec_to_json(spec: IndexSpec) -> dict[str, Any]:
    """Plain values of a spec, as :func:`motionlens.domain.fingerprint.spec_from_json` reads."""
    return {name: getattr(spec, name) for name in spec.__dataclass_fields__}


def read_meta(folder: Path) -> tuple[IndexSpec, dict[str, Any]]:
    """Spec and note of an index.

    Raises
    ------
    IndexMissing
        `meta.json` is absent, damaged, or of another index.
    """
    try:
        meta = read_json(folder / META)
        spec, note = spec_from_json(meta["spec"]), dict(meta["note"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexMissing(
            f"The index {folder.name} cannot be read",
            f"its {META} is damaged or absent ({type(error).__name__})",
            "Remove the folder and run: motionlens index PROJECT",
        ) from error
    if spec.fingerprint != folder.name:
        raise IndexMissing(
            f"The index {folder.name} cannot be read",
            f"its {META} belongs to index {spec.fingerprint}",
            "Remove the folder and run: motionlens index PROJECT",
        )
    return spec, note


def _beside(folder: Path) -> dict[str, Any]:
    try:
        found = read_json(folder / _BESIDE)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _finish_repair(folder: Path) -> None:
    old = folder.with_suffix(".old")
    if old.exists() and not folder.exists():
        old.rename(folder)
