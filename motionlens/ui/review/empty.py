"""What Review says when there is nothing to judge, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from motionlens.domain.language import retell, say
from motionlens.operations.merge import AgreementResult
from motionlens.session.agreement import agreed
from motionlens.session.review import ReviewState
from motionlens.session.review_queue import Filters
from motionlens.ui.actions import Actions
from motionlens.ui.review.query_column import QueryColumn
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import EmptyState
from motionlens.ui.words import several

AskAgreement = Callable[[Callable[[AgreementResult], object]], object]


class ReviewEmpty(QWidget):
    """No clips; everything judged; nothing under this filter."""

    def __init__(self, theme: Theme, actions: Actions, ask: AskAgreement) -> None:
        super().__init__()
        self._actions, self._ask = actions, ask
        self._asked: tuple[object, ...] = ()
        self._agreed = ""
        self.setObjectName("review.empty")
        self._said = EmptyState(theme)
        layout = QVBoxLayout(self)
        layout.addWidget(self._said, 1)

    def refresh(self, state: ReviewState) -> bool:
        """Say why the queue is empty; False where there is something to judge."""
        run = self._actions.run
        if state.snapshot is None:
            if state.failure is not None:
                error = state.failure
                self._said.show_state(
                    retell(error.what),
                    f"{retell(error.why)}. {retell(error.next_step)}",
                    say("Try again"),
                    icon="warning-circle",
                    act=state.load,
                )
            else:
                self._said.show_state(say("Opening the queue"), icon="hourglass")
            return True
        if not state.snapshot.training:
            self._said.show_state(
                say("No training clips yet"),
                say("Clips to judge will play here. Add a folder of training clips first."),
                say("Add a folder of clips"),
                icon="film-strip",
                hint=say("or drop files on the window"),
                act=lambda: run("project.add_folder"),
            )
            return True
        if state.order and not (state.finished and state.filters.undecided):
            return False
        if state.finished:
            self._say_done(state)
            return True
        if not state.order:
            self._said.show_state(
                say("No clip passes these filters"),
                say("The queue holds {n}.").format(n=several(len(state.queue), "clip")),
                say("Show all"),
                icon="funnel",
                act=lambda: state.set_filters(Filters(undecided=False)),
            )
            return True
        return False

    def _say_done(self, state: ReviewState) -> None:
        counts = state.counts
        if self._asked != (fresh := (counts.excluded, counts.kept, counts.later)):
            self._asked = fresh
            self._ask(lambda found: self._agree(state, found))
        self._show_done(state)

    def _show_done(self, state: ReviewState) -> None:
        counts, run = state.counts, self._actions.run
        said = [
            say("{excluded} excluded, {kept} kept. The manifest holds what is left.").format(
                excluded=counts.excluded, kept=counts.kept
            ),
            state.pace.told,
            self._agreed,
        ]
        self._said.show_state(
            say("Everything here is judged"),
            " ".join(filter(None, said)),
            say("Export a manifest"),
            icon="check-circle",
            hint=say("Z takes the last answer back; / shows judged clips again"),
            act=lambda: run("project.export"),
            other=say("Train without the {n}").format(n=f"{counts.excluded:,}")
            if counts.excluded else "",
            act_otherwise=lambda: run("go.train"),
        )  # fmt: skip

    def _agree(self, state: ReviewState, found: AgreementResult) -> None:
        self._agreed = agreed(found)
        if state.finished and state.filters.undecided:
            self._show_done(state)


def say_no_query(column: QueryColumn, actions: Actions) -> None:
    """What the left column says while there is no query."""
    column.set_empty(
        say("No query yet"),
        say(
            "A generation that moves wrongly plays here, beside the clips that may have taught it."
            " Judging flagged clips works without one."
        ),
        say("Add generations"),
        lambda: actions.run("project.add_generations"),
    )
