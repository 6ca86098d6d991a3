"""Influence and plain statistics joined: each finds false motion that the others miss.

Flow statistics find frozen and jittering clips, the loss finds panning ones, influence adds an
independent vote; ranks are summed with equal weights, no weight was fitted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import CandidateStatistics
from motionlens.domain.statistics import mean_ranks

# A class with fewer analysed clips has no median worth comparing with.
LEAST_OF_CLASS = 5
# Turns the median absolute deviation of normal numbers into their standard deviation.
_MAD_TO_SD = 1.4826
# The same for the mean absolute deviation, used where over half the clips share one value.
_MEAN_DEVIATION_TO_SD = 1.2533

Values = NDArray[np.float64]


def combined_scores(
    influence: Values, statistics: CandidateStatistics
) -> tuple[Values, dict[str, Values]]:
    """Mean rank of three parts, and one more for static shots.

    Parameters
    ----------
    influence : (N,)
        Whitened influence, bad minus good.
    statistics : CandidateStatistics

    Returns
    -------
    scores : (N,) float64
        In (0, 1]: the mean of the parts' ranks over N; a static shot scores in (1, 2], above all
        others: its mask is empty, so no gradient can speak against it.
    parts : dict of (N,) float64
        `influence`; `flow_deviation` (robust s.d. from the median of its class); `loss` (unmasked,
        mean over levels); `static` (0 or 1).
    """
    parts = {
        "influence": np.asarray(influence, dtype=np.float64),
        "flow_deviation": flow_deviation(statistics.mean_px, statistics.classes),
        "loss": np.asarray(statistics.losses, dtype=np.float64),
    }
    count = max(len(influence), 1)
    ranks = [mean_ranks(_neutral(part)) / count for part in parts.values()]
    static = np.asarray(statistics.static, dtype=np.float64)
    scores: Values = np.mean(ranks, axis=0) + static
    return scores, {**parts, "static": static}


def flow_deviation(mean_px: Values, classes: Sequence[str]) -> Values:
    """How far a clip's mean flow lies from what is usual for its class, in robust s.d.

    Compared with the whole library where a clip has no class or fewer than five of it were
    analysed; NaN where the clip itself was not.
    """
    px = np.asarray(mean_px, dtype=np.float64)
    found = _deviations(px, px)
    names = np.array(classes, dtype=object)
    for name in set(classes) - {""}:
        members = names == name
        if np.count_nonzero(~np.isnan(px[members])) >= LEAST_OF_CLASS:
            found[members] = _deviations(px[members], px[members])
    return found


def _deviations(values: Values, among: Values) -> Values:
    known = among[~np.isnan(among)]
    if not known.size:
        return np.full(len(values), np.nan)
    distance = np.abs(values - np.median(known))
    spread = np.abs(known - np.median(known))
    scale = _MAD_TO_SD * float(np.median(spread))
    if scale == 0:
        scale = _MEAN_DEVIATION_TO_SD * float(spread.mean())
    deviation: Values = distance / scale if scale > 0 else distance
    return deviation


def _neutral(values: Values) -> Values:
    """Unknown values put in the middle, so that they neither help nor harm."""
    known = values[~np.isnan(values)]
    middle = float(np.median(known)) if known.size else 0.0
    return np.where(np.isnan(values), middle, values)
