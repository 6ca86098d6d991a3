"""What judging blind hides, in words."""

from __future__ import annotations

from motionlens.domain.language import say
from motionlens.session.review_queue import Reason


def blind_reasons() -> tuple[Reason, ...]:
    """What judging blind hides, in the place of the reasons."""
    return (
        Reason("hidden", say("Reasons are hidden"), "", say("Judge the motion first.")),
        Reason(
            "shuffled", say("Order is shuffled"), "",
            say("Rank, score, influence and file name are hidden, so that nothing but the motion"
                " speaks."),
        ),
        Reason(
            "others", say("Answers of others are hidden"), "",
            say("Where both have answered, the queue Second look shows them."),
        ),
        Reason(
            "again", say("Clips come again"), "",
            say("One in 25, unannounced: how often you say the same is told at the end."),
        ),
    )  # fmt: skip
