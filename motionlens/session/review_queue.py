"""The queue of Review: candidates in a frozen order, with the reasons why each is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from motionlens.domain.clip import Clip, Flag
from motionlens.domain.decision import Decision
from motionlens.domain.ranking import Polarity, RankedClip, Ranking
from motionlens.operations.review import ReviewSnapshot
from motionlens.session.clip_list import flag_name

MOST_REASONS = 4
# Their scores are mean ranks, 0 to 1 (and above for static shots), with no sign to show.
UNSIGNED = ("combined", "learned")
# Less than this many standard deviations from what is usual is no reason.
_UNUSUAL_SD = 2.0
# Among as many clips, scores with a higher q are no evidence.
BAND_Q = 0.05


class QueueKind(StrEnum):
    """`flagged`: all training clips, flagged ones first; `ranked`: by influence."""

    FLAGGED = "flagged"
    RANKED = "ranked"


@dataclass(frozen=True)
class Reason:
    """Why a clip is a candidate: what was measured, its number, one plain sentence."""

    kind: str
    name: str
    number: str
    sentence: str
    short: str = ""  # the name where there is little room

    @property
    def brief(self) -> str:
        return self.short or self.name


@dataclass(frozen=True)
class Candidate:
    """One row of the queue. `rank` counts from 1 and never changes while it is judged."""

    clip: Clip
    rank: int
    flags: tuple[Flag, ...] = ()
    ranked: RankedClip | None = None
    curve: tuple[float, ...] = ()
    reasons: tuple[Reason, ...] = ()
    score_text: str = ""

    @property
    def score(self) -> float | None:
        return self.ranked.score if self.ranked else None

    @property
    def per_query(self) -> Mapping[str, float]:
        return self.ranked.per_query if self.ranked else {}


@dataclass(frozen=True)
class Filters:
    """What of a queue is shown; `flag` is empty for any."""

    undecided: bool = True
    flagged: bool = False
    flag: str = ""


@dataclass(frozen=True)
class Counts:
    """How far a queue is judged."""

    excluded: int = 0
    kept: int = 0
    later: int = 0
    total: int = 0

    @property
    def judged(self) -> int:
        return self.excluded + self.kept

    @property
    def left(self) -> int:
        return self.total - self.judged - self.later


@dataclass
class Walk:
    """The order in which a queue is walked: frozen, but that *later* goes to its end."""

    order: list[str] = field(default_factory=list)
    _home: dict[str, int] = field(default_factory=dict)

    @classmethod
    def over(cls, clips: Iterable[str]) -> Walk:
        order = list(clips)
        return cls(order, {clip: place for place, clip in enumerate(order)})

    def put_last(self, clip: str) -> None:
        """To the end; one that lies there already goes behind the others again."""
        if clip in self._home:
            self.order.remove(clip)
            self.order.append(clip)

    def put_back(self, clip: str, later: set[str]) -> None:
        """To where it was before it was put last."""
        if clip not in self._home or clip not in self.order:
            return
        self.order.remove(clip)
        home = self._home[clip]
        place = next(
            (n for n, other in enumerate(self.order) if other in later or self._home[other] > home),
            len(self.order),
        )
        self.order.insert(place, clip)


def build_queue(snapshot: ReviewSnapshot, kind: QueueKind) -> tuple[Candidate, ...]:
    """All candidates of a queue, in order; clips that were taken away since are left out."""
    if kind is QueueKind.RANKED and snapshot.ranking is not None:
        return _ranked(snapshot, snapshot.ranking)
    clips = sorted(snapshot.training, key=lambda clip: _urgency(snapshot, clip))
    return tuple(_candidate(snapshot, clip, rank, None) for rank, clip in enumerate(clips, start=1))


def chosen(
    queue: Iterable[Candidate], filters: Filters, decided: Mapping[str, Decision]
) -> list[str]:
    """Ids of the candidates that pass the filters as decisions stand now."""
    passed = []
    for candidate in queue:
        judged = decided.get(candidate.clip.id) in (Decision.EXCLUDE, Decision.KEEP)
        names = {flag.name for flag in candidate.flags}
        if filters.undecided and judged:
            continue
        if (filters.flagged and not names) or (filters.flag and filters.flag not in names):
            continue
        passed.append(candidate.clip.id)
    return passed


def count(queue: Iterable[Candidate], decided: Mapping[str, Decision]) -> Counts:
    """Counts by decision over a whole queue."""
    found = [decided.get(candidate.clip.id) for candidate in queue]
    return Counts(
        excluded=found.count(Decision.EXCLUDE),
        kept=found.count(Decision.KEEP),
        later=found.count(Decision.UNSURE),
        total=len(found),
    )


def signed(value: float) -> str:
    """Two decimals with a true minus; zero has no sign."""
    text = f"{abs(value):.2f}"
    if float(text) == 0:
        return text
    return ("+" if value > 0 else "\u2212") + text


def _urgency(snapshot: ReviewSnapshot, clip: Clip) -> tuple[int, float, str]:
    flags = snapshot.flags.get(clip.id, ())
    return -len(flags), -max((flag.score for flag in flags), default=0.0), clip.name.casefold()


def _ranked(snapshot: ReviewSnapshot, ranking: Ranking) -> tuple[Candidate, ...]:
    rows = sorted(ranking.rows, key=lambda row: row.rank)
    return tuple(
        _candidate(snapshot, snapshot.clips[row.id], row.rank, row)
        for row in rows
        if row.id in snapshot.clips
    )


def _candidate(
    snapshot: ReviewSnapshot, clip: Clip, rank: int, row: RankedClip | None
) -> Candidate:
    flags = snapshot.flags.get(clip.id, ())
    reasons = [_flag_reason(flag) for flag in flags]
    text = ""
    if row is not None and snapshot.ranking is not None:
        reasons = [*_score_reasons(row, snapshot.ranking), *reasons]
        text = score_text(row.score, snapshot.ranking.method)
    return Candidate(
        clip=clip,
        rank=rank,
        flags=flags,
        ranked=row,
        curve=snapshot.curves.get(clip.id, ()),
        reasons=tuple(reasons[:MOST_REASONS]),
        score_text=text,
    )


def _flag_reason(flag: Flag) -> Reason:
    return Reason(flag.name, flag_name(flag.name), f"{flag.score:.2f}", flag.reason)


def score_text(score: float, method: str) -> str:
    """A candidate's score as it is shown: signed where its sign means something."""
    return f"{score:.2f}" if method in UNSIGNED else signed(score)


def _score_reasons(row: RankedClip, ranking: Ranking) -> list[Reason]:
    place = f"Rank {row.rank} of {len(ranking.rows)}"
    if ranking.method not in UNSIGNED:
        return [_influence_reason(row, ranking, row.score, f"{place}{_asked(ranking)}. ")]
    name = "Combined score" if ranking.method == "combined" else "Learned score"
    told = f"{place}: the mean of its ranks by influence, by motion and by loss."
    if ranking.method == "learned":
        told = f"{place}, by a model of the decisions made so far."
    reasons = [Reason("combined", name, f"{row.score:.2f}", told)]
    if "influence" in row.parts and _evident(row):
        asked = f"Influence{_asked(ranking)}. "
        reasons.append(_influence_reason(row, ranking, row.parts["influence"], asked))
    unusual = row.parts.get("flow_deviation", 0.0)
    if unusual >= _UNUSUAL_SD:
        reasons.append(
            Reason(
                "motion", "Unusual amount of motion", f"{unusual:.1f} s.d.",
                "Its mean motion lies this many standard deviations from what is usual for clips"
                " of its kind.", "Unusual motion",
            )
        )  # fmt: skip
    return reasons


def _influence_reason(row: RankedClip, ranking: Ranking, score: float, before: str) -> Reason:
    bad = any(query.polarity is Polarity.BAD for query in ranking.queries)
    if not _evident(row):
        name = "Influence within chance"
    elif bad:
        name = "Pushes away from the bad motion" if score < 0 else "Pushes toward the bad motion"
    else:
        name = "Pushes away from the good motion" if score > 0 else "Pushes toward the good motion"
    short = "Within chance"
    if _evident(row):
        short = " ".join(name.split()[:2]) + (" from it" if "away" in name else " it")
    if row.q_value is not None:
        before += (
            f"Of clips this high {_percent(row.q_value)} are expected by chance"
            f" (q {chance(row.q_value)})."
        )
    kind = "influence" if _evident(row) else "chance"
    return Reason(kind, name, signed(score), before.strip(), short)


def _evident(row: RankedClip) -> bool:
    """Not told apart from chance only where chance was measured."""
    return row.q_value is None or row.q_value <= BAND_Q


def _asked(ranking: Ranking) -> str:
    """ " on 12 bad and 8 good queries", of those there are."""
    bad = sum(query.polarity is Polarity.BAD for query in ranking.queries)
    counts = {"bad": bad, "good": len(ranking.queries) - bad}
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    if not parts:
        return ""
    last = list(counts.values())[1] or bad
    return f" on {' and '.join(parts)} {'query' if last == 1 else 'queries'}"


def chance(value: float) -> str:
    """A p or q value as .005; never rounded down to nothing."""
    if value < 0.001:
        return "< .001"
    return f"{min(value, 1.0):.3f}".removeprefix("0") if value < 0.9995 else "1"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %" if share < 0.1 else f"{min(share, 1.0) * 100:.0f} %"
