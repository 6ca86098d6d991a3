"""`add`: files, folders and manifests become clips of the project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from motionlens.domain.clip import Clip, MediaInfo, Role, Span, clip_id
from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.ports import Progress, Token
from motionlens.files import content_hash
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms

# Files that lie beside clips and are none: passed over in folders without a word. A file that is
# named directly is always tried.
_BESIDE = frozenset(
    ".txt .csv .tsv .json .jsonl .md .yaml .yml .toml .parquet .npz .npy .srt .vtt .py .html .pdf"
    " .png .jpg .jpeg .webp .bmp .tif .tiff .safetensors .db .zip .tar .gz .flo .log".split()
)


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why, in words."""

    path: str
    why: str


@dataclass(frozen=True)
class AddResult:
    added: int
    known: int
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class _Wanted:
    path: Path
    caption: str | None = None
    span: tuple[int, int] | None = None


def add(
    rooms: Rooms,
    paths: Sequence[str | Path],
    *,
    role: str = "training",
    manifest: str | Path | None = None,
    caption_suffix: str = ".txt",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> AddResult:
    """Add clips; what is there already is counted as known, so the same call again is harmless.

    Parameters
    ----------
    paths : sequence of paths
        Files, and folders that are searched through.
    role : {"training", "generation", "reference"}
    manifest : path, optional
        A training list of any known format, whose clips are added too.
    caption_suffix : str
        A text file with this suffix beside a clip holds its caption.

    Raises
    ------
    UsageError
        A path that does not exist, a folder without clips, nothing named at all.
    """
    wanted = [found for path in paths for found in _expand(Path(path))]
    if manifest is not None:
        wanted += [_Wanted(*entry) for entry in rooms.formats.read(Path(manifest))]
    if not wanted:
        raise UsageError("Nothing to add", "no file was named", "Name files, folders or a manifest")
    adder = _Adder(rooms, Role(role), caption_suffix)
    for done, item in enumerate(wanted):
        token.check()
        progress("Adding clips", done, len(wanted))
        adder.add(item)
    progress("Adding clips", len(wanted), len(wanted))
    return AddResult(adder.added, adder.known, tuple(adder.skipped))


class _Adder:
    def __init__(self, rooms: Rooms, role: Role, caption_suffix: str) -> None:
        self._rooms = rooms
        self._role = role
        self._suffix = caption_suffix
        self._seen = rooms.store.known_paths()
        self.added = 0
        self.known = 0
        self.skipped: list[Skipped] = []

    def add(self, item: _Wanted) -> None:
        path = item.path.absolute()
        try:
            caption = item.caption if item.caption is not None else self._sidecar(path)
            stat = path.stat()
            seen = self._seen.get(str(path))
            if seen and seen[1:] == (stat.st_size, stat.st_mtime_ns) and item.span is None:
                self._recaption(seen[0], caption)
                self.known += 1
                return
            clip = self._make(path, caption, item.span)
        except MediaError as error:
            self.skipped.append(Skipped(str(path), error.why or error.what))
            return
        except OSError as error:
            self.skipped.append(Skipped(str(path), error.strerror or str(error)))
            return
        if self._rooms.store.add_clip(clip):
            self.added += 1
        else:
            self._recaption(clip.id, caption)
            self.known += 1

    def _make(self, path: Path, caption: str, span: tuple[int, int] | None) -> Clip:
        content = content_hash(path)
        info = self._rooms.reader.probe(path)
        part = Span(*span) if span else None
        if part is not None:
            info = _part_info(info, part, path)
        return Clip(
            id=clip_id(content, part),
            paths=(str(path),),
            content_hash=content,
            role=self._role,
            info=info,
            caption=caption,
            span=part,
        )

    def _sidecar(self, path: Path) -> str:
        beside = path.with_suffix(self._suffix)
        if beside == path or not beside.is_file():
            return ""
        return beside.read_text(encoding="utf-8", errors="replace").strip()

    def _recaption(self, clip: str, caption: str) -> None:
        # A caption that was written after the clip was added is taken over; an absent one is not.
        if caption:
            self._rooms.store.set_caption(clip, caption)


def _part_info(info: MediaInfo, part: Span, path: Path) -> MediaInfo:
    if not 0 <= part.start < part.stop <= info.frames:
        raise MediaError(
            f"{path.name} has no frames {part.start} to {part.stop}",
            f"it has {info.frames} frames, so {part.start}:{part.stop} lies outside",
            "Mend the range",
        )
    times = info.frame_times_s[part.start : part.stop]
    seconds = part.frames / info.fps if info.fps else 0.0
    return replace(info, frames=part.frames, duration_s=seconds, frame_times_s=times)


def _expand(path: Path) -> Iterable[_Wanted]:
    if not path.exists():
        raise UsageError(f"{path} does not exist", "", "Check the path")
    if not path.is_dir():
        return [_Wanted(path)]
    files = [p for p in sorted(path.rglob("*")) if p.is_file() and not _hidden(p, path)]
    media = [p for p in files if p.suffix.lower() not in _BESIDE]
    if not media:
        raise UsageError(
            f"No clips in {path}",
            f"it holds {len(files)} files and none is a video",
            "Name a folder with video files",
        )
    return [_Wanted(p) for p in media]


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
