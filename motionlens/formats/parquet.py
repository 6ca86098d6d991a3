"""`parquet`: our columns as a Parquet table, through pyarrow."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motionlens.domain.errors import ManifestError, PluginError
from motionlens.domain.manifest import Manifest
from motionlens.formats.captions import with_default
from motionlens.formats.layout import write_list
from motionlens.formats.rows import Item, items_from
from motionlens.formats.table import COLUMNS, table_rows


class ParquetTable:
    """Lists media where they lie."""

    name = "parquet"
    folder = False

    def write(self, manifest: Manifest, out: Path, options: Mapping[str, Any]) -> list[Path]:
        """Write the table; captions may be empty."""
        arrow, parquet = _pyarrow()
        types = {"width": "int32", "height": "int32", "frames": "int64", "start": "int64",
                 "stop": "int64", "fps": "float64", "duration_s": "float64"}  # fmt: skip
        schema = arrow.schema(
            [(name, arrow.type_for_alias(types.get(name, "string"))) for name in COLUMNS],
            metadata={"motionlens_manifest_sha256": manifest.sha256},
        )
        rows = table_rows(with_default(manifest, options))
        buffer = io.BytesIO()
        parquet.write_table(arrow.Table.from_pylist(rows, schema=schema), buffer)
        write_list(out, buffer.getvalue())
        return [out]

    def reads(self, path: Path) -> bool:
        return path.suffix.lower() == ".parquet" and path.is_file()

    def read(self, path: Path) -> list[Item]:
        """Read any table with a known column for the file."""
        arrow, parquet = _pyarrow()
        try:
            # `partitioning=None`: folder names such as `a=b` are no columns of ours.
            table = parquet.read_table(path, partitioning=None)
        except (arrow.ArrowException, OSError, ValueError) as error:
            raise ManifestError(
                f"{path} cannot be read", "it is no Parquet table", "Name another list"
            ) from error
        return items_from(enumerate(table.to_pylist(), start=1), path)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise PluginError(
            "The format parquet cannot be used",
            "pyarrow is not installed",
            "Install it with: pip install 'motionlens[formats]'",
        ) from error
    return pyarrow, parquet
