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
    if row is not None and snapshot.ranking is not None:
        reasons.insert(0, _score_reason(row, snapshot.ranking))
    return Candidate(
        clip=clip,
        rank=rank,
        flags=flags,
        ranked=row,
        curve=snapshot.curves.get(clip.id, ()),
        reasons=tuple(reasons[:MOST_REASONS]),
    )


def _flag_reason(flag: Flag) -> Reason:
    return Reason(flag.name, flag_name(flag.name), f"{flag.score:.2f}", flag.reason)


def _score_reason(row: RankedClip, ranking: Ranking) -> Reason:
    bad = sum(query.polarity is Polarity.BAD for query in ranking.queries)
    away = row.score < 0
    name = "Pushes away from the bad motion" if away else "Pushes toward the bad motion"
    short = "Pushes away from it" if away else "Pushes toward it"
    place = f"Rank {row.rank} of {len(ranking.rows)}"
    if bad:
        place += f" on {bad} bad {'query' if bad == 1 else 'queries'}"
    if row.q_value is None:
        return Reason("influence", name, signed(row.score), f"{place}.", short)
    return Reason(
        "influence",
        name,
        signed(row.score),
        f"{place}. Of clips this high {_percent(row.q_value)} are expected by chance "
        f"(q {chance(row.q_value)}).",
        short,
    )


def chance(value: float) -> str:
    """A p or q value as .005; never rounded down to nothing."""
    if value < 0.001:
        return "< .001"
    return f"{min(value, 1.0):.3f}".removeprefix("0") if value < 0.9995 else "1"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %" if share < 0.1 else f"{min(share, 1.0) * 100:.0f} %"
