"""`map`: where and when in a clip its influence on a query comes from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip, Region, Span
from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.influence import SIDES, InfluenceMap, spread_evenly
from motionlens.domain.ports import GradientRow, Progress, Token
from motionlens.domain.ranking import Method
from motionlens.files import atomic_file
from motionlens.operations.clips import ClipFinder
from motionlens.operations.indexed import TrainingRows, training_rows
from motionlens.operations.queries import OpenIndex, QueryMaker, open_fresh
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms, frame_range

# Scores that are linear in a gradient, so that they have exact shares.
METHODS = (Method.COSINE, Method.CENTRED, Method.WHITENED)


@dataclass(frozen=True)
class MapResult:
    """What `map` found.

    Attributes
    ----------
    frames : int
        Of the mapped clip.
    total : float
        The score, as `neighbours` gives it for this pair; the map adds up to it.
    share_top_frame : float
        Share of the frame that adds or takes most in all that is added and taken, 0 to 1.
    per_frame : tuple of float
        What each frame adds to the score.
    offset : float
        The part of `total` that comes from centring. It belongs to no place, and is spread over
        the map as the clip's motion mask is.
    no_motion : bool
        Nothing moves in one of the two, so that there is no direction and the map is zero.
    """

    frames: int
    total: float
    share_top_frame: float
    per_frame: tuple[float, ...]
    offset: float
    no_motion: bool
    query: str
    clip: str
    side: str
    method: str
    fingerprint: str


@dataclass(frozen=True)
class _Asked:
    """What one map depends on beside the index."""

    query: Clip
    clip: Clip
    side: str
    method: str
    region: Region | None
    span: Span | None

    @property
    def mapped(self) -> Clip:
        return self.clip if self.side == "clip" else self.query

    def file(self, rooms: Rooms, fingerprint: str) -> Path:
        """Where the map is kept; another caption is another gradient."""
        where = (self.region, self.span, self.side, self.method)
        clips = (self.query.id, self.query.caption, self.clip.id, self.clip.caption)
        name = hashlib.sha256(repr((where, clips)).encode()).hexdigest()[:24]
        return rooms.folder.cache / "influence" / fingerprint / f"{name}.npz"


def influence_map(
    rooms: Rooms,
    *,
    query: str,
    clip: str,
    out: str | Path | None = None,
    region: Region | None = None,
    span: Span | None = None,
    method: str = "centred",
    side: str = "clip",
    fingerprint: str | None = None,
    device: str = "auto",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> MapResult:
    """Map the score of a training clip with a query onto the clip's places, or onto the query's.

    Parameters
    ----------
    query, clip : str
        Names of clips; `clip` is one of the index.
    out : path, optional
        NPZ file: `influence` (F, H, W) float32 at the mapped clip's own frames and size, with
        `fps`, `frame_times_s`, `width`, `height`, `motionlens` (JSON text). A small copy is kept
        in the project's cache for the player in any case.
    region, span
        Where and when in the query the motion is meant.
    method : {"centred", "cosine", "whitened"}
    side : {"clip", "query"}
        Whose places are mapped.

    Raises
    ------
    UsageError
        Another method or side, or a clip that is not indexed.
    IndexMissing, IndexStale
    """
    if method not in METHODS or side not in SIDES:
        raise UsageError(
            f"There is no influence map by {method!r} of the {side}",
            "only scores that are linear in a gradient have exact shares",
            f"Use one of {', '.join(METHODS)} and of {', '.join(SIDES)}",
        )
    clips = rooms.store.clips()
    finder = ClipFinder(clips)
    asked = _Asked(finder.find(query), finder.find(clip), side, method, region, span)
    progress("Loading the model", 0, 3)
    opened = open_fresh(rooms, fingerprint, device, clips)
    rows = training_rows(opened.index, clips)
    if asked.clip.id not in rows.ids:
        raise UsageError(
            f"{asked.clip.name} has no influence map yet",
            "it is not a training clip of this index",
            "Run: motionlens index PROJECT",
        )
    found, score, offset = _map(rooms, opened, rows, asked, progress, token)
    spec = opened.index.spec.fingerprint
    result = MapResult(
        frames=found.frames,
        total=score,
        share_top_frame=found.share_top_frame,
        per_frame=tuple(float(share) for share in found.per_frame()),
        offset=offset,
        no_motion=not found.places.any(),
        query=asked.query.id,
        clip=asked.clip.id,
        side=side,
        method=str(method),
        fingerprint=spec,
    )
    _keep(asked.file(rooms, spec), found)
    if out is not None:
        token.check()
        progress("Writing the map", 2, 3)
        _write(Path(out), found, rooms.store.clip(asked.mapped.id), result)
    progress("Influence map", 3, 3)
    return result


def kept_map(
    rooms: Rooms,
    query: Clip,
    clip: Clip,
    fingerprint: str,
    *,
    side: str = "clip",
    method: str = "centred",
    region: Region | None = None,
    span: Span | None = None,
) -> InfluenceMap | None:
    """A map that was made before, or None; no model is needed to read it."""
    file = _Asked(query, clip, side, method, region, span).file(rooms, fingerprint)
    try:
        with np.load(file, allow_pickle=False) as kept:
            found = InfluenceMap(kept["places"], kept["times"], int(kept["frames"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    whole = found.places.ndim == 3 and len(found.places) == len(found.times) > 0
    return found if whole else None


def _map(
    rooms: Rooms,
    opened: OpenIndex,
    rows: TrainingRows,
    asked: _Asked,
    progress: Progress,
    token: Token,
) -> tuple[InfluenceMap, float, float]:
    """The map, its score, and the score's offset."""
    maker = QueryMaker(rooms, opened)
    progress("Gradient of the query", 0, 3)
    opened.attributor.prepare([asked.query.caption, asked.clip.caption])
    wanted = maker.row(asked.query, asked.region, asked.span)
    token.check()
    place = rows.ids.index(asked.clip.id)
    moving: GradientRow | None = wanted if asked.side == "query" else None
    clip_row, norms = np.asarray(rows.vectors[place], dtype=np.float32), rows.norms[place]
    vector = clip_row if moving is None else moving.vector
    direction, offset = rooms.scorer.as_product(
        rows.vectors,
        wanted.vector if moving is None else clip_row,
        vector,
        asked.method,
        rows.kept,
    )
    progress("Influence map", 1, 3)
    on_query = moving is not None
    seen = maker.seen(asked.mapped)
    span = maker.part(asked.mapped, seen, asked.span) if on_query and asked.span else None
    shares = opened.attributor.shares(
        seen.frames,
        seen.mask,
        asked.mapped.caption,
        direction,
        norms if moving is None else moving.norms,
        asked.region if on_query else None,
        span,
    )
    token.check()
    start, stop = frame_range(asked.mapped)
    places = shares.shares + np.float32(offset) * shares.weights
    found = InfluenceMap(places, np.asarray(seen.times, dtype=np.int64), stop - start)
    return found, float(direction.astype(np.float64) @ vector) + offset, offset


def _keep(file: Path, found: InfluenceMap) -> None:
    with contextlib.suppress(OSError), atomic_file(file) as handle:
        np.savez_compressed(
            handle, places=found.places, times=found.times, frames=np.int64(found.frames)
        )


def _write(out: Path, found: InfluenceMap, clip: Clip, result: MapResult) -> None:
    """The whole map at the clip's size, frame by frame: it need not fit in memory."""
    info = clip.info
    if info.width < 1 or info.height < 1:
        raise MediaError(f"The size of {clip.name} is not known", "", "Add the clip again")
    start, stop = frame_range(clip)
    about = {name: getattr(result, name) for name in ("query", "clip", "side", "method")}
    about |= {"fingerprint": result.fingerprint, "total": result.total, "offset": result.offset}
    beside: dict[str, Any] = {
        "fps": np.float64(info.fps),
        "frame_times_s": np.array(info.frame_times_s[start:stop], np.float64),
        "width": np.int64(info.width),
        "height": np.int64(info.height),
        "motionlens": np.array(json.dumps(about, sort_keys=True)),
    }
    with atomic_file(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(_entry("influence"), "w", force_zip64=True) as entry:
            _write_frames(entry, found, info.height, info.width)  # type: ignore[arg-type]
        for name, value in beside.items():
            with archive.open(_entry(name), "w") as entry:
                np.lib.format.write_array(entry, np.asanyarray(value), allow_pickle=False)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))  # the same map, the same bytes
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _write_frames(entry: BinaryIO, found: InfluenceMap, height: int, width: int) -> None:
    shape = (found.frames, height, width)
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(entry, header)
    standing = found.stands_for()
    previous, data = -1, b""
    for number in range(found.frames):
        if int(standing[number]) != previous:
            frame: NDArray[np.float32] = spread_evenly(found.of_frame(number), height, width)
            previous, data = int(standing[number]), frame.astype("<f4").tobytes()
        entry.write(data)
