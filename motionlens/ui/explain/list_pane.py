"""Pane 2 of Explain: the clips behind the motion, as a list or with two queries compared."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from motionlens.domain.language import retell, say, word
from motionlens.domain.ranking import Polarity
from motionlens.session.explain import SIDES, ExplainState
from motionlens.session.explain_words import spread_of
from motionlens.ui import words
from motionlens.ui.context import WindowContext
from motionlens.ui.explain.pane import head, pane
from motionlens.ui.explain.scatter import Scatter
from motionlens.ui.tables.scored_list import ScoredList
from motionlens.ui.widgets import (
    Button,
    Combo,
    EmptyState,
    NoticeStack,
    ThinProgress,
    action_button,
    label,
    line,
    row,
)

_SAID = {"proponents": word("Proponents"), "opponents": word("Opponents"), "all": word("All")}


class ListPane(QWidget):
    """Shows the answer of an `ExplainState`; `focused` is called when another clip is."""

    def __init__(
        self, context: WindowContext, state: ExplainState, focused: Callable[[], object]
    ) -> None:
        super().__init__()
        self._context, self._state, self._focused = context, state, focused
        theme, actions = context.theme, context.actions
        self.list = ScoredList(theme, context.library, context.thumbnails)
        self.list.setObjectName("explain.list")
        self.list.setAccessibleName(say("Clips behind the motion"))
        self.list.table.colour = state.colour
        self.list.ticked.connect(lambda clip: state.check([clip], clip not in state.checked))
        self.list.selectionModel().currentChanged.connect(lambda *_: self._moved())
        self.empty = EmptyState(theme)
        self._sides = {side: Button(theme, say(_SAID[side])) for side in SIDES}
        for side, button in self._sides.items():
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.clicked.connect(lambda _=False, side=side: state.show(side))
        self.comparing = False
        self.other = Combo(theme, say("The query to compare with"))
        self.other.currentIndexChanged.connect(lambda _place: self._show_scatter())
        self.scatter = Scatter(theme)
        self.scatter.chosen.connect(self._choose)
        self._pair = QWidget()
        pair = QVBoxLayout(self._pair)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.addLayout(row(label(theme, say("against"), "text2"), self.other, None))
        pair.addWidget(self.scatter, 1)
        self.stack = QStackedWidget()
        for page in (self.list, self.empty, self._pair):
            self.stack.addWidget(page)
        self._progress = ThinProgress(theme)
        self._progress_text = label(theme, "", "text2", 12)
        self._cancel = Button(theme, say("Cancel"), "x")
        self._cancel.clicked.connect(state.cancel)
        self._told = label(theme, "", "text2", 12, wrap=True)
        self._told.setObjectName("explain.told")
        self._checked = label(theme, "", "text2", 12)
        self._batch = action_button(
            theme, actions, "explain.exclude_checked", say("Exclude them"), "outline"
        )
        tick_all = action_button(theme, actions, "explain.check_out", say("Check"), "quiet")
        self._foot = QWidget()
        self._foot.setLayout(row(self._checked, None, tick_all, self._batch))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(
            pane(
                head(theme, "2", say("Which clips taught it?"), *self._sides.values()),
                NoticeStack(theme, context.notices, "explain"),
                row(self._progress_text, None, self._cancel), self._progress, self._told,
                self.stack, line(), self._foot, stretch=5,
            )
        )  # fmt: skip

    def show_state(self) -> None:
        """Show the answer, or what there is to do."""
        state, answer = self._state, self._state.answer
        focused = self.list.current()
        self.list.table.band = answer.ranking.band if answer is not None else None
        self.list.table.show_rows(state.rows, state.checked)
        self._show_sides()
        self._told.setText(answer.told if answer is not None else "")
        self._told.setVisible(answer is not None)
        if self.list.table.rows and not self.list.show_clip(focused):
            self.list.setCurrentIndex(self.list.table.index(0))
        self._list_others()
        if self.comparing and answer is not None and self.other.count():
            self.stack.setCurrentWidget(self._pair)
        else:
            self.stack.setCurrentWidget(self.list if self.list.table.rows else self.empty)
        count = len(state.checked)
        self._checked.setText(
            say("{several} checked", several=words.several(count, "clip"))
            if count
            else say("None checked")
        )
        self._foot.setVisible(answer is not None)
        self._teach()
        self.show_progress()

    def compare(self) -> None:
        """The list, or the shown query against another of the set."""
        self.comparing = not self.comparing
        self.show_state()

    def why_not_compare(self) -> str:
        """A comparison needs two queries that were asked."""
        answer = self._state.answer
        if answer is None or len(answer.ranking.queries) < 2:
            return say("ask with two queries or more first")
        return ""

    def show_progress(self) -> None:
        """What runs, and how long it will."""
        running = self._state.running
        for widget in (self._progress, self._progress_text, self._cancel):
            widget.setVisible(running)
        if running:
            job = self._context.jobs.row(self._state.job)
            self._progress.set_share(job.share)
            told = ", ".join(
                part
                for part in (retell(job.what) or say("Waiting"), words.left(job.left_s))
                if part
            )
            self._progress_text.setText(told)

    def _show_sides(self) -> None:
        answer = self._state.answer
        spread = spread_of(answer.ranking) if answer is not None else None
        counts = {"proponents": spread.above, "opponents": spread.below} if spread else {}
        for side, button in self._sides.items():
            count = counts.get(side)
            button.set_look(text=say(_SAID[side]) + ("" if count is None else f" {count:,}"))
            button.setChecked(side == self._state.side)
            button.setVisible(answer is not None)

    def _list_others(self) -> None:
        answer, library = self._state.answer, self._context.library.clips
        asked = [] if answer is None else [
            query for query in answer.ranking.queries
            if query.clip != self._state.query and query.clip in library
        ]  # fmt: skip
        wanted = [query.clip for query in asked]
        if [self.other.itemData(place) for place in range(self.other.count())] != wanted:
            self.other.blockSignals(True)
            self.other.clear()
            for query in asked:
                good = query.polarity is Polarity.GOOD
                name = library[query.clip].name
                self.other.addItem(f"{say('Good') if good else say('Bad')}: {name}", query.clip)
            self.other.blockSignals(False)
        self._show_scatter()

    def _show_scatter(self) -> None:
        answer, library = self._state.answer, self._context.library.clips
        first, second = self._state.query, str(self.other.currentData() or "")
        if answer is None or not second or first not in library:
            return
        points = {
            found.id: (found.per_query[first], found.per_query[second])
            for found in answer.ranking.rows
            if first in found.per_query and second in found.per_query
        }
        self.scatter.show_points(points, (library[first].name, library[second].name))
        self.scatter.focus_clip(self.list.current())

    def _choose(self, clip: str) -> None:
        if not self.list.show_clip(clip):
            self._state.show("all")
            self.list.show_clip(clip)

    def _moved(self) -> None:
        self.scatter.focus_clip(self.list.current())
        self._focused()

    def _teach(self) -> None:
        actions, state = self._context.actions, self._state
        if not state.query:
            self.empty.show_state(
                say("No query yet"),
                say(
                    "A generation that moves wrongly is what this asks about. The clips that push"
                    " toward its motion will be listed here."
                ),
                say("Add generations"),
                icon="sparkle",
                hint=say("or press E on any clip"),
                act=lambda: actions.run("project.add_generations"),
            )
        elif state.running:
            self.empty.show_state(
                say("Looking for the clips"),
                say("The strongest ones are listed here."),
                icon="hourglass",
            )
        elif state.answer is not None:
            self.empty.show_state(
                say("No {side}", side=state.side),
                say("No clip of the index pushes this way."),
                icon="check-circle",
            )
        else:
            self.empty.show_state(
                say("Not asked yet"),
                say("The gradient of this query is compared with every indexed clip. It takes a few"
                " seconds, and the model is loaded first."), say("Find the clips behind it"),
                act=lambda: actions.run("run.explain"),
            )  # fmt: skip
