"""`add`: files, folders and manifests become clips of the project."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from motionlens.domain.clip import Clip, MediaInfo, Role, Span, clip_id
from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.ports import Progress, Token
from motionlens.files import ProjectFolder, content_hash, plain_path
from motionlens.operations.ahead import ahead, spare_lanes
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms

# Files that lie beside clips and are none: passed over in folders without a word. A file that is
# named directly is always tried.
_BESIDE = frozenset(
    ".txt .csv .tsv .json .jsonl .md .yaml .yml .toml .parquet .npz .npy .srt .vtt .py .html .pdf"
    " .png .jpg .jpeg .webp .bmp .tif .tiff .safetensors .db .zip .tar .gz .flo .log .lock".split()
)
# Scenes are told apart on frames of at most this side, px.
_SCENE_SIDE = 320
# A commit waits for the disk, so clips are stored so many at a time, or so many seconds apart: what
# a killed call loses.
_BATCH, _BATCH_SECONDS = 64, 1.0
# Files a lane works ahead of the one being stored.
_AHEAD = 4


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


@dataclass(frozen=True)
class _Looked:
    """What a look at one file gave: clips to store, clips that are known already, or words."""

    path: Path
    clips: tuple[Clip, ...] = ()
    known: tuple[Clip, ...] = ()
    caption: str = ""
    why: str = ""


def add(
    rooms: Rooms,
    paths: Sequence[str | Path],
    *,
    role: str = "training",
    manifest: str | Path | None = None,
    caption_suffix: str = ".txt",
    split_scenes: bool = False,
    jobs: int | None = None,
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
        Files with hard cuts become one clip a scene: a range of its frames, never encoded again.
    jobs : int, optional
        Files that are read side by side; None for as many as this machine does at once.

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
    if jobs is not None and jobs < 1:
        raise UsageError(f"{jobs} files cannot be read at once", "", "Give 1 job or more")
    look = _Look(rooms, Role(role), _dotted(caption_suffix), split_scenes)
    kept = _Kept(rooms)
    # Beside an isolated reader a second lane pays on two cores: one hashes while one decodes.
    lanes = jobs or spare_lanes()
    with closing(ahead(wanted, [look] * min(lanes, len(wanted)), _AHEAD)) as looks:
        try:
            _store_all(looks, kept, len(wanted), progress, token)
        finally:
            # What was read is kept also where the call is cancelled or interrupted.
            kept.flush()
    progress("Adding clips", len(wanted), len(wanted))
    return AddResult(kept.added, kept.known, tuple(kept.skipped))


def _store_all(
    looks: Iterator[tuple[_Wanted, Callable[[], _Looked]]],
    kept: _Kept,
    total: int,
    progress: Progress,
    token: Token,
) -> None:
    for done, (_, looked) in enumerate(looks):
        token.check()
        progress("Adding clips", done, total)
        kept.take(looked())


class _Kept:
    """Puts clips into the store, many in one transaction, and counts."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._waiting: list[Clip] = []
        self._captions: list[tuple[Clip, str]] = []
        self._flushed = time.monotonic()
        self.added = 0
        self.known = 0
        self.skipped: list[Skipped] = []

    def take(self, looked: _Looked) -> None:
        if looked.why:
            # A name that is no text cannot be printed as it is.
            name = str(looked.path).encode(errors="backslashreplace").decode()
            self.skipped.append(Skipped(name, looked.why))
        self.known += len(looked.known)
        self._captions += [(clip, looked.caption) for clip in looked.known]
        self._waiting += looked.clips
        due = time.monotonic() - self._flushed > _BATCH_SECONDS
        if due or len(self._waiting) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Commit what waits."""
        waiting, self._waiting = self._waiting, []
        for clip, new in zip(waiting, self._rooms.store.add_clips(waiting), strict=True):
            self.added += new
            self.known += not new
            if not new:
                self._captions.append((clip, clip.caption))
        captions, self._captions = self._captions, []
        for clip, caption in captions:
            # A caption that was written after the clip was added is taken over; an absent one not.
            if caption and caption != self._rooms.store.clip(clip.id).caption:
                self._rooms.store.set_caption(clip.id, caption)
        self._flushed = time.monotonic()


class _Look:
    """Reads one file after another; called from several lanes at once, it changes nothing."""

    def __init__(self, rooms: Rooms, role: Role, suffix: str, split_scenes: bool) -> None:
        self._rooms = rooms
        self._role = role
        self._suffix = suffix
        self._split = split_scenes
        self._stamps = rooms.store.known_paths()
        self._known: dict[str, list[Clip]] = {}
        self._contents: dict[str, Clip] = {}
        for clip in rooms.store.clips():
            for path in clip.paths:
                self._known.setdefault(path, []).append(clip)
            if clip.span is None:
                self._contents[clip.content_hash] = clip

    def __call__(self, item: _Wanted) -> _Looked:
        path = plain_path(item.path)
        try:
            _require_text_name(path)
            caption = item.caption if item.caption is not None else self._sidecar(path)
            if item.span is None and (clips := self._unchanged(path)):
                changed = tuple(c for c in clips if caption not in ("", c.caption))
                return _Looked(path, known=tuple(clips), caption=caption if changed else "")
            return _Looked(path, tuple(self._make(path, caption, item.span)))
        except MediaError as error:
            return _Looked(path, why=error.why or error.what)
        except OSError as error:
            return _Looked(path, why=error.strerror or str(error))

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
        copied = self._contents.get(content)
        if copied is not None and span is None and not self._split:
            # Known content at another place: its facts are known too, and it is not decoded.
            return [replace(copied, paths=(str(path),), caption=caption)]
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
        pieces = self._rooms.reader.pieces(path, max_side=_SCENE_SIDE)
        cuts = self._rooms.motion().scene_cuts(pieces)
        if not cuts:
            return [None]
        return [Span(*pair) for pair in itertools.pairwise([0, *cuts, info.frames])]

    def _sidecar(self, path: Path) -> str:
        beside = path.with_suffix(self._suffix)
        if beside == path or not beside.is_file():
            return ""
        return beside.read_text(encoding="utf-8", errors="replace").strip()


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
    files = list(_files_below(path, project))
    media = [p for p in files if p.suffix.lower() not in _BESIDE]
    if not media:
        raise UsageError(
            f"No clips in {path}",
            f"it holds {len(files)} files and none is a video",
            "Name a folder with video files",
        )
    return [_Wanted(p) for p in media]


def _files_below(top: Path, project: ProjectFolder) -> Iterator[Path]:
    """Files in order of their paths, without hidden ones and what the project keeps."""
    plain = plain_path(top)
    # A project that lies among its own media keeps files which are no clips of anybody's.
    kept = {plain_path(own) for own in project.kept}
    kept = {own for own in kept if not plain.is_relative_to(own)}
    found = []
    for folder, inner, names in os.walk(top):
        place = Path(folder)
        own = plain / place.relative_to(top)
        inner[:] = [n for n in inner if not n.startswith(".") and own / n not in kept]
        found += [
            place / name for name in names if not name.startswith(".") and own / name not in kept
        ]
    return (path for path in sorted(found) if path.is_file())
