"""The project's database, as operations see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from motionlens.domain.clip import Clip, ClipLine, Flag, MotionSummary, Role
from motionlens.domain.decision import Changes, Decision, Event
from motionlens.domain.trial import CastVote, Pair


class Projects(Protocol):
    """Clips and their measures in the store."""

    def add_clip(self, clip: Clip) -> bool:
        """Store a clip, or add its path to a known one; True if it is new."""
        ...

    def add_clips(self, clips: Sequence[Clip]) -> list[bool]:
        """The same with many in one transaction; for each whether it is new."""
        ...

    def clips(self, role: Role | None = None) -> list[Clip]: ...

    def clips_by_id(self, ids: Iterable[str]) -> list[Clip]:
        """The clips of some ids; unknown ids are left out."""
        ...

    def clip_map(self) -> Mapping[str, Clip]:
        """Clip id -> clip, each made when it is asked for."""
        ...

    def listing(self, first: int | None = None) -> list[ClipLine]:
        """What a list shows of every clip, or of the first training clips by path."""
        ...

    def clip(self, id_: str) -> Clip:
        """One clip, with its frame times; KeyError if there is none of this id."""
        ...

    def known_paths(self) -> dict[str, tuple[str, int, int]]:
        """Path -> (clip id, size in bytes, modification time in ns) as seen when added."""
        ...

    def set_caption(self, clip: str, caption: str) -> None: ...

    def save_analysis(
        self, clip: str, summary: MotionSummary, flags: Sequence[Flag], signature: bytes
    ) -> None: ...

    def save_flag(self, clip: str, flag: Flag) -> None: ...

    def analyses(self) -> dict[str, tuple[MotionSummary, bytes]]: ...

    def summaries(self, ids: Iterable[str] | None = None) -> Mapping[str, MotionSummary]:
        """Clip id -> what was measured, each made when it is asked for."""
        ...

    def flags(self) -> dict[str, list[Flag]]: ...

    def flags_over(self, ids: Iterable[str] | None = None) -> dict[str, tuple[Flag, ...]]:
        """Flags over their thresholds, strongest first."""
        ...

    def setting(self, name: str) -> Any:
        """A JSON value kept with the project, or None."""
        ...

    def save_setting(self, name: str, value: Any) -> None: ...


class LabelStore(Protocol):
    """Decisions: events in, folded state out (`store/`)."""

    def decide(
        self,
        clips: Sequence[str],
        decision: Decision,
        by: str,
        note: str = "",
        evidence: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Changes:
        """One step for all clips, in one transaction; evidence is given by clip id."""
        ...

    def undo(self, by: str | None = None) -> Changes: ...

    def redo(self, by: str | None = None) -> Changes: ...

    def events(self, clip: str | None = None) -> list[Event]: ...

    def decisions(self, ids: Iterable[str] | None = None) -> dict[str, Event]:
        """Clip id -> the event that stands; of all clips, or of some."""
        ...

    def decided(self) -> dict[str, str]:
        """Clip id -> the decision that stands, of clips that have one."""
        ...

    def disputed(self) -> set[str]:
        """Clips whose curators' latest answers differ."""
        ...

    def latest_answers(self) -> dict[str, dict[str, str]]:
        """Clip id -> curator -> that curator's latest standing answer."""
        ...

    def merge(self, other: Path) -> tuple[int, set[str]]:
        """Union of events with another database: new events, clips judged differently."""
        ...

    def undo_name(self, by: str | None = None) -> str:
        """The name of what `undo` would take back ("exclude of 37 clips"), or empty."""
        ...


class Trials(Protocol):
    """Trials in the store."""

    def save_trial(
        self, trial: str, base: str, tuned: str, pairs: Sequence[Pair], at: str
    ) -> None: ...

    def trial(self, trial: str) -> tuple[str, str, list[Pair]]:
        """Base, tuned, pairs."""
        ...

    def trials(self) -> list[str]: ...

    def cast(self, trial: str, vote: CastVote) -> int:
        """Save a vote; the number of votes of this trial."""
        ...

    def votes(self, trial: str) -> list[CastVote]: ...


class Store(Projects, LabelStore, Trials, Protocol):
    """The project's database."""

    schema: int
    read_only: bool

    def training_state(self) -> tuple[list[Clip], dict[str, Event], set[str]]:
        """Training clips, decisions and disputed clips, of one and the same moment."""
        ...

    def daily_backup(self) -> Path | None:
        """A backup if today has none yet; old ones are rotated out."""
        ...

    def check(self, repair: bool = False) -> list[tuple[str, str, bool]]:
        """Problems: where, what, repaired."""
        ...

    def backup(self) -> Path: ...

    def close(self) -> None: ...
