"""`export`: the approved clips as a manifest that trainers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionlens.domain.clip import Clip, Role
from motionlens.domain.errors import ManifestError, UsageError
from motionlens.domain.manifest import Include, Manifest, ManifestEntry
from motionlens.domain.ports import Progress, Token
from motionlens.files import content_hash
from motionlens.operations.add import Skipped
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms, present_path


@dataclass(frozen=True)
class ExportResult:
    format: str
    clips: int
    sha256: str
    files: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


def export(
    rooms: Rooms,
    *,
    format: str,
    out: str | Path,
    include: str = "not-excluded",
    copy: bool = False,
    normalise: bool = False,
    default_caption: str = "",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> ExportResult:
    """Write the approved training clips in one of the known formats.

    Parameters
    ----------
    include : {"not-excluded", "keep", "agreed"}
        Which clips count as approved.
    copy : bool
        Copy media into folder layouts instead of linking them.
    normalise : bool
        Write each clip of a folder layout anew: upright, square pixels, a constant rate, H.264.
    default_caption : str
        For clips without one.
    """
    exporter = rooms.formats.exporter(format)
    if normalise and not exporter.folder:
        raise UsageError(
            f"The format {format} cannot be normalised",
            "it lists media where they lie",
            "Use a format with a folder of its own, such as videofolder",
        )
    token.check()
    progress("Exporting", 0, 1)
    manifest = approved(rooms, include)
    path_of = {entry.id: entry.path for entry in manifest.entries}
    skipped: list[Skipped] = []
    cut = _cutter(rooms)
    options: Mapping[str, Any] = {
        "skipped": lambda clip, why: skipped.append(Skipped(path_of[clip], why)),
        "copy": copy,
        "normalise": cut if normalise else None,
        "default_caption": default_caption,
        "cut": cut,
    }
    files = exporter.write(manifest, Path(out), options)
    progress("Exporting", 1, 1)
    return ExportResult(
        exporter.name,
        len(manifest.entries) - len(skipped),
        content_hash(files[0]),
        tuple(str(file) for file in files),
        tuple(skipped),
    )


def approved(rooms: Rooms, include: str = "not-excluded") -> Manifest:
    """The training clips that `include` takes, in order of id, frozen.

    Raises
    ------
    ManifestError
        Nothing is approved.
    """
    which = Include(include)
    clips, decisions, disputed = rooms.store.training_state()
    if which is Include.EVERYTHING:
        decisions = {}
    if which is not Include.AGREED:
        disputed = set()
    entries = []
    for clip in sorted(clips, key=lambda clip: clip.id):
        event = decisions.get(clip.id)
        decision = str(event.decision) if event else "none"
        wanted = decision == "keep" if which is Include.KEEP else decision != "exclude"
        if wanted and clip.id not in disputed:
            entries.append(manifest_entry(clip, decision))
    if not entries:
        raise ManifestError(
            "No clip is approved",
            f"--include {which} takes none of the training clips",
            "Keep some clips, or use --include not-excluded",
        )
    return Manifest(tuple(entries), str(which))


def manifest_entry(clip: Clip, decision: str = "none") -> ManifestEntry:
    """A clip as one entry of a training list."""
    info = clip.info
    return ManifestEntry(
        id=clip.id,
        path=str(_existing(clip)),
        content_hash=clip.content_hash,
        caption=clip.caption,
        width=info.width,
        height=info.height,
        fps=info.fps,
        frames=info.frames,
        duration_s=info.duration_s,
        span=clip.span,
        decision=decision,
    )


def _existing(clip: Clip) -> Path:
    # A list may name media on a drive that is away just now; the first known path stands then.
    return next((Path(path) for path in clip.paths if Path(path).is_file()), Path(clip.path))


def _cutter(rooms: Rooms) -> Any:
    def cut(entry: ManifestEntry, out: Path) -> None:
        """Write an entry's frames as a file of its own."""
        start, stop = (entry.span.start, entry.span.stop) if entry.span else (0, None)
        clip = next(c for c in rooms.store.clips(Role.TRAINING) if c.id == entry.id)
        frames = rooms.reader.frames(present_path(clip), start, stop)
        rooms.reader.write(out, frames, entry.fps or 8.0)

    return cut
