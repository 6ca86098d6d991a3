"""`report`: one self-contained page about queries and the clips that taught their motion."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionlens.domain.clip import Clip
from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.ports import Progress, Token
from motionlens.domain.ranking import Part, ScoredClip
from motionlens.domain.report import ReportClip, ReportDocument, ReportSection
from motionlens.domain.version import VERSION
from motionlens.files import write_atomically
from motionlens.operations.clips import ClipFinder, ClipRow, clip_row
from motionlens.operations.rank import neighbours
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms, frame_range, present_path

# A moving thumbnail: at most 3 s, so that a page of twenty clips stays under a few MB.
_THUMB_SIDE = 192
_THUMB_SECONDS = 3.0
_METHOD = (
    "Each clip's motion-masked training loss was differentiated by the model's weights at the"
    " same noise for all clips, and the gradient projected to {dim} numbers. The score is the"
    " centred cosine between a training clip's numbers and the query's: above zero, training on"
    " the clip pushes the model toward the query's motion."
)


@dataclass(frozen=True)
class ReportResult:
    file: str
    bytes: int


def report(
    rooms: Rooms,
    *,
    queries: Sequence[str],
    out: str | Path,
    parts: Mapping[str, Part] | None = None,
    top: int = 6,
    fingerprint: str | None = None,
    device: str = "auto",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> ReportResult:
    """Write one HTML file without outside links: queries, proponents, opponents, provenance.

    `parts` are by clip id: where and when in a query the motion is meant.
    """
    if not queries:
        raise UsageError("There is no query", "--query is empty", "Name a clip")
    clips = {clip.id: clip for clip in rooms.store.clips()}
    finder = ClipFinder(clips.values())
    maker = _ClipMaker(rooms)
    sections = []
    used = ""
    for query in finder.find_all(queries):
        part = (parts or {}).get(query.id, Part())
        found = neighbours(
            rooms,
            query=query.id,
            region=part.region,
            span=part.span,
            top=top,
            fingerprint=fingerprint,
            device=device,
            progress=progress,
            token=token,
        )
        used = found.fingerprint

        def made(rows: Sequence[ScoredClip]) -> list[ReportClip]:
            token.check()
            return [maker.make(clips[row.id], row.score) for row in rows]

        sections.append(
            ReportSection(
                maker.make(query, part=part), made(found.proponents), made(found.opponents)
            )
        )
    index, noted = rooms.indexes.latest(used)
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    document = ReportDocument(
        title=f"Which clips taught this motion: {rooms.folder.root.resolve().name}",
        made_at=now,
        method=_METHOD.format(dim=index.spec.dim),
        sections=sections,
        provenance=_provenance(index.spec, noted),
    )
    write_atomically(out, rooms.report_page(document))
    return ReportResult(str(out), Path(out).stat().st_size)


def _provenance(spec: Any, noted: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("MotionLens", VERSION),
        ("Index", spec.fingerprint),
        ("Model", Path(str(noted["model"])).name),
        ("Weights", spec.weights),
        ("Timesteps (share of noise)", ", ".join(f"{x:g}" for x in spec.levels)),
        ("Mask", spec.mask),
        ("Flow", spec.flow),
        ("Projection", f"{spec.projection}, {spec.dim} numbers, seed {spec.projection_seed}"),
    ]


class _ClipMaker:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._decisions = rooms.store.decisions()
        self._flags = rooms.store.flags()
        self._analyses = rooms.store.analyses()

    def make(self, clip: Clip, score: float | None = None, part: Part | None = None) -> ReportClip:
        row = clip_row(clip, self._decisions, self._flags)
        analysis = self._analyses.get(clip.id)
        return ReportClip(
            id=clip.id,
            name=Path(clip.path).name,
            caption=clip.caption,
            facts=_facts(row) + (f"; asked about: {part.words}" if part and part != Part() else ""),
            decision=row.decision,
            flags=tuple(f"{flag.name}: {flag.reason}" for flag in row.flags),
            video=self._video(clip),
            curve=analysis[0].curve if analysis else (),
            score=score,
        )

    def _video(self, clip: Clip) -> bytes:
        fps = clip.info.fps or 8.0
        start, stop = frame_range(clip, max(2, round(fps * _THUMB_SECONDS)))
        try:
            path = present_path(clip)
            frames = self._rooms.reader.frames(path, start, stop, max_side=_THUMB_SIDE)
        except (MediaError, UsageError):
            return b""  # the page says so in the clip's place
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "thumb.mp4"
            self._rooms.reader.write(file, frames, fps)
            return file.read_bytes()


def _facts(row: ClipRow) -> str:
    return f"{row.width} x {row.height}, {row.frames} frames, {row.duration_s:.2f} s, {row.codec}"
