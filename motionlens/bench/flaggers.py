"""How often each flagger finds what was made to be found, and how often it speaks up otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from motionlens.bench.case import Row
from motionlens.bench.flagger_cases import (
    CASES,
    COPIES,
    Base,
    bases,
    encoded,
    joined,
    luma,
)
from motionlens.domain.ports import Flow, FlowBackend
from motionlens.domain.statistics import auroc, wilson_interval
from motionlens.media import PyAVReader
from motionlens.motion.evidence import Evidence, look_at, measure
from motionlens.motion.flaggers import FLAGGERS, near_duplicate
from motionlens.motion.flow.registry import flow_backend
from motionlens.motion.grids import FLOW_SIDE
from motionlens.motion.signature import Signature

# An untouched clip is judged by so many of its frames.
_UNTOUCHED_FRAMES = 48
_QUICK_CLIPS = 4
_BOOTSTRAPS = 2000
# What was seen by eye in the shared clips, and is really there: flagging it is no false alarm.
SEEN = {
    "camera_only": ("apple_pan", "realshort_handheld", "seattle_sculpture_pan"),
    "scene_cut": ("bikes_shake", "bbb_open_0_30", "sintel_trailer_cuts"),
    "repeated_frames": (
        "soccer_juggling_a", "lavie_soccer_net", "vc2_frisbee_lands", "animatediff_raccoon_toon",
        "animatediff_waterfall_car",
    ),
    "letterbox": (
        "soccer_juggling_a", "sintel_snow", "sintel_trailer_cuts", "lavie_soccer_net",
    ),
    "black": ("bbb_open_0_30", "sintel_trailer_cuts"),
    "jitter": ("apple_falls_bounces", "backpack_portrait", "pigs_in_a_polka"),
    "frozen_frames": ("lottie_appui",),
}  # fmt: skip


@dataclass
class Tally:
    """Counts of one flagger."""

    hits: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    alarms: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))

    @property
    def found(self) -> list[bool]:
        return [hit for hits in self.hits.values() for hit in hits]

    @property
    def flagged(self) -> list[bool]:
        return [alarm for alarms in self.alarms.values() for alarm in alarms]


@dataclass(frozen=True)
class Look:
    """How the drawn look is told: AUROC, its interval by bootstrap over sources, and counts."""

    auroc: float
    low: float
    high: float
    drawn: int
    others: int


class _NoFlow:
    """Stands in where a flagger does not look at motion: no vector."""

    name = "none"

    def flow(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
        return np.zeros((*a.shape[:2], 2), np.float32)


def flaggers(quick: bool) -> list[Row]:
    """Rows in percent: hit rate on made cases beside false alarms on untouched clips."""
    tallies, look = measured(_QUICK_CLIPS if quick else None)
    rows = []
    for name, tally in tallies.items():
        found, flagged = tally.found, tally.flagged
        hits, alarms = _percent(found), _percent(flagged)
        rows.append(
            Row(
                "flaggers",
                f"{name}: found %, {_counted(found)}",
                hits,
                alarms,
                f"false alarms %, {_counted(flagged)}",
                hits / max(alarms, 0.1),
            )
        )
    case = f"cartoon: AUROC x 100, {look.drawn} drawn and {look.others} other clips"
    name = f"chance; by source {100 * look.low:.0f} to {100 * look.high:.0f}"
    rows.append(Row("flaggers", case, 100 * look.auroc, 50.0, name, 2 * look.auroc))
    return rows


def measured(
    most: int | None = None, tell: Callable[[str], object] = lambda _: None
) -> tuple[dict[str, Tally], Look]:
    """Make all cases of at most so many clips, and judge them and the untouched clips.

    Parameters
    ----------
    most : int, optional
        Clips, spread over the catalogue; all without it.
    tell : callable
        Is told what was missed or raised a false alarm, in words.
    """
    random = np.random.default_rng(0)
    tallies = {flagger.name: Tally() for flagger in FLAGGERS}
    tallies[near_duplicate.NAME] = Tally()
    drawn: list[tuple[float, bool, str]] = []
    signatures: dict[str, NDArray[np.uint8]] = {}
    clips = list(bases(most))
    for place, base in enumerate(clips):
        evidence, signatures[base.name] = _untouched(base)
        _count_alarms(tallies, base, evidence, tell)
        score = next(f.judge(evidence).score for f in FLAGGERS if f.name == "cartoon")
        drawn.append((score, base.kind == "cartoon", base.source))
        for case in CASES:
            made = encoded(case.make(base.frames, random), base.fps)
            _count_hit(tallies[case.flag], case.flag, case.words, base, made, case.needs_flow, tell)
        if len(clips) > 1:
            cut = encoded(joined(base, clips[place - 1]), base.fps)
            words = "two clips joined"
            _count_hit(tallies["scene_cut"], "scene_cut", words, base, cut, True, tell)
    _count_copies(tallies[near_duplicate.NAME], clips, random, tell)
    flags = near_duplicate.near_copies(signatures)
    for base in clips:
        over = flags[base.name].over
        tallies[near_duplicate.NAME].alarms[base.kind].append(over)
        if over:
            tell(f"near_duplicate: {base.name}: {flags[base.name].reason}")
    return tallies, _look(drawn)


def _untouched(base: Base) -> tuple[Evidence, NDArray[np.uint8]]:
    if base.path is None:
        return _evidence(luma(base.frames), base, flow_backend("dis"))
    reader = PyAVReader()
    last = min(_UNTOUCHED_FRAMES, reader.probe(base.path).frames)
    pieces = reader.pieces(base.path, 0, last, FLOW_SIDE, luma=True)
    return measure(
        pieces, look_at(base.frames), flow_backend("dis"), shown_width=1000, fps=base.fps
    )


def _evidence(
    images: NDArray[np.uint8], base: Base, backend: FlowBackend
) -> tuple[Evidence, NDArray[np.uint8]]:
    return measure(
        [images],
        look_at(base.frames),
        backend,
        shown_width=images.shape[2],
        fps=base.fps,
    )


def _count_alarms(
    tallies: dict[str, Tally], base: Base, evidence: Evidence, tell: Callable[[str], object]
) -> None:
    for flagger in FLAGGERS:
        if flagger.name == "cartoon" and base.kind == "cartoon":
            tallies["cartoon"].hits["drawn or rendered clips"].append(flagger.judge(evidence).over)
            continue
        seen = any(base.name.split("/")[-1].startswith(name) for name in SEEN.get(flagger.name, ()))
        if seen:
            continue
        flag = flagger.judge(evidence)
        tallies[flagger.name].alarms[base.kind].append(flag.over)
        if flag.over:
            tell(f"{flagger.name}: {base.name}: {flag.reason}")


def _count_hit(
    tally: Tally,
    flag: str,
    words: str,
    base: Base,
    made: NDArray[np.uint8],
    needs_flow: bool,
    tell: Callable[[str], object],
) -> None:
    backend = flow_backend("dis") if needs_flow else _NoFlow()
    evidence, _ = _evidence(luma(made), base, backend)
    found = next(f for f in FLAGGERS if f.name == flag).judge(evidence)
    tally.hits[words].append(found.over)
    if not found.over:
        tell(f"{flag}: {words} of {base.name} missed, score {found.score:.2f}")


def _count_copies(
    tally: Tally, clips: Sequence[Base], random: np.random.Generator, tell: Callable[[str], object]
) -> None:
    for words, make in COPIES.items():
        signatures = {}
        for base in clips:
            made = encoded(make(base.frames, random), base.fps)
            signatures[base.name] = _signature(luma(base.frames), base.fps)
            signatures[f"{base.name} copy"] = _signature(luma(made), base.fps)
        flags = near_duplicate.near_copies(signatures)
        for base in clips:
            tally.hits[words].append(flags[f"{base.name} copy"].over)
            if not flags[f"{base.name} copy"].over:
                tell(f"near_duplicate: {words} of {base.name} missed")


def _signature(images: NDArray[np.uint8], fps: float) -> NDArray[np.uint8]:
    made = Signature(fps)
    for image in images:
        made.add(image)
    return made.packed()


def _look(drawn: list[tuple[float, bool, str]]) -> Look:
    """AUROC, and its interval by drawing whole sources anew: their clips look alike."""
    scores = np.array([score for score, _, _ in drawn])
    of_drawn = np.array([is_drawn for _, is_drawn, _ in drawn])
    sources = np.array([source for _, _, source in drawn])
    names = np.unique(sources)
    if not of_drawn.any() or of_drawn.all():
        return Look(0.5, 0.0, 1.0, int(of_drawn.sum()), int((~of_drawn).sum()))
    random = np.random.default_rng(0)
    values = []
    for _ in range(_BOOTSTRAPS):
        taken = random.choice(names, len(names))
        rows = np.concatenate([np.flatnonzero(sources == name) for name in taken])
        if of_drawn[rows].any() and not of_drawn[rows].all():
            values.append(auroc(scores[rows], of_drawn[rows]))
    low, high = np.quantile(values, [0.025, 0.975])
    found = auroc(scores, of_drawn)
    return Look(found, float(low), float(high), int(of_drawn.sum()), int((~of_drawn).sum()))


def _counted(outcomes: Sequence[bool]) -> str:
    low, high = wilson_interval(sum(outcomes), len(outcomes))
    return f"{sum(outcomes)} of {len(outcomes)} [{100 * low:.0f}, {100 * high:.0f}]"


def _percent(outcomes: Sequence[bool]) -> float:
    return 100 * sum(outcomes) / max(1, len(outcomes))


def markdown(tallies: dict[str, Tally], look: Look) -> str:
    """The table of the guide, from what :func:`measured` gave."""
    judged = {flagger.name: flagger for flagger in FLAGGERS}
    lines = [
        "| flag | score | from | made cases found | false alarms, untouched |",
        "|---|---|---|---|---|",
    ]
    for name, tally in tallies.items():
        flagger = judged.get(name)
        finds = flagger.finds if flagger else near_duplicate.FINDS
        limit = flagger.threshold if flagger else near_duplicate.THRESHOLD
        cases = "; ".join(f"{words}: {_counted(hits)}" for words, hits in tally.hits.items())
        alarms = "; ".join(
            f"{kind}: {sum(found)} of {len(found)}" for kind, found in tally.alarms.items()
        )
        lines.append(
            f"| `{name}` | {finds} | {limit:g} | {cases} | {_counted(tally.flagged)} ({alarms}) |"
        )
    told = (
        f"`cartoon` tells {look.drawn} drawn or rendered clips from {look.others} others with an "
        f"AUROC of {look.auroc:.2f}, 95 % interval {look.low:.2f} to {look.high:.2f} by drawing "
        f"whole sources anew."
    )
    return "\n".join([*lines, "", told, ""])
