"""The Explain view: a query at the left, the clips behind its motion, the one that is focused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motionlens.domain.errors import IndexMissing, IndexStale
from motionlens.session.explain import ExplainState
from motionlens.ui import words
from motionlens.ui.context import WindowContext
from motionlens.ui.library.view import JUDGING
from motionlens.ui.player.players import Players
from motionlens.ui.player.preview import Preview
from motionlens.ui.tables.scored_list import ScoredList
from motionlens.ui.widgets import (
    Button,
    Combo,
    ElidedLabel,
    EmptyState,
    NoticeStack,
    ThinProgress,
    action_button,
    label,
    line,
    row,
)
from motionlens.ui.widgets.curve import MotionCurve


class ExplainView(QWidget):
    """Which clips taught this motion."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self.setObjectName("view.explain")
        self._context = context
        self.state = ExplainState(context.project, context.jobs)
        # The motion that is asked about leads; the clip in the list follows at equal phase.
        self.players = Players(context, "explain", self)
        self.queries = Combo(context.theme, "Query")
        self.queries.setFixedWidth(280)
        self.queries.setObjectName("explain.query")
        self.queries.currentIndexChanged.connect(self._query_chosen)
        self.list = ScoredList(context.theme, context.library, context.thumbnails)
        self.list.setObjectName("explain.list")
        self.list.setAccessibleName("Clips behind the motion")
        self.list.selectionModel().currentChanged.connect(lambda *_: self._focused())
        self.empty = EmptyState(context.theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar())
        layout.addWidget(line())
        panes = QHBoxLayout()
        panes.setSpacing(0)
        panes.addWidget(self._query_pane(), 440)
        for pane, stretch in ((self._list_pane(), 520), (self._clip_pane(), 440)):
            panes.addWidget(line(vertical=True))
            panes.addWidget(pane, stretch)
        layout.addLayout(panes, 1)
        self.state.changed.connect(self._show)
        self.state.failed.connect(self._failed)
        context.library.changed.connect(self._list_queries)
        context.jobs.ticked.connect(self._tick)
        context.jobs.changed.connect(self._show_progress)
        self._register()
        self._list_queries()

    def show_clip(self, id: str) -> None:
        """Ask about a clip."""
        if self.queries.findData(id) < 0 and id in self._context.library.clips:
            self.queries.addItem(self._context.library.clips[id].name, id)
        self.queries.setCurrentIndex(self.queries.findData(id))

    def focus_stage(self) -> None:
        """Focus goes to the list."""
        self.list.setFocus()

    def close_view(self) -> None:
        """The project is closing."""
        self.state.cancel()
        self.players.close()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.players.set_shown(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.players.set_shown(False)

    def _bar(self) -> QWidget:
        theme = self._context.theme
        bar = QWidget()
        bar.setFixedHeight(48)
        self._find = action_button(
            theme, self._context.actions, "run.explain", "Find the clips behind it", "outline"
        )
        self._fresh = label(theme, "", "text2", 12)
        layout = row(
            label(theme, "Explain", "text2"), self.queries, self._find, 8, self._fresh, None
        )
        layout.setContentsMargins(14, 0, 14, 0)
        bar.setLayout(layout)
        return bar

    def _head(self, number: str, text: str, *beside: QWidget) -> QHBoxLayout:
        theme = self._context.theme
        first, title = label(theme, number, "text3", weight=600), label(theme, text, weight=600)
        return row(first, title, None, *beside)

    def _query_pane(self) -> QWidget:
        theme = self._context.theme
        self._curve = MotionCurve(theme)
        self._query_picture = Preview(self.players, self.players.candidate, self._curve, 232)
        self._query_name = ElidedLabel(theme, "", weight=600)
        self._caption = label(theme, "", "text2", 12, wrap=True)
        self._curve_title = label(theme, "Motion, px a frame", "text2", 12)
        return _pane(
            self._head("1", "What motion?"),
            self._query_picture, self._query_name, self._caption, self._curve_title, self._curve,
        )  # fmt: skip

    def _list_pane(self) -> QWidget:
        theme = self._context.theme
        self._sides = {
            side: Button(theme, side.capitalize(), kind="quiet")
            for side in ("proponents", "opponents")
        }
        for side, button in self._sides.items():
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.clicked.connect(lambda _=False, side=side: self.state.show(side))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.list)
        self.stack.addWidget(self.empty)
        self._progress = ThinProgress(theme)
        self._progress_text = label(theme, "", "text2", 12)
        self._cancel = Button(theme, "Cancel", "x")
        self._cancel.clicked.connect(self.state.cancel)
        head = self._head("2", "Which clips taught it?", *self._sides.values())
        return _pane(
            head, NoticeStack(theme, self._context.notices, "explain"),
            row(self._progress_text, None, self._cancel), self._progress, self.stack, stretch=4,
        )  # fmt: skip

    def _clip_pane(self) -> QWidget:
        theme = self._context.theme
        self._clip_curve = MotionCurve(theme)
        self._clip_picture = Preview(self.players, self.players.query, self._clip_curve, 232)
        self._clip_picture.set_bar_shown(False)
        self._clip_name = ElidedLabel(theme, "", weight=600)
        self._clip_caption = label(theme, "", "text2", 12, wrap=True)
        actions = self._context.actions
        exclude = action_button(
            theme, actions, "judge.exclude", "Accept", "exclude", "exclude clip", 44
        )
        keep = action_button(theme, actions, "judge.keep", "Reject", "keep", "keep clip", 44)
        review = action_button(theme, actions, "go.review_clip", "Review from here", height=32)
        self._clip_parts = (self._clip_picture, exclude, keep, review)
        self._no_clip = label(
            theme, "The clip that is chosen in the list is shown here.", "text2", 12
        )
        return _pane(
            self._head("3", "The clip"),
            self._no_clip, self._clip_picture, self._clip_name, self._clip_caption,
            self._clip_curve, None,
            row(exclude, keep, None), row(review, None),
        )  # fmt: skip

    def _register(self) -> None:
        library, go = self._context.library, self._context.go_to

        def handle(name: str, run: Callable[[], object], enabled: Callable[[], str] = str) -> None:
            self._context.actions.handle(name, run, view="explain", enabled=enabled)

        for name, decision in JUDGING:
            handle(f"judge.{name}", partial(self._decide, decision), self._why_no_clip)
        handle("judge.undo", library.undo)
        handle("judge.redo", library.redo)
        handle("go.show_in_library", lambda: go("library", self.list.current()), self._why_no_clip)
        handle("go.review_clip", lambda: go("review", self.list.current()), self._why_no_clip)
        handle("run.explain", self._ask, self._why_not)
        self.players.register()

    def _decide(self, decision: str) -> None:
        self._context.library.decide(decision, [self.list.current()])

    def _why_no_clip(self) -> str:
        return "" if self.list.current() else "choose a clip in the list"

    def _why_not(self) -> str:
        if not self.state.query:
            return "choose a query"
        if self._context.jobs.running("index"):
            return "the index is being made"
        return "it runs already" if self.state.running else ""

    def _list_queries(self) -> None:
        library = self._context.library
        clips = [
            clip
            for role in ("generation", "reference")
            for clip in library.clips.values()
            if clip.role == role
        ]
        wanted = [clip.id for clip in clips]
        if self.state.query in library.clips and self.state.query not in wanted:
            wanted.append(self.state.query)
        if [self.queries.itemData(place) for place in range(self.queries.count())] != wanted:
            self.queries.blockSignals(True)
            self.queries.clear()
            for id in wanted:
                self.queries.addItem(library.clips[id].name, id)
            self.queries.setCurrentIndex(max(0, self.queries.findData(self.state.query)))
            self.queries.blockSignals(False)
        self._query_chosen(self.queries.currentIndex())
        self._show()

    def _query_chosen(self, place: int) -> None:
        self.state.choose(str(self.queries.itemData(place) or ""))

    def _ask(self) -> None:
        self.state.ask(self.queries.currentText())

    def _show(self) -> None:
        clip = self._context.library.clips.get(self.state.query)
        self._query_picture.show_clip(clip.clip if clip else None)
        self._query_name.setText(clip.name if clip else "")
        self._caption.setText(clip.clip.caption if clip else "")
        self._curve.set_curve(clip.curve if clip else ())
        self._curve_title.setVisible(bool(clip and clip.curve))
        self._curve.setVisible(bool(clip and clip.curve))
        self.list.table.show_rows(self.state.rows)
        for side, button in self._sides.items():
            button.setChecked(side == self.state.side)
            button.setVisible(self.state.answer is not None)
        answer = self.state.answer
        self._fresh.setText(
            f"Index {answer.fingerprint[:6]}"
            + (f", {words.several(answer.left_out, 'clip')} not indexed" if answer.left_out else "")
            if answer else ""
        )  # fmt: skip
        if self.list.table.rows:
            self.list.setCurrentIndex(self.list.table.index(0))
        self.stack.setCurrentWidget(self.list if self.list.table.rows else self.empty)
        self._teach()
        self._focused()
        self._show_progress()

    def _teach(self) -> None:
        actions = self._context.actions
        if not self.state.query:
            self.empty.show_state(
                "No query yet",
                "A generation that moves wrongly is what this asks about. The clips that push"
                " toward its motion will be listed here.", "Add generations", icon="sparkle",
                hint="or press E on any clip", act=lambda: actions.run("project.add_generations"),
            )  # fmt: skip
        elif self.state.running:
            self.empty.show_state(
                "Looking for the clips", "The strongest ones are listed here.",
                icon="hourglass",
            )  # fmt: skip
        elif self.state.answer is not None:
            self.empty.show_state(
                f"No {self.state.side}",
                "No clip of the index pushes this way.",
                icon="check-circle",
            )
        else:
            self.empty.show_state(
                "Not asked yet",
                "The gradient of this query is compared with every indexed clip. It takes a few"
                " seconds, and the model is loaded first.", "Find the clips behind it",
                act=lambda: actions.run("run.explain"),
            )  # fmt: skip

    def _focused(self) -> None:
        clip = self._context.library.clips.get(self.list.current())
        for part in self._clip_parts:
            part.setVisible(clip is not None)
        self._no_clip.setVisible(clip is None)
        self._clip_picture.show_clip(clip.clip if clip else None)
        self._clip_name.setText(clip.name if clip else "")
        self._clip_caption.setText(clip.clip.caption if clip else "")
        self._clip_curve.set_curve(clip.curve if clip else ())
        self._clip_curve.setVisible(bool(clip and clip.curve))
        self._context.actions.refresh()

    def _tick(self, key: int) -> None:
        if key == self.state.job:
            self._show_progress()

    def _show_progress(self) -> None:
        running = self.state.running
        for widget in (self._progress, self._progress_text, self._cancel):
            widget.setVisible(running)
        if running:
            job = self._context.jobs.row(self.state.job)
            self._progress.set_share(job.share)
            told = ", ".join(
                part for part in (job.what or "Waiting", words.left(job.left_s)) if part
            )
            self._progress_text.setText(told)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, (IndexMissing, IndexStale)):
            actions = self._context.actions
            self._context.notices.tell(
                "warn", error.what, f"{error.why}.", panel="explain", button="Index the clips",
                act=lambda: actions.run("run.index"),
            )  # fmt: skip
        else:
            self._context.notices.error(error, panel="explain")


def _pane(*parts: object, stretch: int = -1) -> QWidget:
    pane = QWidget()
    pane.setProperty("ground", "panel")
    pane.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    pane.setMinimumWidth(300)
    column = QVBoxLayout(pane)
    column.setContentsMargins(14, 10, 14, 14)
    column.setSpacing(8)
    stretched = False
    for place, part in enumerate(parts):
        if part is None:
            column.addStretch(1)
            stretched = True
        elif isinstance(part, QWidget):
            column.addWidget(part, 1 if place == stretch else 0)
            stretched |= place == stretch
        else:
            column.addLayout(part)  # type: ignore[arg-type]
    if not stretched:
        column.addStretch(1)
    return pane
