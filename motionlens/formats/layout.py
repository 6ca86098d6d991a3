"""Folders of an export: written aside, then put in place whole; media linked, copied or cut."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from motionlens.domain.errors import ManifestError
from motionlens.domain.manifest import Manifest, ManifestEntry
from motionlens.files import write_atomically, write_json
from motionlens.formats.captions import leave_out

SIDECAR = "motionlens.json"
_LARGEST = 1 << 30  # bytes of RGB frames


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A folder to write into that takes the place of `out` at the end, or vanishes on failure.

    An older export of ours in that place is replaced, so that a clip that was excluded since is
    gone; any other folder with something in it is refused.
    """
    _require_replaceable(out)
    temporary = out.with_name(f".{out.name}.{os.getpid()}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        old = out.with_name(f".{out.name}.{os.getpid()}.old")
        if out.exists():
            out.replace(old)
        temporary.replace(out)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise ManifestError(
            f"The export to {out} was not written",
            error.strerror or str(error),
            "Free some space, or name another place",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_list(out: Path, data: bytes | str) -> None:
    """Write a single-file format atomically."""
    try:
        if out.is_dir():
            raise IsADirectoryError("it is a folder; this format is one file")
        write_atomically(out, data)
    except OSError as error:
        raise ManifestError(
            f"The export to {out} was not written",
            error.strerror or str(error),
            "Name a file in a folder that you can write to",
        ) from error


def write_sidecar(folder: Path, format_name: str, manifest: Manifest, clips: int) -> None:
    """What this export is, for people and for the next export into the same place."""
    write_json(
        folder / SIDECAR,
        {
            "format": format_name,
            "clips": clips,
            "include": manifest.include,
            "manifest_sha256": manifest.sha256,
        },
    )


def place_media(
    entry: ManifestEntry, folder: Path, options: Mapping[str, Any], suffixes: frozenset[str]
) -> Path | None:
    """Put a clip's media into `folder` under its id; None where it had to be left out.

    Parameters
    ----------
    options : mapping
        `copy`: copy instead of link. `cut`: called with entry and path, writes the clip's frames
        as an mp4 where it is a part of its file, or in a container that the trainer does not
        load. `normalise`: called likewise for every clip, or for none.
    suffixes : frozenset of str
        What the trainer loads.
    """
    source = Path(entry.path)
    if not source.is_file():
        leave_out(options, entry, f"its file {source} does not exist")
        return None
    suffix = source.suffix.lower()
    write = _writer(entry, options, loads=suffix in suffixes)
    if write is not None:
        suffix = ".mp4"
    elif callable(options.get("normalise")) or entry.span is not None or suffix not in suffixes:
        leave_out(options, entry, _why_not(entry, suffix))
        return None
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{entry.id}{suffix}"
    if write is not None:
        write(entry, target)
    elif options.get("copy"):
        shutil.copyfile(source, target)
    else:
        _link(source.resolve(), target)
    return target


def _writer(
    entry: ManifestEntry, options: Mapping[str, Any], loads: bool
) -> Callable[[ManifestEntry, Path], None] | None:
    """What writes the clip's frames as a new mp4; None where the file itself will do."""
    normalise = options.get("normalise")
    needed = callable(normalise) or entry.span is not None or not loads
    # The frames are held in memory at once.
    fits = entry.frames * entry.width * entry.height * 3 <= _LARGEST
    write = normalise if callable(normalise) else options.get("cut")
    if not needed or not fits or write is None:
        return None
    return cast("Callable[[ManifestEntry, Path], None]", write)


def _why_not(entry: ManifestEntry, suffix: str) -> str:
    if entry.frames * entry.width * entry.height * 3 > _LARGEST:
        return "it would have to be written anew, and is too long and large for that"
    if entry.span is not None:
        return "it is a part of a file, and cannot be cut here"
    return f"this trainer does not load {suffix or 'files without a suffix'}"


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source)
    except OSError:
        # Where symbolic links need a privilege or are unknown, a copy is what works.
        shutil.copyfile(source, target)


def _require_replaceable(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise ManifestError(f"{out} is a file", "this format needs a folder", "Name a folder")
    if any(out.iterdir()) and not (out / SIDECAR).is_file():
        raise ManifestError(
            f"{out} is not empty",
            "it holds something that is not an export of this program",
            "Name a new or an empty folder",
        )
