"""The Explain view: the motion that is asked about, the clips behind it, where in one of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from motionlens.domain.errors import IndexMissing, IndexStale
from motionlens.domain.language import retell, say
from motionlens.domain.ranking import Part
from motionlens.session.explain import METHODS, ExplainState
from motionlens.session.explain_words import Answer
from motionlens.session.influence import Wanted
from motionlens.ui import words
from motionlens.ui.context import WindowContext
from motionlens.ui.explain.clip_pane import ClipPane
from motionlens.ui.explain.list_pane import ListPane
from motionlens.ui.explain.question import QuestionPane
from motionlens.ui.library.view import JUDGING
from motionlens.ui.player.players import Players
from motionlens.ui.widgets import Combo, action_button, label, line, row

_REST_MS = 300


class ExplainView(QWidget):
    """Which clips taught this motion."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self.setObjectName("view.explain")
        self._context = context
        self.state = ExplainState(context.project, context.jobs)
        # The motion that is asked about leads; the clip in the list follows at equal phase.
        self.players = Players(context, "explain", self)
        self.queries = Combo(context.theme, say("Query"))
        self.queries.setFixedWidth(280)
        self.queries.setObjectName("explain.query")
        self.queries.currentIndexChanged.connect(self._query_chosen)
        self.found = ListPane(context, self.state, self._focused)
        self.list = self.found.list
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar())
        layout.addWidget(line())
        panes = QHBoxLayout()
        panes.setSpacing(0)
        self._question = QuestionPane(self.players, self.state, self.show_clip)
        self._clip = ClipPane(self.players, self.state)
        panes.addWidget(self._question, 440)
        for part, stretch in ((self.found, 520), (self._clip, 440)):
            panes.addWidget(line(vertical=True))
            panes.addWidget(part, stretch)
        layout.addLayout(panes, 1)
        influence = self.players.show_influence(self.players.query, self._influence_wanted)
        self._clip.follow(influence)
        self.state.changed.connect(self._show)
        self.state.failed.connect(self._failed)
        context.library.changed.connect(self._list_queries)
        context.jobs.ticked.connect(self._tick)
        context.jobs.changed.connect(self.found.show_progress)
        self.state.written.connect(self._written)
        # What is asked has to rest before it is asked anew.
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._again)
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

    def panes(self) -> list[QWidget]:
        """In reading order, for F6."""
        return [self.queries, self._question, self.found, self._clip]

    def close_view(self) -> None:
        """The project is closing."""
        self.state.cancel()
        self.players.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Not a shortcut: what lies over the view is closed by the same key first.
        if event.key() == Qt.Key.Key_Escape and self.state.part != Part():
            self._question.whole_query()
            return
        super().keyPressEvent(event)

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
            theme, self._context.actions, "run.explain", say("Find the clips behind it"), "outline"
        )
        self._fresh = label(theme, "", "text2", 12)
        self.methods = Combo(theme, say("Method of the ranking"))
        self.methods.setObjectName("explain.method")
        self.methods.addItems([say(method.capitalize()) for method in METHODS])
        self.methods.currentIndexChanged.connect(lambda place: self.state.use(METHODS[place]))
        compare = action_button(
            theme, self._context.actions, "explain.compare", say("Compare"), "quiet"
        )
        export = action_button(
            theme, self._context.actions, "explain.report", say("Report"), "quiet"
        )
        layout = row(
            label(theme, say("Explain"), "text2"), self.queries, label(theme, say("by"), "text2"),
            self.methods, self._find, 8, self._fresh, None, compare, export,
        )  # fmt: skip
        layout.setContentsMargins(14, 0, 14, 0)
        bar.setLayout(layout)
        return bar

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
        handle("explain.without", self._without, self._why_not_without)
        handle("explain.check", self._check, self._why_no_clip)
        handle("explain.check_out", self._check_out, self._why_no_answer)
        handle("explain.exclude_checked", self._exclude_checked, self._why_none_checked)
        handle("explain.compare", self.found.compare, self.found.why_not_compare)
        handle("explain.report", self._report, self._why_no_answer)
        handle("explain.copy_command", self._copy_command, self._why_not)
        self.players.register()

    def _influence_wanted(self) -> Wanted | None:
        """The map of the clip in the list for the query, by the index that answered."""
        library, answer = self._context.library.clips, self.state.answer
        query, clip = library.get(self.state.query), library.get(self.list.current())
        if answer is None or query is None or clip is None:
            return None
        index = answer.ranking.fingerprint
        part = self.state.part
        return Wanted(query.clip, clip.clip, index, part.region, part.span)

    def _decide(self, decision: str) -> None:
        self._judge(decision, [self.list.current()])

    def _judge(self, decision: str, clips: list[str]) -> None:
        answer = self.state.answer
        ranking = answer.ranking if answer is not None else None
        self._context.library.decide(decision, clips, ranking)

    def _check(self) -> None:
        clip = self.list.current()
        self.state.check([clip], clip not in self.state.checked)

    def _check_out(self) -> None:
        """All that stand out on the side that is listed; pressed again, none."""
        out = [row.id for row in self.list.table.rows if self.state.colour(row)]
        checked = self.state.checked
        if checked and all(clip in checked for clip in out):
            self.state.check(list(checked), False)
        else:
            self.state.check(out, True)

    def _exclude_checked(self) -> None:
        self._judge("exclude", list(self.state.checked))

    def _without(self) -> None:
        out = list(self.state.checked) or [self.list.current()]
        first = self._context.library.clips[out[0]].name
        self.state.try_without(out, first if len(out) == 1 else words.several(len(out), "clip"))

    def _why_not_without(self) -> str:
        if self.state.answer is None:
            return say("find the clips behind it first")
        return (self._why_none_checked() and self._why_no_clip()) or self._why_not()

    def _why_none_checked(self) -> str:
        return "" if self.state.checked else say("check clips in the list")

    def _why_no_answer(self) -> str:
        return "" if self.state.answer is not None else say("find the clips behind it first")

    def _report(self) -> None:
        name = (Path(self.queries.currentText()).stem or "report") + ".html"
        start = str(self._context.project.rooms.folder.root / name)
        out, _ = QFileDialog.getSaveFileName(self, say("Report"), start, say("Page (*.html)"))
        if out:
            self.state.write_report(Path(out))

    def _written(self, file: str) -> None:
        self._context.notices.tell(
            "info", say("The report is written"), file, panel="explain", button=say("Open it"),
            act=lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(file)),
        )  # fmt: skip

    def _copy_command(self) -> None:
        QGuiApplication.clipboard().setText(self.state.command())
        self._context.notices.tell(
            "info", say("The command is copied"), self.state.command(), panel="explain"
        )

    def _why_no_clip(self) -> str:
        return "" if self.list.current() else say("choose a clip in the list")

    def _why_not(self) -> str:
        if not self.state.query:
            return say("choose a query")
        if self._context.jobs.running("index"):
            return say("the index is being made")
        return say("it runs already") if self.state.running else ""

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
        self._question.show_query(self._context.library.clips.get(self.state.query))
        answer = self.state.answer
        self._fresh.setText("" if answer is None else _index_words(answer))
        self._find.set_look(text=self._find_words())
        self.found.show_state()
        self._focused()
        if answer is None and self.state.answers and self.state.quick() and not self.state.running:
            self._rest.start()

    def _find_words(self) -> str:
        """The button says what it costs where that is known, and more than a moment."""
        cost = self.state.cost_s
        if cost is None or self.state.quick():
            return say("Find the clips behind it")
        return say(
            "Find the clips behind it, {span}",
            span=words.span(cost * max(1, len(self.state.asked))),
        )

    def _again(self) -> None:
        if self.state.answer is None and not self._why_not() and self.isVisible():
            self._ask()

    def _focused(self) -> None:
        self._clip.show_clip(self._context.library.clips.get(self.list.current()))
        self.players.ask_influence()
        self._context.actions.refresh()

    def _tick(self, key: int) -> None:
        if key == self.state.job:
            self.found.show_progress()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, (IndexMissing, IndexStale)):
            actions = self._context.actions
            self._context.notices.tell(
                "warn",
                retell(error.what),
                f"{retell(error.why)}.",
                panel="explain",
                button=say("Index the clips"),
                act=lambda: actions.run("run.index"),
            )
        else:
            self._context.notices.error(error, panel="explain")


def _index_words(answer: Answer) -> str:
    left = answer.ranking.left_out
    index = say("Index {n}", n=answer.ranking.fingerprint[:6])
    return (
        say("{index}, {several} not indexed", index=index, several=words.several(left, "clip"))
        if left
        else index
    )
