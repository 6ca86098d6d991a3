"""What the figures of a study say, in sentences that claim no more than they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from motionlens.domain.evaluation import RANKINGS, Interval
from motionlens.operations.evaluate_figures import best_of


def verdict(
    auroc: Mapping[str, float],
    auroc_ci95: Mapping[str, Sequence[float] | None],
    best_plain: str,
    added: Mapping[str, Interval],
    lds: Mapping[str, Interval],
    rates: Mapping[str, Interval],
    world: str,
) -> list[str]:
    """Sentences on detection, what influence adds, prediction of losses, and trained arms."""
    influence = best_of(auroc, [m for m in RANKINGS if m not in ("combined", "learned")])
    said = [_first(auroc, influence, best_plain, world)]
    interval = auroc_ci95.get(influence)
    if interval is not None and interval[0] <= 0.5:
        shown = told(Interval(auroc[influence], (interval[0], interval[1])))
        said.append(f"That influence alone is better than a coin there is not shown: {shown}.")
    said += [
        sentence
        for pair in ("combined over combined_without_influence", "fused-2 over stat-2")
        if (sentence := _adds(pair, added.get(pair)))
    ]
    if lds:
        said.append(_foretold(lds))
    for pair in ("filtered over base", "filtered over filtered_without_influence"):
        sentence = _wins(pair, rates[pair]) if pair in rates else ""
        if sentence:
            said.append(sentence)
    return said


def _foretold(lds: Mapping[str, Interval]) -> str:
    known = {name: i.value for name, i in lds.items() if i.value is not None}
    best = best_of(known, list(known))
    interval = lds[best].ci95 if best else None
    if best in ("", "chance") or interval is None or interval[0] <= 0:
        return "No score is shown to foretell a query's loss after training on half the clips."
    return (
        f"A query's loss after training on half the clips is foretold best by {best}"
        f" ({told(lds[best])})."
    )


def told(interval: Interval, digits: int = 2) -> str:
    """Such as ``0.17 [0.13, 0.20]``; a dash where undefined."""
    if interval.value is None:
        return "-"
    text = f"{interval.value:.{digits}f}"
    if interval.ci95 is None:
        return text
    low, high = interval.ci95
    return f"{text} [{low:.{digits}f}, {high:.{digits}f}]"


def _first(auroc: Mapping[str, float], influence: str, best_plain: str, world: str) -> str:
    ours, theirs = auroc[influence], auroc[best_plain]
    if theirs > ours:
        return (
            f"In the {world} world plain statistics win: {best_plain} finds false motion with an"
            f" AUROC of {theirs:.2f}, influence alone ({influence}) with {ours:.2f}."
        )
    return (
        f"In the {world} world influence alone ({influence}) finds false motion with an AUROC of"
        f" {ours:.2f}; the best plain statistic, {best_plain}, with {theirs:.2f}."
    )


def _adds(pair: str, found: Interval | None) -> str:
    if found is None or found.value is None or found.ci95 is None:
        return ""
    low, high = found.ci95
    score, twin = pair.split(" over ")
    if low > 0:
        return f"Influence adds to plain statistics: {score} over {twin} {told(found)} AUROC."
    if high < 0:
        return f"Influence takes away from plain statistics: {score} over {twin} {told(found)}."
    return f"Whether influence adds to plain statistics is open: {score} over {twin} {told(found)}."


def _wins(pair: str, found: Interval) -> str:
    first, second = (name.replace("_", " ") for name in pair.split(" over "))
    if found.value is None or found.ci95 is None:
        return f"No pair of {first} and {second} was decided."
    low, high = found.ci95
    if low > 0.5:
        end = ""
    elif high < 0.5:
        end = ": it is worse"
    else:
        end = ": no difference is shown"
    return f"Of decided pairs the arm {first} wins {told(found)} over {second}{end}."
