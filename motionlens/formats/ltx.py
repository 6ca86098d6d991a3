"""`ltx`: the data set list of the LTX-2 trainer (columns `video`, `caption`).

It takes the first frames at the file's own rate, and its results are kept: a new manifest needs a
new output folder there, or clips that were excluded are trained on all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motionlens.domain.manifest import Manifest
from motionlens.files import write_atomically
from motionlens.formats.captions import captioned, leave_out, require_some
from motionlens.formats.json_lines import JsonList
from motionlens.formats.layout import place_media, whole_folder, write_sidecar
from motionlens.formats.rows import Item

LIST = "dataset.json"
SUFFIXES = frozenset((".mp4", ".mov", ".avi", ".mkv", ".webm"))


class Ltx:
    """A folder with `dataset.json`; media are referred to in place, or copied, or cut."""

    name = "ltx"
    folder = True

    def write(self, manifest: Manifest, out: Path, options: Mapping[str, Any]) -> list[Path]:
        """Write the list, with the same keys in every row."""
        rows: list[dict[str, str]] = []
        made: list[Path] = []
        moved = bool(options.get("copy")) or callable(options.get("normalise"))
        with whole_folder(out) as folder:
            for entry in captioned(manifest, options):
                source = Path(entry.path).absolute()
                video = str(source)
                if moved or entry.span is not None or source.suffix.lower() not in SUFFIXES:
                    target = place_media(entry, folder / "media", options, SUFFIXES)
                    if target is None:
                        continue
                    video = target.relative_to(folder).as_posix()
                    made.append(out / video)
                elif not source.is_file():
                    leave_out(options, entry, f"its file {source} does not exist")
                    continue
                rows.append({"video": video, "caption": entry.caption, "clip": entry.id})
            require_some(rows, self.name)
            write_atomically(folder / LIST, json.dumps(rows, indent=1) + "\n")
            write_sidecar(folder, self.name, manifest, len(rows))
        return [out / LIST, *made]

    def reads(self, path: Path) -> bool:
        return path.is_dir() and (path / LIST).is_file()

    def read(self, path: Path) -> list[Item]:
        return JsonList().read(path / LIST)
