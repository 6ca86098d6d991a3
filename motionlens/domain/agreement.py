"""Agreement between curators: what is left of it when chance is taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable]) -> float | None:
    """Agreement of two curators beyond chance (Cohen 1960), unweighted.

    Parameters
    ----------
    a, b : sequence
        Their answers about the same clips, in the same order.

    Returns
    -------
    float or None
        (observed - expected) / (1 - expected), -1 to 1; None without clips, or where both give
        one and the same answer throughout, so that chance alone explains all of it.
    """
    if len(a) != len(b):
        raise ValueError("both curators must have judged the same clips")
    if not a:
        return None
    answers = {answer: number for number, answer in enumerate(dict.fromkeys([*a, *b]))}
    table = np.zeros((len(answers), len(answers)), dtype=np.int64)
    for x, y in zip(a, b, strict=True):
        table[answers[x], answers[y]] += 1
    # In whole numbers until the end, so that "undefined" is exact.
    total = len(a)
    observed = int(np.trace(table)) * total
    expected = int(table.sum(axis=1) @ table.sum(axis=0))
    if expected == total * total:
        return None
    return (observed - expected) / (total * total - expected)


def krippendorff_alpha_nominal(
    judged: Sequence[Mapping[str, Hashable]],
) -> float | None:
    """Agreement of any number of curators who need not have judged the same clips.

    Nominal alpha (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"): 1 minus
    observed over expected disagreement of the coincidence matrix.

    Parameters
    ----------
    judged : sequence of mappings
        For each clip: curator -> answer. Clips with fewer than two answers do not count.

    Returns
    -------
    float or None
        1 for perfect agreement, 0 for chance; None where no clip has two answers, or where all
        answers are the same.
    """
    counts = [Counter(answers.values()) for answers in judged if len(answers) > 1]
    values = list(dict.fromkeys(value for count in counts for value in count))
    if len(values) < 2:
        return None
    units = np.array([[count[value] for value in values] for count in counts], dtype=np.float64)
    coincidences = _coincidences(units)
    totals = coincidences.sum(axis=0)
    pairable = float(totals.sum())
    observed = pairable - float(np.trace(coincidences))
    expected = (pairable**2 - float(totals @ totals)) / (pairable - 1)
    return 1 - observed / expected


def bootstrap_alpha(
    judged: Sequence[Mapping[str, Hashable]], draws: int = 1000, seed: int = 0
) -> tuple[float, float] | None:
    """95 % interval of nominal alpha: clips are drawn anew with replacement (percentiles).

    None where alpha itself is undefined, or in too many draws to say.
    """
    units = [answers for answers in judged if len(answers) > 1]
    if krippendorff_alpha_nominal(units) is None:
        return None
    rng = np.random.default_rng(seed)
    found = [
        alpha
        for _ in range(draws)
        if (
            alpha := krippendorff_alpha_nominal(
                [units[n] for n in rng.integers(0, len(units), len(units))]
            )
        )
        is not None
    ]
    if len(found) < draws // 2:
        return None
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def _coincidences(units: NDArray[np.float64]) -> NDArray[np.float64]:
    """(V, V) sums over clips of ordered pairs of answers, each clip weighed 1 / (answers - 1)."""
    weights = 1 / (units.sum(axis=1) - 1)
    pairs: NDArray[np.float64] = (units * weights[:, None]).T @ units
    return pairs - np.diag((units * weights[:, None]).sum(axis=0))
