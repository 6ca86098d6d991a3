"""`clips`: the project's clips with their decisions and flags; and finding a clip by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from motionlens.domain.clip import Clip, Flag, Role
from motionlens.domain.decision import Event
from motionlens.domain.errors import UsageError
from motionlens.files import plain_path
from motionlens.operations.rooms import Rooms


@dataclass(frozen=True)
class FlagRow:
    name: str
    score: float
    reason: str


@dataclass(frozen=True)
class ClipRow:
    """One clip as listed; sizes as shown, `decision` is "none" where nobody decided."""

    id: str
    path: str
    role: str
    width: int
    height: int
    fps: float
    frames: int
    duration_s: float
    codec: str
    caption: str
    decision: str
    flags: tuple[FlagRow, ...]


def clips(
    rooms: Rooms, *, role: str | None = None, decision: str | None = None, flag: str | None = None
) -> list[ClipRow]:
    """List clips, filtered by role, decision (or "none") and flag over its threshold."""
    decisions = rooms.store.decisions()
    flags = rooms.store.flags()
    rows = [
        clip_row(clip, decisions, flags) for clip in rooms.store.clips(Role(role) if role else None)
    ]
    return [
        row
        for row in rows
        if (decision is None or row.decision == decision)
        and (flag is None or any(f.name == flag for f in row.flags))
    ]


def clip_row(
    clip: Clip, decisions: Mapping[str, Event], flags: Mapping[str, Sequence[Flag]]
) -> ClipRow:
    """One clip joined with its decision and its flags over threshold, strongest first."""
    event = decisions.get(clip.id)
    over = sorted((f for f in flags.get(clip.id, ()) if f.over), key=lambda f: -f.score)
    return ClipRow(
        id=clip.id,
        path=clip.path,
        role=str(clip.role),
        width=clip.info.width,
        height=clip.info.height,
        fps=clip.info.fps,
        frames=clip.info.frames,
        duration_s=clip.info.duration_s,
        codec=clip.info.codec,
        caption=clip.caption,
        decision=str(event.decision) if event else "none",
        flags=tuple(FlagRow(f.name, f.score, f.reason) for f in over),
    )


class ClipFinder:
    """Clips by id, by a unique prefix of 6 or more characters, or by a known path."""

    def __init__(self, clips: Iterable[Clip]) -> None:
        self.by_id = {clip.id: clip for clip in clips}
        self._by_path: dict[str, list[Clip]] = {}
        for clip in self.by_id.values():
            for path in clip.paths:
                self._by_path.setdefault(path, []).append(clip)

    def find(self, name: str) -> Clip:
        """The clip; :class:`UsageError` if the name fits none or several."""
        if name in self.by_id:
            return self.by_id[name]
        at_path = self._by_path.get(str(plain_path(name)), self._by_path.get(name, []))
        # After a file was replaced in place and added again, its path means the newest content.
        whole = [clip for clip in at_path if clip.span is None]
        if whole or len(at_path) == 1:
            return (whole or at_path)[-1]
        if len(at_path) > 1:
            raise UsageError(
                f"{name} names {len(at_path)} clips", "they are parts of one file", "Give an id"
            )
        lower = name.lower()
        hits = [clip for key, clip in self.by_id.items() if key.startswith(lower)]
        if len(hits) == 1 and len(name) >= 6:
            return hits[0]
        if not hits or len(name) < 6:
            why = "it is no clip id, no unique start of one (6 characters or more), and no path"
            raise UsageError(f"{name} is not a clip of this project", why, _LIST)
        raise UsageError(f"{name} fits {len(hits)} clips", "the prefix is too short", _LIST)

    def find_all(self, names: Iterable[str]) -> list[Clip]:
        """Each named clip once, in the order given."""
        return list({clip.id: clip for clip in map(self.find, names)}.values())


def find_clips(rooms: Rooms, names: Sequence[str]) -> list[Clip]:
    """As `ClipFinder.find_all`; of names that are all ids, no other clip is read."""
    found = {clip.id: clip for clip in rooms.store.clips_by_id(names)}
    if all(name in found for name in names):
        return [found[name] for name in dict.fromkeys(names)]
    return ClipFinder(rooms.store.clips()).find_all(names)


_LIST = "List them with: motionlens clips PROJECT"
