"""Played back: the clip's end shows in reverse what came before, as fillers of short clips do."""

from __future__ import annotations

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.self_likeness import mirrored_end
from motionlens.motion.flaggers.words import counted, percent

NAME = "time_reversed"
THRESHOLD = 0.7
FINDS = "how exactly the clip's end plays backwards what came before it"


def judge(evidence: Evidence) -> Flag:
    """Score: 1 - the difference of mirrored frames over the usual one, 0 to 1.

    Looked for is one axis in time, with at least a sixth of the clip after it. A pendulum filmed
    from a tripod mirrors itself too.
    """
    found = mirrored_end(evidence.thumbs.distances())
    score = min(1.0, max(0.0, 1 - found.ratio))
    if score < THRESHOLD:
        return Flag(NAME, score, "The clip does not play backwards anywhere.", False)
    stride = evidence.thumbs.stride
    reason = (
        f"From frame {found.at * stride} on, {counted(found.frames * stride, 'frame')} show in "
        f"reverse what came before: they differ by {percent(found.ratio)} of what frames there "
        f"usually differ by."
    )
    return Flag(NAME, score, reason, True)
