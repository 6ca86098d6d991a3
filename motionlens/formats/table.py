"""The columns of our own tables (`csv`, `parquet`)."""

from __future__ import annotations

from typing import Any

from motionlens.domain.manifest import Manifest, ManifestEntry

COLUMNS = (
    "id", "path", "caption", "width", "height", "fps", "frames", "duration_s", "start", "stop",
    "decision", "content_hash",
)  # fmt: skip


def table_row(entry: ManifestEntry) -> dict[str, Any]:
    """One entry as a flat row; `start` and `stop` are None for a whole file."""
    values = {name: getattr(entry, name) for name in COLUMNS if name not in ("start", "stop")}
    span = entry.span
    values["start"] = None if span is None else span.start
    values["stop"] = None if span is None else span.stop
    return {name: values[name] for name in COLUMNS}


def table_rows(manifest: Manifest) -> list[dict[str, Any]]:
    return [table_row(entry) for entry in manifest.entries]
