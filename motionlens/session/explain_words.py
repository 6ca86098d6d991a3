"""What an answer of Explain comes to: sentences, counts, and rows of its plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from motionlens.domain.language import say
from motionlens.domain.ranking import STANDS_OUT, Polarity, Ranking
from motionlens.operations.whatif import WhatIfResult


@dataclass(frozen=True)
class Answer:
    """A ranking, and what is known of such rankings where the truth is known."""

    ranking: Ranking
    known_truth: str = ""

    @property
    def told(self) -> str:
        """What the ranking comes to, in one line."""
        lowest = min((r.q_value for r in self.ranking.rows if r.q_value is not None), default=None)
        if lowest is None:
            return say("No chance level: this index has no masks to move")
        out = self.ranking.standing_out or 0
        if not out:
            return say(
                "Nothing in this library stands out for this motion (lowest q {short})",
                short=short(lowest),
            )
        return say(
            "{out} of {n:,} stand out (q up to {short})",
            out=out,
            n=len(self.ranking.rows),
            short=short(STANDS_OUT),
        )


@dataclass(frozen=True)
class Spread:
    """How the library scores.

    Attributes
    ----------
    edges : tuple of float
        One more than counts.
    below, inside, above : int or None
        Clips on the three sides of the band of chance; None without one.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    band: tuple[float, float] | None
    below: int | None = None
    inside: int | None = None
    above: int | None = None


def spread_of(ranking: Ranking, bins: int = 36) -> Spread:
    """Counts of scores in equal steps from the lowest to the highest."""
    scores = np.array([row.score for row in ranking.rows if not row.no_motion])
    if not len(scores):
        return Spread((), (), None)
    counts, edges = np.histogram(scores, bins=bins)
    made = tuple(float(x) for x in edges), tuple(int(n) for n in counts)
    if ranking.band is None:
        return Spread(*made, None)
    low, high = ranking.band
    below, above = int((scores <= low).sum()), int((scores >= high).sum())
    return Spread(*made, ranking.band, below, len(scores) - below - above, above)


@dataclass(frozen=True)
class EffectRow:
    """A group of queries in a what-if; changes of their loss in per cent of what it was.

    Attributes
    ----------
    interval : (low, high) or None
        Of the measured mean over queries, 95 %; None for fewer than three.
    """

    name: str
    polarity: Polarity
    predicted: float
    measured: float
    random: float
    interval: tuple[float, float] | None = None


def effect_rows(
    found: WhatIfResult, asked: Mapping[str, Polarity], shown: str, name: str
) -> list[EffectRow]:
    """The query that is shown, then the other bad ones and the good ones, each as one row."""
    others = [q for q, polarity in asked.items() if polarity is Polarity.BAD and q != shown]
    good = [q for q, polarity in asked.items() if polarity is Polarity.GOOD and q != shown]
    groups = []
    if shown in asked:
        groups.append((name, asked[shown], [shown]))
    if others:
        word = say("other bad") if shown in asked else "bad"
        groups.append((_counted(len(others), word), Polarity.BAD, others))
    if good:
        groups.append((_counted(len(good), "good"), Polarity.GOOD, good))
    return [
        _effect(found, title, polarity, [q for q in queries if found.before.get(q)])
        for title, polarity, queries in groups
        if any(found.before.get(q) for q in queries)
    ]


def _counted(count: int, word: str) -> str:
    return f"{count} {word} {'query' if count == 1 else 'queries'}"


def _effect(
    found: WhatIfResult, name: str, polarity: Polarity, queries: Sequence[str]
) -> EffectRow:
    def shares(values: Mapping[str, float]) -> np.ndarray:
        return np.array([100 * values[q] / found.before[q] for q in queries])

    measured = shares(found.measured)
    interval = None
    if len(measured) >= 3:
        half = 1.96 * float(measured.std(ddof=1)) / len(measured) ** 0.5
        interval = float(measured.mean()) - half, float(measured.mean()) + half
    return EffectRow(
        name,
        polarity,
        float(shares(found.predicted).mean()),
        float(measured.mean()),
        float(shares(found.random.measured).mean()),
        interval,
    )


def effect_words(found: WhatIfResult) -> str:
    """How far such predictions are to be trusted, and whether a random set does as much."""
    agreement = found.agreement
    told = (
        say(
            "Predictions so far met measurements with a rank correlation of {true_minus}"
            " ({pairs} pairs).",
            true_minus=true_minus(f"{agreement.spearman:.2f}"),
            pairs=agreement.pairs,
        )
        if agreement.spearman is not None
        else say("Predictions are not checked yet in this project.")
    )
    ours = np.mean([abs(value) for value in found.measured.values()])
    theirs = np.mean([abs(value) for value in found.random.measured.values()])
    if ours <= theirs:
        told = say("Not above what a random set of equal size does. {told}", told=told)
    return say("{steps} real steps with and without. {told}", steps=found.steps, told=told)


def densest(per_frame: tuple[float, ...], share: float = 2 / 3) -> tuple[int, int, float] | None:
    """First and last frame of the shortest run that holds so much of what pushes the way of the
    sum, and how much; None where there is none, or where nothing short holds it."""
    way = 1.0 if sum(per_frame) >= 0 else -1.0
    size = [max(0.0, way * value) for value in per_frame]
    total = sum(size)
    if total <= 0:
        return None
    best: tuple[int, int, float] | None = None
    first, held = 0, 0.0
    for last, value in enumerate(size):
        held += value
        while held - size[first] >= share * total and first < last:
            held -= size[first]
            first += 1
        if held >= share * total and (best is None or last - first < best[1] - best[0]):
            best = first, last, held / total
    return best if best is not None and best[1] - best[0] + 1 < 0.6 * len(size) else None


def where_words(per_frame: tuple[float, ...]) -> str:
    """Where in a clip its influence on one query lies."""
    total = true_minus(f"{sum(per_frame):+.2g}")
    found = densest(per_frame)
    if found is None:
        return say("{total} for this query, spread over the whole clip.", total=total)
    first, last, share = found
    way = say("toward it") if sum(per_frame) >= 0 else say("away from it")
    return say(
        "{total} for this query; {n:.0f}\xa0% of what pushes {way} lies in frames {first}–{last}.",
        total=total,
        n=share * 100,
        way=way,
        first=first,
        last=last,
    )


def true_minus(number: str) -> str:
    return number.replace("-", "\N{MINUS SIGN}")


def short(value: float) -> str:
    """A q-value: two digits without the leading zero."""
    return f"{value:.2g}".replace("0.", ".", 1)
