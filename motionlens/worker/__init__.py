"""The second door: what a child process runs, by hidden verbs of the program.

`_train FOLDER` trains a run, `_read` reads media files, `_play` draws a player's frames.
"""

from __future__ import annotations

from collections.abc import Sequence

HIDDEN = ("_train", "_read", "_play")


def main(verb: str, argv: Sequence[str]) -> int:
    """Run one of :data:`HIDDEN`; returns its exit code."""
    if verb == "_train":
        from motionlens.worker.train import main as train

        return train(argv)
    from motionlens.worker import media

    return media.main(verb, argv)
