"""`videofolder`: the folder that Hugging Face `datasets` loads as VideoFolder.

Media are named by their id in hex, since words such as *test* in a file name make the loader invent
splits; the list lies beside them, with names relative to itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motionlens.domain.errors import ManifestError
from motionlens.domain.manifest import Manifest
from motionlens.files import write_atomically
from motionlens.formats import csv_table, json_lines, parquet
from motionlens.formats.captions import captioned, require_some
from motionlens.formats.layout import place_media, whole_folder, write_sidecar
from motionlens.formats.rows import Item

SUFFIXES = frozenset((".mkv", ".mp4", ".avi", ".mpeg", ".mov"))
_README = """---
configs:
- config_name: default
  data_files:
  - split: train
    path: "train/**"
---

{clips} clips, exported by MotionLens from the manifest {hash12}. Load them with
`load_dataset("videofolder", data_dir=...)`. Caches made from an earlier export hold clips that may
be excluded by now: do not use them again.
"""


class VideoFolder:
    """`train/<id>.<suffix>`, `train/metadata.jsonl`, and a README that names the split."""

    name = "videofolder"
    folder = True

    def write(self, manifest: Manifest, out: Path, options: Mapping[str, Any]) -> list[Path]:
        """Write the folder, media linked unless `options["copy"]`."""
        with whole_folder(out) as folder:
            train = folder / "train"
            rows: list[dict[str, Any]] = []
            for entry in captioned(manifest, options):
                target = place_media(entry, train, options, SUFFIXES)
                if target is not None:
                    rows.append(
                        {
                            "file_name": target.name, "caption": entry.caption, "clip": entry.id,
                            "fps": entry.fps, "frames": entry.frames,
                            "width": entry.width, "height": entry.height,
                        }
                    )  # fmt: skip
            require_some(rows, self.name)
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            write_atomically(train / "metadata.jsonl", lines)
            readme = _README.format(clips=len(rows), hash12=manifest.sha256[:12])
            write_atomically(folder / "README.md", readme)
            write_sidecar(folder, self.name, manifest, len(rows))
        listed = out / "train"
        media = [listed / str(row["file_name"]) for row in rows]
        return [listed / "metadata.jsonl", *media, out / "README.md"]

    def reads(self, path: Path) -> bool:
        return path.is_dir() and _metadata(path) is not None

    def read(self, path: Path) -> list[Item]:
        file = _metadata(path)
        if file is None:
            raise ManifestError(
                f"{path} is no VideoFolder", "no metadata list names files", "Name another folder"
            )
        readers = (json_lines.JsonLines(), csv_table.CsvTable(), parquet.ParquetTable())
        return next(reader for reader in readers if reader.reads(file)).read(file)


def _metadata(path: Path) -> Path | None:
    """The list of a VideoFolder, told from other lists by its column `file_name`."""
    for folder in (path / "train", path):
        for name in ("metadata.jsonl", "metadata.csv", "metadata.parquet"):
            file = folder / name
            if file.is_file() and (name.endswith(".parquet") or _names_files(file)):
                return file
    return None


def _names_files(file: Path) -> bool:
    with file.open("rb") as start:
        return b"file_name" in start.readline(65536)
