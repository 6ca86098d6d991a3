"""`add`: files, folders and manifests become clips of the project."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from motionlens.domain.clip import Clip, MediaInfo, Role, Span, clip_id
from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.ports import Progress, Token
from motionlens.files import ProjectFolder, content_hash, plain_path
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms

# Files that lie beside clips and are none: passed over in folders without a word. A file that is
# named directly is always tried.
_BESIDE = frozenset(
    ".txt .csv .tsv .json .jsonl .md .yaml .yml .toml .parquet .npz .npy .srt .vtt .py .html .pdf"
    " .png .jpg .jpeg .webp .bmp .tif .tiff .safetensors .db .zip .tar .gz .flo .log .lock".split()
)
# Scenes are told apart on frames of at most this side, so many at a time.
_SCENE_SIDE, _SCENE_FRAMES, _AROUND = 320, 1000, 6


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
    split_scenes: bool = False,
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
    split_scenes : bool
        Files with hard cuts become one clip a scene.

    Raises
    ------
    UsageError
        A path that does not exist, a folder without clips, nothing named at all.
    """
    wanted = [found for path in paths for found in _expand(Path(path), rooms.folder)]
    if manifest is not None:
        wanted += [_Wanted(*entry) for entry in rooms.formats.read(Path(manifest))]
    if not wanted:
        raise UsageError("Nothing to add", "no file was named", "Name files, folders or a manifest")
    adder = _Adder(rooms, Role(role), _dotted(caption_suffix), split_scenes)
    for done, item in enumerate(wanted):
        token.check()
        progress("Adding clips", done, len(wanted))
        adder.add(item)
    progress("Adding clips", len(wanted), len(wanted))
    return AddResult(adder.added, adder.known, tuple(adder.skipped))


class _Adder:
    def __init__(self, rooms: Rooms, role: Role, suffix: str, split_scenes: bool) -> None:
        self._rooms = rooms
        self._role = role
        self._suffix = suffix
        self._split = split_scenes
        self._stamps = rooms.store.known_paths()
        self._known: dict[str, list[Clip]] = {}
        for clip in rooms.store.clips():
            for path in clip.paths:
                self._known.setdefault(path, []).append(clip)
        self.added = 0
        self.known = 0
        self.skipped: list[Skipped] = []

    def add(self, item: _Wanted) -> None:
        path = plain_path(item.path)
        try:
            _require_text_name(path)
            caption = item.caption if item.caption is not None else self._sidecar(path)
            if item.span is None and (clips := self._unchanged(path)):
                for clip in clips:
                    self._recaption(clip.id, caption)
                self.known += len(clips)
                return
            for clip in self._make(path, caption, item.span):
                self._store(clip)
        except MediaError as error:
            self._skip(path, error.why or error.what)
        except OSError as error:
            self._skip(path, error.strerror or str(error))

    def _skip(self, path: Path, why: str) -> None:
        # A name that is no text cannot be printed as it is.
        self.skipped.append(Skipped(str(path).encode(errors="backslashreplace").decode(), why))

    def _store(self, clip: Clip) -> None:
        if self._rooms.store.add_clip(clip):
            self.added += 1
        else:
            self._recaption(clip.id, clip.caption)
            self.known += 1

    def _unchanged(self, path: Path) -> list[Clip]:
        """The clips that this file is known as, if it is as it was: not even read again."""
        stat = path.stat()
        stamp = self._stamps.get(str(path))
        if stamp is None or stamp[1:] != (stat.st_size, stat.st_mtime_ns):
            return []
        content = next(c.content_hash for c in self._known[str(path)] if c.id == stamp[0])
        clips = [c for c in self._known[str(path)] if c.content_hash == content]
        return [clip for clip in clips if (clip.span is None) != self._split]

    def _make(self, path: Path, caption: str, span: tuple[int, int] | None) -> list[Clip]:
        content = content_hash(path)
        info = self._rooms.reader.probe(path)
        whole = [Span(*span)] if span else self._scenes(path, info) if self._split else [None]
        return [
            Clip(
                id=clip_id(content, part),
                paths=(str(path),),
                content_hash=content,
                role=self._role,
                info=info if part is None else _part_info(info, part, path),
                caption=caption,
                span=part,
            )
            for part in whole
        ]

    def _scenes(self, path: Path, info: MediaInfo) -> list[Span | None]:
        """The parts between cuts; the whole file where it has none."""
        motion = self._rooms.motion()
        cuts: list[int] = []
        for first in range(0, info.frames, _SCENE_FRAMES):
            last = min(info.frames, first + _SCENE_FRAMES)
            # A few frames on both sides: a cut is told by the change around it.
            start, stop = max(0, first - _AROUND), min(info.frames, last + _AROUND)
            frames = self._rooms.reader.frames(path, start, stop, max_side=_SCENE_SIDE)
            found = (start + cut for cut in motion.scene_cuts(frames))
            cuts += [cut for cut in found if first <= cut < last]
        if not cuts:
            return [None]
        return [Span(*pair) for pair in itertools.pairwise([0, *cuts, info.frames])]

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


def _dotted(suffix: str) -> str:
    if suffix.strip(".") == "" or "/" in suffix or "\\" in suffix:
        raise UsageError(f"{suffix!r} is no suffix of caption files", "", "Give one such as .txt")
    return suffix if suffix.startswith(".") else f".{suffix}"


def _require_text_name(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise MediaError(
            "This file cannot be added", "its name is not valid UTF-8", "Rename the file"
        ) from None


def _expand(path: Path, project: ProjectFolder) -> Iterable[_Wanted]:
    if not path.exists():
        raise UsageError(f"{path} does not exist", "", "Check the path")
    if not path.is_dir():
        return [_Wanted(path)]
    # A project that lies among its own media keeps files which are no clips of anybody's.
    inner = [own for own in project.kept if not plain_path(path).is_relative_to(plain_path(own))]
    files = [
        p
        for p in sorted(path.rglob("*"))
        if p.is_file() and not _hidden(p, path) and not _below(p, inner)
    ]
    media = [p for p in files if p.suffix.lower() not in _BESIDE]
    if not media:
        raise UsageError(
            f"No clips in {path}",
            f"it holds {len(files)} files and none is a video",
            "Name a folder with video files",
        )
    return [_Wanted(p) for p in media]


def _below(path: Path, folders: list[Path]) -> bool:
    plain = plain_path(path)
    return any(plain.is_relative_to(plain_path(folder)) for folder in folders)


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
