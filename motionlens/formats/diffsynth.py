"""`diffsynth`: the metadata list of DiffSynth-Studio (columns `video`, `prompt`).

Its trainer joins names to `--dataset_base_path`, which leaves absolute ones as they are, and uses
the first frames of each file at whatever rate; clips that are a part of a file are therefore cut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from motionlens.domain.errors import ManifestError
from motionlens.domain.manifest import Manifest, ManifestEntry
from motionlens.files import write_atomically
from motionlens.formats import csv_table, json_lines
from motionlens.formats.captions import captioned, leave_out, reads_as_text, require_some
from motionlens.formats.layout import place_media, whole_folder, write_list, write_sidecar
from motionlens.formats.rows import Item

COLUMNS = ("video", "prompt", "clip")
SUFFIXES = frozenset(f".{name}" for name in "mp4 avi mov wmv mkv flv webm gif".split())
_LISTS = ("metadata.csv", "metadata.json", "metadata.jsonl")


class DiffSynth:
    """A folder with `metadata.csv`, or a single list where `out` ends in .csv, .json or .jsonl.

    In a folder the list is `metadata.json` where a caption such as `NA` or `007` would not come
    back as text from pandas' CSV reader, which the trainer uses.
    """

    name = "diffsynth"
    folder = True

    def write(self, manifest: Manifest, out: Path, options: Mapping[str, Any]) -> list[Path]:
        """Write the list (media are referred to in place, or copied) and what had to be cut."""
        if out.suffix.lower() in (".csv", ".json", ".jsonl"):
            return self._write_list(manifest, out, options)
        with whole_folder(out) as folder:
            rows, made = _rows(manifest, folder, folder, options)
            safe = all(reads_as_text(row["prompt"]) for row in rows)
            name = "metadata.csv" if safe else "metadata.json"
            write_atomically(folder / name, _text(name, rows))
            write_sidecar(folder, self.name, manifest, len(rows))
        return [out / name, *(out / path.relative_to(folder) for path in made)]

    def reads(self, path: Path) -> bool:
        return path.is_dir() and any((path / name).is_file() for name in _LISTS)

    def read(self, path: Path) -> list[Item]:
        for name in _LISTS:
            file = path / name
            if file.is_file():
                if name.endswith(".csv"):
                    return csv_table.CsvTable().read(file)
                lines = name.endswith(".jsonl")
                return (json_lines.JsonLines() if lines else json_lines.JsonList()).read(file)
        raise ManifestError(f"{path} holds no list", f"none of {', '.join(_LISTS)}", "Name a list")

    def _write_list(self, manifest: Manifest, out: Path, options: Mapping[str, Any]) -> list[Path]:
        media = out.with_name(f"{out.stem}-media")
        rows, made = _rows(manifest, out.parent, media, options)
        unsafe = [row for row in rows if not reads_as_text(row["prompt"])]
        if unsafe and out.suffix.lower() == ".csv":
            raise ManifestError(
                f"The caption {unsafe[0]['prompt']!r} cannot be written as CSV",
                "the trainer's reader would take it for a number or for nothing",
                f"Use {out.with_suffix('.json').name} as the name of the list",
            )
        write_list(out, _text(out.name, rows))
        return [out, *made]


def _rows(
    manifest: Manifest, base: Path, media: Path, options: Mapping[str, Any]
) -> tuple[list[dict[str, str]], list[Path]]:
    rows: list[dict[str, str]] = []
    made: list[Path] = []
    if media == base:
        media = base / "media"
    for entry in captioned(manifest, options):
        if _in_place(entry, options):
            if Path(entry.path).is_file():
                rows.append(_row(entry, str(Path(entry.path).absolute())))
            else:
                leave_out(options, entry, f"its file {entry.path} does not exist")
            continue
        target = place_media(entry, media, options, SUFFIXES)
        if target is not None:
            made.append(target)
            rows.append(_row(entry, target.relative_to(base).as_posix()))
    require_some(rows, DiffSynth.name)
    return rows, made


def _in_place(entry: ManifestEntry, options: Mapping[str, Any]) -> bool:
    moved = options.get("copy") or callable(options.get("normalise"))
    return not moved and entry.span is None and Path(entry.path).suffix.lower() in SUFFIXES


def _row(entry: ManifestEntry, video: str) -> dict[str, str]:
    return {"video": video, "prompt": entry.caption, "clip": entry.id}


def _text(name: str, rows: Sequence[Mapping[str, str]]) -> str:
    if name.endswith(".csv"):
        return csv_table.csv_text(COLUMNS, rows)
    if name.endswith(".jsonl"):
        return "".join(json.dumps(row) + "\n" for row in rows)
    return json.dumps(rows, indent=1) + "\n"
