"""`csv`: our columns as comma-separated values; reads any CSV or TSV list."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from motionlens.domain.manifest import Manifest
from motionlens.formats.captions import with_default
from motionlens.formats.json_lines import text_of
from motionlens.formats.layout import write_list
from motionlens.formats.rows import Item, broken, items_from
from motionlens.formats.table import COLUMNS, table_rows

SUFFIXES = (".csv", ".tsv")


class CsvTable:
    """Lists media where they lie. Values are written as they are: a spreadsheet may take a caption
    that begins with `=` for a formula, and a trainer must get it unchanged."""

    name = "csv"
    folder = False

    def write(self, manifest: Manifest, out: Path, options: Mapping[str, Any]) -> list[Path]:
        """Write the table; captions may be empty."""
        write_list(out, csv_text(COLUMNS, table_rows(with_default(manifest, options))))
        return [out]

    def reads(self, path: Path) -> bool:
        return path.suffix.lower() in SUFFIXES and path.is_file()

    def read(self, path: Path) -> list[Item]:
        """Read any list with a header line and a known column for the file."""
        return items_from(csv_rows(path), path)


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A header and rows; values with commas, quotes or line breaks are quoted."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def csv_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows by column name, with the number of each row's last line."""
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    reader = csv.DictReader(
        io.StringIO(text_of(path), newline=""), delimiter=delimiter, strict=True
    )
    try:
        for row in reader:
            if None in row:
                raise broken(path, reader.line_num, "it has more values than the header")
            yield reader.line_num, row
    except csv.Error as error:
        # The inner reader's count: the outer one's stands still at an error.
        raise broken(path, reader.reader.line_num, str(error)) from error
