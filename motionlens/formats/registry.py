"""The table of manifest formats: name -> "module:class", loaded when asked for."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from motionlens.domain.errors import ManifestError, UsageError
from motionlens.domain.ports import Exporter, Importer
from motionlens.formats.rows import Item

_EXPORTERS = {
    "jsonl": "json_lines:JsonLines",
    "csv": "csv_table:CsvTable",
    "parquet": "parquet:ParquetTable",
    "diffsynth": "diffsynth:DiffSynth",
    "videofolder": "videofolder:VideoFolder",
    "finetrainers": "prompts_and_videos:Finetrainers",
    "cogvideox": "prompts_and_videos:CogVideoX",
    "ltx": "ltx:Ltx",
}
# In the order in which they are asked: the more particular first.
_IMPORTERS = (
    "videofolder:VideoFolder",
    "diffsynth:DiffSynth",
    "prompts_and_videos:Finetrainers",
    "ltx:Ltx",
    "json_lines:JsonLines",
    "json_lines:JsonList",
    "csv_table:CsvTable",
    "parquet:ParquetTable",
)


def names() -> list[str]:
    """The formats that can be exported."""
    return list(_EXPORTERS)


def exporter(name: str) -> Exporter:
    """The exporter of a format; UsageError lists the names."""
    if name not in _EXPORTERS:
        raise UsageError(
            f"The format {name!r} is unknown",
            f"known are {', '.join(_EXPORTERS)}",
            "List them with: motionlens export --list-formats",
        )
    made: Exporter = _load(_EXPORTERS[name])
    return made


def importer(path: Path) -> Importer:
    """The importer that reads a file or folder.

    Raises
    ------
    ManifestError
        It does not exist, or is no list of a known format.
    """
    if not path.exists():
        raise ManifestError(f"{path} cannot be read", "it does not exist", "Check the path")
    for where in _IMPORTERS:
        made: Importer = _load(where)
        if made.reads(path):
            return made
    raise ManifestError(
        f"{path} is no training list of a known format",
        "known are .jsonl, .json, .csv, .tsv, .parquet, and folders with a metadata list",
        "Convert the list, or add the media folder itself",
    )


def read(path: Path) -> list[Item]:
    """A manifest of any known format: path, caption, frame range of each clip."""
    return importer(path).read(path)


def _load(where: str) -> Any:
    module, name = where.split(":")
    return getattr(importlib.import_module(f"motionlens.formats.{module}"), name)()
