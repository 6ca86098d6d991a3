"""The table of suites, and running them."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence

from motionlens.bench import (
    attribution,
    fidelity,
    flaggers,
    gradients,
    media,
    motion,
    overlay,
    projection_peers,
    scale,
    store,
)
from motionlens.bench.case import Row
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Progress


def _player(quick: bool) -> list[Row]:
    from motionlens.bench.player import player  # brings the window

    return player(quick)


def _library(quick: bool) -> list[Row]:
    from motionlens.bench.library import library  # brings the window

    return library(quick)


SUITES: dict[str, Callable[[bool], list[Row]]] = {
    "flaggers": flaggers.flaggers,
    "motion": motion.motion,
    "media": media.media,
    "overlay": overlay.overlay,
    "player": _player,
    "library": _library,
    "gradients": gradients.gradients,
    "projection": attribution.projection,
    "projection-peers": projection_peers.projection_peers,
    "fidelity": fidelity.fidelity,
    "scale": scale.scale,
    "scoring": attribution.scoring,
    "scoring-full": attribution.scoring_full,
    "store": store.decisions,
}
# Names that stand for several suites, and names of before.
ALIASES = {
    "attribution": "gradients,projection,projection-peers,fidelity,scoring",
    "decode": "media",
    "flow": "motion",
}
# Minutes each, or a window that opens: only where they are asked for by name.
LONG = ("fidelity", "flaggers", "library", "player", "projection-peers", "scale", "scoring-full")


def run(names: Sequence[str], quick: bool, progress: Progress) -> list[Row]:
    """Rows of the named suites, or of all but the long; `quick` takes small shapes, few runs."""
    given = [name for text in names for name in text.split(",") if name]
    names = [name for text in given for name in ALIASES.get(text, text).split(",")]
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        raise UsageError(f"There is no suite {unknown[0]}", "", f"Choose from {', '.join(SUITES)}")
    chosen = list(names) or [name for name in SUITES if name not in LONG]
    rows: list[Row] = []
    for done, name in enumerate(chosen):
        progress(f"Measuring {name}", done, len(chosen))
        rows += SUITES[name](quick)
    progress("Measuring", len(chosen), len(chosen))
    return rows


def machine() -> str:
    """What the figures were measured on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    return f"{cores} cores, {system}"
