"""Files that no longer hold what was added: a clip's id stands for its content, not its path."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from motionlens.domain.clip import Clip
from motionlens.files import content_hash
from motionlens.operations.rooms import Rooms


def changed_files(rooms: Rooms, clips: Iterable[Clip]) -> dict[str, str]:
    """Clip id -> path of the file that holds something else now; media that are away do not count.

    Size and time tell cheaply which files to look into; only the content decides.
    """
    stamps = rooms.store.known_paths()
    contents: dict[str, str] = {}
    found: dict[str, str] = {}
    hashes: dict[str, str] = {}
    for clip in clips:
        path = next((path for path in clip.paths if Path(path).is_file()), None)
        if path is None:
            continue
        seen, *stamp = stamps.get(path, ("", 0, 0))
        if tuple(stamp) == _stamp(path):
            # A file that was replaced and added again is as it was seen, with another content.
            if seen != clip.id and not contents:
                contents = {known.id: known.content_hash for known in rooms.store.clips()}
            if seen == clip.id or contents.get(seen) == clip.content_hash:
                continue
        if path not in hashes:
            hashes[path] = content_hash(path)
        if hashes[path] != clip.content_hash:
            found[clip.id] = path
    return found


def _stamp(path: str) -> tuple[int, int]:
    status = Path(path).stat()
    return status.st_size, status.st_mtime_ns
