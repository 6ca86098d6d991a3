"""Agreement in words, for the end of a queue."""

from __future__ import annotations

from motionlens.domain.language import say
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
            say(
                "{n} curators agree on {percent:.0f} % of {clips:,} shared clips (kappa"
                " {kappa}, alpha {alpha}).",
                n=len(found.curators),
                percent=found.percent,
                clips=found.clips,
                kappa=kappa,
                alpha=alpha,
            )
        )
    said += [
        say(
            "{by} answered {same:,} of {clips:,} clips that came again the same way.",
            by=by,
            same=one.same,
            clips=one.clips,
        )
        for by, one in found.with_oneself.items()
    ]
    return " ".join(said)


def _two(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"
