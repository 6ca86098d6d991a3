"""A queue's order stays as it was first shown, so that nothing moves under the curator's hands."""

from __future__ import annotations

from dataclasses import replace

from motionlens.session.review_queue import Candidate


class FrozenOrder:
    """Holds candidates at their places; those that are new since wait to be let in.

    Attributes
    ----------
    fresh : tuple of str
        Clip ids of candidates that are not in the order yet.
    moved : bool
        Whether the known ones would stand elsewhere if they were sorted now (new flags).
    """

    def __init__(self) -> None:
        self._order: list[str] = []
        self.fresh: tuple[str, ...] = ()
        self.moved = False

    def arrange(self, whole: tuple[Candidate, ...], hold: bool) -> tuple[Candidate, ...]:
        """The candidates at their places; without `hold` they are sorted as they come."""
        ids = [candidate.clip.id for candidate in whole]
        if not hold or not self._order:
            self._order, self.fresh, self.moved = ids, (), False
            return whole
        known = {candidate.clip.id: candidate for candidate in whole}
        kept = [clip for clip in self._order if clip in known]
        before = set(kept)
        self.fresh = tuple(clip for clip in ids if clip not in before)
        self.moved = [clip for clip in ids if clip in before] != kept
        return tuple(
            known[clip] if known[clip].rank == rank else replace(known[clip], rank=rank)
            for rank, clip in enumerate(kept, start=1)
        )

    def add_fresh(self) -> None:
        """New candidates come at the end; the next `arrange` shows them."""
        self._order += self.fresh

    def sort_again(self) -> None:
        """The next `arrange` takes the order as it comes."""
        self._order = []
