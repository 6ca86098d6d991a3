"""Agreement in words, for the end of a queue."""

from __future__ import annotations

from motionlens.operations.merge import AgreementResult

# Over fewer shared answers an agreement is an accident.
ENOUGH_SHARED = 20


def agreed(found: AgreementResult) -> str:
    """How far curators agree, with one another and with themselves, in a sentence or two; empty
    where too little was shared."""
    said = []
    if found.clips >= ENOUGH_SHARED and found.percent is not None:
        kappa, alpha = _two(found.cohen_kappa), _two(found.krippendorff_alpha)
        said.append(
            f"{len(found.curators)} curators agree on {found.percent:.0f} % of {found.clips:,} "
            f"shared clips (kappa {kappa}, alpha {alpha})."
        )
    said += [
        f"{by} answered {one.same:,} of {one.clips:,} clips that came again the same way."
        for by, one in found.with_oneself.items()
    ]
    return " ".join(said)


def _two(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"
