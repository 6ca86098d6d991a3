"""`jsonl`: the canonical manifest, one JSON object a line; and JSON lists of other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from motionlens.domain.errors import ManifestError
from motionlens.domain.manifest import Manifest
from motionlens.formats.captions import with_default
from motionlens.formats.layout import write_list
from motionlens.formats.rows import Item, broken, items_from

SUFFIXES = (".jsonl", ".ndjson")
Numbered = Iterator[tuple[int, Mapping[str, Any]]]


class JsonLines:
    """Lists media where they lie; the file's hash is the manifest's own."""

    name = "jsonl"
    folder = False

    def write(self, manifest: Manifest, out: Path, options: Mapping[str, Any]) -> list[Path]:
        """Write the canonical form; captions may be empty."""
        write_list(out, with_default(manifest, options).to_json_lines())
        return [out]

    def reads(self, path: Path) -> bool:
        return path.suffix.lower() in SUFFIXES and path.is_file()

    def read(self, path: Path) -> list[Item]:
        """Read any JSON Lines list with a known column for the file."""
        return items_from(json_rows(path), path)


class JsonList:
    """One JSON document: a list of objects, or an object of file name -> caption."""

    name = "json"

    def reads(self, path: Path) -> bool:
        return path.suffix.lower() == ".json" and path.is_file()

    def read(self, path: Path) -> list[Item]:
        return items_from(json_document_rows(path), path)


def text_of(path: Path) -> str:
    """A list's text, UTF-8 with or without a byte order mark."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ManifestError(
            f"{path} cannot be read", error.strerror or str(error), "Check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{path} cannot be read", f"it is no UTF-8 text ({error.reason})", "Save it as UTF-8"
        ) from error


def json_rows(path: Path) -> Numbered:
    """Objects of a JSON Lines file with their line numbers, blank lines left out."""
    for number, line in enumerate(text_of(path).split("\n"), start=1):
        if line.strip():
            yield number, _object(line, path, number)


def json_document_rows(path: Path) -> Numbered:
    """Objects of one JSON document; the number is the place in its list."""
    try:
        document = json.loads(text_of(path))
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path} cannot be read", str(error), "Mend the file") from error
    if isinstance(document, dict):
        document = [_pair(name, value) for name, value in document.items()]
    if not isinstance(document, list):
        raise ManifestError(f"{path} cannot be read", "it holds no list", "Name another list")
    for number, row in enumerate(document, start=1):
        if not isinstance(row, dict):
            raise broken(path, number, "it is no object")
        yield number, row


def _object(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise broken(path, number, f"it is no JSON ({error})") from error
    if not isinstance(row, dict):
        raise broken(path, number, "it is no object")
    return row


def _pair(name: str, value: object) -> dict[str, Any]:
    return {**value, "path": name} if isinstance(value, dict) else {"path": name, "caption": value}
