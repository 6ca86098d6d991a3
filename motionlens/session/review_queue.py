"""The queue of Review: candidates in a frozen order, with the reasons why each is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from motionlens.domain.clip import Clip, Flag, MotionSummary
from motionlens.domain.clip_filter import ClipFacts, parse
from motionlens.domain.decision import Decision
from motionlens.domain.language import retell, say, word
from motionlens.domain.ranking import STANDS_OUT, Polarity, RankedClip, Ranking
from motionlens.operations.review import ReviewSnapshot
from motionlens.session.clip_list import flag_name

MOST_REASONS = 4
# Their scores are mean ranks, 0 to 1 (and above for static shots), with no sign to show.
UNSIGNED = ("combined", "learned")
# Less than this many standard deviations from what is usual is no reason.
_UNUSUAL_SD = 2.0


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
    motion: MotionSummary | None = None
    reasons: tuple[Reason, ...] = ()
    score_text: str = ""
    hidden: bool = False

    @property
    def title(self) -> str:
        """The file's name, unless it is hidden."""
        return "" if self.hidden else self.clip.name

    @property
    def score(self) -> float | None:
        return self.ranked.score if self.ranked else None

    @property
    def per_query(self) -> Mapping[str, float]:
        return self.ranked.per_query if self.ranked else {}


ORDERS = ("rank", "name", "motion", "length", "informative")


@dataclass(frozen=True)
class Filters:
    """What of a queue is shown, and in which order.

    Attributes
    ----------
    flag : str
        Empty for any.
    text : str
        In the language of :mod:`motionlens.domain.clip_filter`; empty for all.
    order : str
        One of `ORDERS`; `informative` begins with the clips on which a learned ranking is least
        sure.
    """

    undecided: bool = True
    flagged: bool = False
    flag: str = ""
    text: str = ""
    order: str = ORDERS[0]


@dataclass(frozen=True)
class SavedQueue:
    """A queue by name: which candidates, and what of them is shown."""

    name: str
    kind: QueueKind
    filters: Filters
    own: bool = True  # saved by a person, not built in


BUILT_IN = (
    SavedQueue(word("Excluded"), QueueKind.FLAGGED, Filters(False, text="decision:exclude"), False),
    SavedQueue(word("Kept"), QueueKind.FLAGGED, Filters(False, text="decision:keep"), False),
    SavedQueue(word("Later"), QueueKind.FLAGGED, Filters(False, text="decision:later"), False),
    SavedQueue(word("Second look"), QueueKind.FLAGGED, Filters(False, text="is:disputed"), False),
)


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


def blinded(candidate: Candidate, rank: int) -> Candidate:
    """The same clip without anything that could sway: no rank, score, reason, flag or name."""
    return Candidate(clip=candidate.clip, rank=rank, motion=candidate.motion, hidden=True)


def chosen(
    queue: Iterable[Candidate],
    filters: Filters,
    decided: Mapping[str, Decision],
    answers: Mapping[str, Mapping[str, str]] | None = None,
    tags: Mapping[str, tuple[str, ...]] | None = None,
) -> list[str]:
    """Ids of the candidates that pass the filters as decisions stand now, in their order.

    Raises
    ------
    UsageError
        A filter text that cannot be read.
    """
    test = parse(filters.text)
    passed = []
    for candidate in queue:
        clip = candidate.clip.id
        judged = decided.get(clip) in (Decision.EXCLUDE, Decision.KEEP)
        names = {flag.name for flag in candidate.flags}
        if filters.undecided and judged:
            continue
        if (filters.flagged and not names) or (filters.flag and filters.flag not in names):
            continue
        if filters.text:
            facts = _facts(candidate, decided.get(clip), (answers or {}).get(clip, {}),
                           (tags or {}).get(clip, ()))  # fmt: skip
            if not test(facts):
                continue
        passed.append(candidate)
    if filters.order != ORDERS[0]:
        passed.sort(key=_ORDER_KEYS[filters.order])
    return [candidate.clip.id for candidate in passed]


def _facts(
    candidate: Candidate,
    decision: Decision | None,
    answers: Mapping[str, str],
    tags: tuple[str, ...],
) -> ClipFacts:
    clip, ranked = candidate.clip, candidate.ranked
    numbers: dict[str, float | None] = {
        "rank": candidate.rank,
        "frames": clip.info.frames,
        "seconds": clip.info.duration_s,
        "motion": candidate.motion.mean_px if candidate.motion else None,
        "score": ranked.score if ranked else None,
        "q": ranked.q_value if ranked else None,
    }
    return ClipFacts(
        name=clip.name,
        caption=clip.caption,
        flags={flag.name: flag.score for flag in candidate.flags},
        numbers={name: value for name, value in numbers.items() if value is not None},
        decision="" if decision in (None, Decision.CLEAR) else str(decision),
        answers=answers,
        tags=tags,
    )


_ORDER_KEYS: dict[str, Callable[[Candidate], Any]] = {
    "name": lambda candidate: candidate.clip.name.casefold(),
    "motion": lambda candidate: -(candidate.motion.mean_px if candidate.motion else -1.0),
    "length": lambda candidate: -candidate.clip.info.duration_s,
    # A learned score is a mean rank, 0 to 1: in the middle it knows least.
    "informative": lambda candidate: abs((candidate.score or 0.0) - 0.5),
}


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
        motion=snapshot.motion.get(clip.id),
        reasons=tuple(reasons[:MOST_REASONS]),
        score_text=text,
    )


def _flag_reason(flag: Flag) -> Reason:
    return Reason(flag.name, flag_name(flag.name), f"{flag.score:.2f}", retell(flag.reason))


def score_text(score: float, method: str) -> str:
    """A candidate's score as it is shown: signed where its sign means something."""
    return f"{score:.2f}" if method in UNSIGNED else signed(score)


def _score_reasons(row: RankedClip, ranking: Ranking) -> list[Reason]:
    place = say("Rank {rank} of {n}", rank=row.rank, n=len(ranking.rows))
    if ranking.method not in UNSIGNED:
        return [_influence_reason(row, ranking, row.score, f"{place}{_asked(ranking)}. ")]
    name = say("Combined score") if ranking.method == "combined" else say("Learned score")
    told = say("{place}: the mean of its ranks by influence, by motion and by loss.", place=place)
    if ranking.method == "learned":
        told = say("{place}, by a model of the decisions made so far.", place=place)
    reasons = [Reason("combined", name, f"{row.score:.2f}", told)]
    if "influence" in row.parts and _evident(row):
        asked = say("Influence{asked}. ", asked=_asked(ranking))
        reasons.append(_influence_reason(row, ranking, row.parts["influence"], asked))
    unusual = row.parts.get("flow_deviation", 0.0)
    if unusual >= _UNUSUAL_SD:
        reasons.append(
            Reason(
                "motion",
                say("Unusual amount of motion"),
                f"{unusual:.1f} s.d.",
                say(
                    "Its mean motion lies this many standard deviations from what is usual for"
                    " clips"
                    " of its kind."
                ),
                say("Unusual motion"),
            )
        )
    return reasons


def _influence_reason(row: RankedClip, ranking: Ranking, score: float, before: str) -> Reason:
    bad = any(query.polarity is Polarity.BAD for query in ranking.queries)
    away = (score < 0) is bad
    if not _evident(row):
        name, short = say("Influence within chance"), say("Within chance")
    elif away:
        short = say("Pushes away from it")
        name = say("Pushes away from the bad motion")
        name = name if bad else say("Pushes away from the good motion")
    else:
        short = say("Pushes toward it")
        name = say("Pushes toward the bad motion")
        name = name if bad else say("Pushes toward the good motion")
    if row.q_value is not None:
        before += say(
            "Of clips this high {percent} are expected by chance (q {chance}).",
            percent=_percent(row.q_value),
            chance=chance(row.q_value),
        )
    kind = "influence" if _evident(row) else "chance"
    return Reason(kind, name, signed(score), before.strip(), short)


def _evident(row: RankedClip) -> bool:
    """Not told apart from chance only where chance was measured."""
    return row.q_value is None or row.q_value <= STANDS_OUT


def _asked(ranking: Ranking) -> str:
    """ " on 12 bad and 8 good queries", of those there are."""
    bad = sum(query.polarity is Polarity.BAD for query in ranking.queries)
    good = len(ranking.queries) - bad
    if bad and good:
        return say(
            " on {bad} bad and {good} good {noun}",
            bad=bad, good=good, noun="query" if good == 1 else "queries",
        )  # fmt: skip
    if bad:
        return say(" on {n} bad {noun}", n=bad, noun="query" if bad == 1 else "queries")
    if good:
        return say(" on {n} good {noun}", n=good, noun="query" if good == 1 else "queries")
    return ""


def chance(value: float) -> str:
    """A p or q value as .005; never rounded down to nothing."""
    if value < 0.001:
        return "< .001"
    return f"{min(value, 1.0):.3f}".removeprefix("0") if value < 0.9995 else "1"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %" if share < 0.1 else f"{min(share, 1.0) * 100:.0f} %"
