"""A training list's rows, whatever its columns are called, to paths, captions and frame ranges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from motionlens.domain.errors import ManifestError

Item = tuple[Path, str, tuple[int, int] | None]

PATH_KEYS = ("path", "video", "file_name", "video_path", "media_path", "file_path", "video_file")
CAPTION_KEYS = ("caption", "prompt", "text", "cap", "captions")


def items_from(rows: Iterable[tuple[int, Mapping[str, Any]]], file: Path) -> list[Item]:
    """Rows with their line numbers to items; names are relative to the list's own folder.

    Files that are missing are handed on, so that whoever adds them can name each; a list of which
    no file exists is refused, since then its folder is wrong.

    Raises
    ------
    ManifestError
        A row cannot be understood (with its line), no row at all, or no file exists.
    """
    items = [_item(row, line, file) for line, row in rows]
    if not items:
        raise ManifestError(f"{file} lists no clips", "it is empty", "Name another list")
    if not any(path.is_file() for path, _, _ in items):
        raise ManifestError(
            f"None of the {len(items)} files that {file} lists exists",
            f"the first would be {items[0][0]}; names are relative to the list's folder",
            "Put the list where its names lead to the media",
        )
    return items


def broken(file: Path, line: int, why: str) -> ManifestError:
    """A row that cannot be understood."""
    return ManifestError(f"{file}, line {line} cannot be read", why, "Mend the line, or remove it")


def _item(row: Mapping[str, Any], line: int, file: Path) -> Item:
    return _path(row, line, file), _caption(row), _span(row, line, file)


def _path(row: Mapping[str, Any], line: int, file: Path) -> Path:
    named = next((row[key] for key in PATH_KEYS if row.get(key)), None)
    if not isinstance(named, str) or not named.strip():
        raise broken(file, line, f"it names no file (looked for {', '.join(PATH_KEYS)})")
    if "://" in named:
        raise broken(file, line, f"{named} is a web address; media are read from this computer")
    if "\0" in named:
        raise broken(file, line, "the file name holds a zero byte")
    # Absolute names stay as they are; `..` may lead anywhere that the user can read.
    return (file.parent / named).absolute()


def _caption(row: Mapping[str, Any]) -> str:
    found = next((row[key] for key in CAPTION_KEYS if row.get(key)), "")
    if isinstance(found, list):
        found = found[0] if found else ""
    if found is None or (isinstance(found, float) and math.isnan(found)):
        return ""
    return str(found)


def _span(row: Mapping[str, Any], line: int, file: Path) -> tuple[int, int] | None:
    span = row.get("span")
    start, stop = (
        (span.get("start"), span.get("stop"))
        if isinstance(span, Mapping)
        else (row.get("start"), row.get("stop"))
    )
    if start in (None, "") and stop in (None, ""):
        return None
    try:
        first, last = int(start or 0), int(stop)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise broken(file, line, f"{start}:{stop} is no range of frames") from error
    if not 0 <= first < last:
        raise broken(file, line, f"{first}:{last} is an empty range of frames")
    return first, last
