"""What Review shares with the rest of the window: decisions, rankings, the saved line, notices."""

from __future__ import annotations

from collections.abc import Callable

from motionlens.domain.errors import IndexMissing, IndexStale
from motionlens.domain.language import retell, say
from motionlens.domain.ranking import Ranking
from motionlens.session.decision_writer import Written
from motionlens.session.queue_state import ranking_id
from motionlens.session.review import ReviewState
from motionlens.ui import words
from motionlens.ui.context import WindowContext

PANEL = "review"


class Shared:
    """Tells the library what Review did, and Review what happened elsewhere.

    Parameters
    ----------
    shown : callable
        Whether Review is on the screen: only then it reads the project anew at once.
    rank : callable
        Goes on with a ranking that was stopped.
    """

    def __init__(
        self,
        context: WindowContext,
        state: ReviewState,
        shown: Callable[[], bool],
        rank: Callable[[], object],
    ) -> None:
        self._context, self._state = context, state
        self._shown, self._rank = shown, rank
        self._known: tuple[object, ...] = ()
        self._offered = 0
        state.loaded.connect(self._saving_changed)
        state.queue_changed.connect(self._offer)
        state.saving_changed.connect(self._saving_changed)
        state.writer.written.connect(self._written)
        context.library.saved.connect(self._decided_elsewhere)
        context.library.changed.connect(self._library_changed)

    def read_anew(self) -> None:
        """Read the project, unless nothing was added or analysed since it was read."""
        known = self._library_signature()
        if self._state.snapshot is None or known != self._known:
            self._known = known
            self._state.load()

    def _offer(self) -> None:
        """New candidates do not come under the curator's hands: they are offered."""
        frozen, notices = self._state.frozen, self._context.notices
        if self._offered:
            notices.close(self._offered)
            self._offered = 0
        if not frozen.fresh and not frozen.moved:
            return
        count = len(frozen.fresh)
        title = words.several(count, say("new candidate")) if count else say("Flags have changed")
        self._offered = notices.tell(
            "info",
            title,
            say("The queue keeps its order until you say so."),
            panel=PANEL,
            button=say("Sort again"),
            act=lambda: self._state.let_in(sort=True),
            other=say("Add at the end") if count else "",
            act_otherwise=lambda: self._state.let_in(sort=False),
        )

    def _saving_changed(self) -> None:
        writer, counts = self._state.writer, len(self._state.marks)
        waiting = writer.waiting
        if writer.held:
            said = (
                say("1 decision is not saved")
                if waiting == 1
                else say("{waiting} decisions not saved", waiting=waiting)
            )
            self._context.saved(said, False, True)
        elif waiting:
            self._context.saved(say("Saving"), True, False)
        else:
            said = (
                say("All {counts:,} decisions saved", counts=counts)
                if counts != 1
                else say("1 decision saved")
            )
            self._context.saved(said if counts else say("No decisions yet"), False, False)

    def _written(self, written: Written) -> None:
        if (last := self._state.last) is not None and last.mark.saved:
            self._context.announce(say("{words}, saved", words=last.words))
        self._context.library.apply(
            {c: str(e.decision) if e else "none" for c, e in written.standing.items()}
        )

    def _decided_elsewhere(self, result: object) -> None:
        clips = tuple(getattr(result, "clips", ()))
        if clips and self._state.snapshot is not None:
            self._state.reread(clips)

    def _library_signature(self) -> tuple[object, ...]:
        library = self._context.library
        analysed = library.counts.analysed
        return len(library.clips), analysed, ranking_id(library.ranking)

    def _library_changed(self) -> None:
        if self._shown() and self._context.library.loaded:
            self.read_anew()

    def ranked(self, ranking: Ranking) -> None:
        """A ranking is there: its queue fills, and the library can sort by it."""
        self._state.use_ranking(ranking)
        # What the library tells next is known here already.
        self._known = (*self._known[:2], ranking_id(ranking))
        self._context.library.set_ranking(ranking)

    def rank_failed(self, error: BaseException) -> None:
        """Say why there is no ranking; an index of other weights is made again by one button."""
        if isinstance(error, IndexStale | IndexMissing):
            self._context.notices.tell(
                "warn",
                retell(error.what),
                say(
                    "{upper}{n}. The ranking shown stays as it was.",
                    upper=retell(error.why)[:1].upper(),
                    n=retell(error.why)[1:],
                ),
                panel=PANEL,
                button=say("Index again"),
                act=self._rank,
            )
            return
        self._context.notices.error(error, panel=PANEL)

    def rank_cancelled(self) -> None:
        """Stopping is no error: say what is kept, and how to go on."""
        self._context.notices.tell(
            "neutral",
            say("You stopped the ranking"),
            say("Clips that were indexed stay indexed; it goes on from there."),
            panel=PANEL,
            button=say("Go on"),
            act=self._rank,
        )
