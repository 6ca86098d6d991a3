"""A fine-tune as a value: its settings (frozen at the start) and its state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RunState(StrEnum):
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


# States of a run that has a process, or is about to get one.
LIVE = frozenset({RunState.QUEUED, RunState.STARTING, RunState.RUNNING})


@dataclass(frozen=True)
class RunSettings:
    """What a run trains and how; written once into its folder.

    Attributes
    ----------
    base : str
        Name or path of the model that is tuned.
    base_hash : str
        sha256 of its weights.
    learning_rate : float
        Peak of the schedule (warm-up, then linear to 0 over the last 30 %).
    """

    run: str
    base: str
    base_hash: str
    method: str
    steps: int
    seed: int
    batch: int
    learning_rate: float
    device: str
    manifest_sha256: str
    started: str = ""


@dataclass(frozen=True)
class RunInfo:
    """One row of `runs`; `loss` is that of the last reported step.

    Attributes
    ----------
    weights : str
        The weights file, once there is one.
    why : str
        Why it failed or was interrupted, in words.
    skipped : tuple of (str, str)
        Clips that could not be read, and why.
    """

    run: str
    state: RunState
    step: int
    steps: int
    loss: float | None
    started: str
    manifest_sha256: str
    base: str
    weights: str = ""
    why: str = ""
    skipped: tuple[tuple[str, str], ...] = ()
