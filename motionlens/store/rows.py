"""Rows of the database to values of the domain, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from motionlens.domain.clip import Clip, Flag, MediaInfo, MotionSummary, Role, Span
from motionlens.domain.decision import Decision, Event, StepKind

CLIP_COLUMNS = (
    "id, content_hash, role, caption, width, height, fps, frames, variable_frame_rate, rotation, "
    "codec, duration_s, damage, start, stop"
)
SUMMARY_COLUMNS = "curve, mean_px, camera_share, cuts, repeats"
EVENT_COLUMNS = "id, step, kind, at, curator, clip, decision, note, target, evidence"


def clip_values(clip: Clip) -> tuple[Any, ...]:
    """A clip in the order of `CLIP_COLUMNS`."""
    info, span = clip.info, clip.span
    return (
        clip.id, clip.content_hash, clip.role.value, clip.caption, info.width, info.height,
        info.fps, info.frames, int(info.variable_frame_rate), info.rotation, info.codec,
        info.duration_s, info.damage,
        None if span is None else span.start, None if span is None else span.stop,
    )  # fmt: skip


def clip_from(row: tuple[Any, ...], paths: Iterable[str], times: bytes | None = None) -> Clip:
    """A clip from a row of `CLIP_COLUMNS`, its paths, and its frame times where they were read."""
    (id_, content, role, caption, width, height, fps, frames, variable, rotation, codec, duration,
     damage, start, stop) = row  # fmt: skip
    info = MediaInfo(
        width=width,
        height=height,
        fps=fps,
        frames=frames,
        variable_frame_rate=bool(variable),
        rotation=rotation,
        codec=codec,
        duration_s=duration,
        frame_times_s=() if times is None else floats(times),
        damage=damage,
    )
    span = None if start is None else Span(start, stop)
    return Clip(id_, tuple(paths), content, Role(role), info, caption, span)


def blob(values: Iterable[float]) -> bytes:
    """Numbers as little-endian float64."""
    return np.asarray(tuple(values), dtype="<f8").tobytes()


def floats(data: bytes) -> tuple[float, ...]:
    """The numbers of a :func:`blob`."""
    return tuple(np.frombuffer(data, dtype="<f8").tolist())


def summary_values(summary: MotionSummary) -> tuple[Any, ...]:
    """A summary in the order of `SUMMARY_COLUMNS`."""
    return (
        blob(summary.curve), summary.mean_px, summary.camera_share, json.dumps(summary.cuts),
        json.dumps(summary.repeats),
    )  # fmt: skip


def summary_from(
    curve: bytes, mean_px: float, camera_share: float, cuts: str, repeats: str
) -> MotionSummary:
    """A summary from a row of `SUMMARY_COLUMNS`."""
    frames = (tuple(json.loads(text)) for text in (cuts, repeats))
    return MotionSummary(floats(curve), mean_px, camera_share, *frames)


def flag_from(name: str, score: float, reason: str, over: int) -> Flag:
    return Flag(name, score, reason, bool(over))


def event_values(event: Event) -> tuple[Any, ...]:
    """An event in the order of `EVENT_COLUMNS`."""
    return (
        event.id, event.step, event.kind.value, event.at, event.by, event.clip,
        event.decision.value, event.note, event.target, to_json(event.evidence),
    )  # fmt: skip


def event_from(row: tuple[Any, ...]) -> Event:
    id_, step, kind, at, by, clip, decision, note, target, evidence = row
    return Event(
        id=id_,
        step=step,
        kind=StepKind(kind),
        at=at,
        by=by,
        clip=clip,
        decision=Decision(decision),
        note=note,
        target=target,
        evidence=json.loads(evidence),
    )


def to_json(value: Any) -> str:
    """Compact JSON; numpy's numbers and arrays become plain ones, NaN and infinity null."""
    return json.dumps(_plain(value), separators=(",", ":"), sort_keys=True, allow_nan=False)


def _plain(value: Any) -> Any:
    # A decision must never be refused because of what its evidence looks like.
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return str(value)
