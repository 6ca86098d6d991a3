"""Finding media that were moved: by size first, and only then by content."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from motionlens.domain.clip import Clip
from motionlens.files import content_hash, plain_path
from motionlens.operations.rooms import Rooms

# Files looked at below one folder, and levels up from where a file was: a search that would walk
# through a whole disk is not what anybody waits for, and folders can be named.
_MOST_FILES = 200_000
_LEVELS_UP = 3


def relink(rooms: Rooms, clips: Sequence[Clip], folders: Sequence[Path]) -> dict[str, str]:
    """Link clips whose media are away to files of the same content elsewhere.

    Looked through are the folders given, and those near which the files were: the nearest folder
    above each that still exists, at most three levels up.

    Returns
    -------
    dict
        Clip id -> the path that it has now, of those that were found.
    """
    sizes = {path: size for path, (_, size, _) in rooms.store.known_paths().items()}
    wanted: dict[int, dict[str, list[Clip]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        for size in {sizes.get(path, 0) for path in clip.paths} - {0}:
            wanted[size][clip.content_hash].append(clip)
    found: dict[str, str] = {}
    for path, size in _files([*folders, *_near(clips)]):
        if not wanted:
            break
        if size in wanted:
            _match(path, wanted[size], found)
            if not wanted[size]:
                del wanted[size]
    moved = [replace(clip, paths=(found[clip.id],)) for clip in clips if clip.id in found]
    rooms.store.add_clips(moved)
    return found


def _match(path: Path, wanted: dict[str, list[Clip]], found: dict[str, str]) -> None:
    try:
        content = content_hash(path)
    except OSError:
        return
    for clip in wanted.pop(content, ()):
        found[clip.id] = str(plain_path(path))


def _near(clips: Iterable[Clip]) -> list[Path]:
    near: dict[Path, None] = {}
    too_wide = (Path("/"), Path.home())
    for clip in clips:
        for path in clip.paths:
            above = [f for f in list(Path(path).parents)[:_LEVELS_UP] if f not in too_wide]
            folder = next((f for f in above if f.is_dir()), None)
            if folder is not None:
                near[folder] = None
    return list(near)


def _files(folders: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    seen: set[Path] = set()
    for top in folders:
        count = 0
        for folder, inner, names in os.walk(top):
            place = Path(folder)
            inner[:] = sorted(n for n in inner if not n.startswith(".") and place / n not in seen)
            seen.add(place)
            count += len(names)
            for name in sorted(names):
                try:
                    yield place / name, (place / name).stat().st_size
                except OSError:
                    continue
            if count > _MOST_FILES:
                break
