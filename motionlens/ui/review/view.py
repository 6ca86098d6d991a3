"""Review: a query beside its candidate, judged by single keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from motionlens.domain.decision import Decision
from motionlens.domain.errors import MotionLensError
from motionlens.domain.language import retell, say
from motionlens.session.influence import Wanted
from motionlens.session.playable import Playable
from motionlens.session.ranking import RankState
from motionlens.session.review import ReviewState
from motionlens.ui.context import WindowContext
from motionlens.ui.player.players import Players
from motionlens.ui.player.signed_bars import SignedBars
from motionlens.ui.player.timeline import Timeline
from motionlens.ui.player.transport import Transport
from motionlens.ui.review import keys
from motionlens.ui.review.body import Body, adapt
from motionlens.ui.review.context_bar import ContextBar
from motionlens.ui.review.decision_bar import DecisionBar
from motionlens.ui.review.empty import ReviewEmpty, say_no_query
from motionlens.ui.review.inspector import Inspector
from motionlens.ui.review.query_column import QueryColumn
from motionlens.ui.review.queue_names import QueueNames
from motionlens.ui.review.rank_progress import RankProgress
from motionlens.ui.review.resume import Resume
from motionlens.ui.review.shared import Shared
from motionlens.ui.review.stages import CandidateColumn, Stages
from motionlens.ui.review.strip import Strip
from motionlens.ui.widgets import NoticeStack


class ReviewView(QWidget):
    """The view that the window stacks; `entered` and `left` say when it is on the screen."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self.setObjectName("view.review")
        self.context = context
        self._make_states(context)
        self._make_widgets(context)
        self._ahead_asked = False
        self._rank_wanted = False
        self._strip_wanted: bool | None = None
        self._inspector_wanted: bool | None = None
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(0)
        self._refresh.timeout.connect(context.actions.refresh)
        keys.register(self)
        self._connect()
        self.empty.refresh(self.state)

    # What the window calls

    def show_clip(self, clip: str) -> None:
        """Put a clip on the stage, if it is in the queue; filters that hide it are lifted."""
        self.state.go_to_any(clip)

    def focus_stage(self) -> None:
        """Keys go to the stage."""
        if not isinstance(QApplication.focusWidget(), QLineEdit):
            self.candidate_stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def entered(self) -> None:
        """The view is on the screen now; what changed in the project is read."""
        self.shared.read_anew()
        self.clock.set_shown(True)
        self.focus_stage()

    def left(self) -> None:
        """Another view is on the screen."""
        self.clock.set_shown(False)

    def panes(self) -> list[QWidget]:
        """In reading order, for F6."""
        return [
            self.bar, self.query_column, self.candidate_stage, self.transport, self.inspector,
            self.decisions, self.strip, self.empty,
        ]  # fmt: skip

    def unsaved(self) -> tuple[int, str]:
        """Decisions whose commit has not returned, and why: closing asks about these."""
        error = self.state.failure
        why = ""
        if error is not None:
            why = f"{retell(error.why or error.what)}. {retell(error.next_step)}."
        return self.state.writer.waiting, why

    def close_view(self) -> None:
        """The project closes: stop the clock and close the players' files on their lane."""
        self.players.close()

    # What keys do

    def handle(
        self,
        id: str,
        run: Callable[[], object],
        enabled: Callable[[], str] = str,
        checked: Callable[[], bool] | None = None,
    ) -> None:
        """Register a command of the table for this view."""
        self.context.actions.handle(id, run, view=keys.VIEW, enabled=enabled, checked=checked)

    def decide(self, decision: Decision, stay: bool) -> None:
        """Judge the current candidate; the stage keeps the keys."""
        self._take_note()
        self.state.decide(decision, stay)
        self.candidate_stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def can_undo(self) -> bool:
        return bool(self.state.undo_name) or self.state.writer.waiting > 0

    def edit_note(self) -> None:
        self.body.inspector.show()
        self.inspector.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.inspector.note.selectAll()

    def edit_tags(self) -> None:
        self.body.inspector.show()
        self.inspector.tags.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.inspector.tags.end(False)

    def open_filters(self) -> None:
        self.bar.type_filter()

    def toggle_blind(self) -> None:
        self.state.set_blind(not self.state.blind)
        self._adapt()

    def toggle_equal(self) -> None:
        self.stages.set_equal(not self.stages.equal)

    def toggle_fill(self) -> None:
        self.stages.set_filled(not self.stages.filled)
        self._adapt()

    def toggle_left(self) -> None:
        self.stages.set_left_shown(not self.stages.left_shown)

    def toggle_strip(self) -> None:
        self._strip_wanted = not self.strip.isVisible()
        self._adapt()

    def toggle_inspector(self) -> None:
        self._inspector_wanted = not self.inspector.isVisible()
        self._adapt()

    def show_current_in(self, view: str) -> None:
        if (current := self.state.current) is not None:
            self.context.go_to(view, current.clip.id)

    def rank(self) -> None:
        snapshot = self.state.snapshot
        if snapshot is not None:
            self.ranking.start(snapshot.queries, len(snapshot.training))

    def rank_soon(self) -> None:
        """Rank as soon as the project is read."""
        self._rank_wanted = self.state.snapshot is None
        if not self._rank_wanted and not self.why_no_ranking():
            self.rank()

    def why_no_ranking(self) -> str:
        """Empty if a ranking can start, else the reason why not."""
        snapshot = self.state.snapshot
        if snapshot is None:
            return say("the project is being read")
        if not snapshot.training:
            return say("needs training clips")
        if not snapshot.queries:
            return say("needs a generation or a reference")
        return say("a ranking runs") if self.ranking.running else ""

    # Inside

    def _make_states(self, context: WindowContext) -> None:
        project, hop = context.project, context.hop
        self.players = Players(context, keys.VIEW, self)
        self.playback, self.playables = self.players.playback, self.players.playables
        self.clock = self.players.clock
        self.state = ReviewState(
            project.lanes.store, project.rooms, hop, self._bug, lambda: context.curator
        )
        self.shared = Shared(context, self.state, self.isVisible, self.rank)
        self.resume = Resume(context, self.state, self.players)
        self.ranking = RankState(
            project,
            context.jobs,
            self.shared.ranked,
            self.shared.rank_failed,
            self.shared.rank_cancelled,
        )

    def _make_widgets(self, context: WindowContext) -> None:
        theme, actions, state = context.theme, context.actions, self.state
        candidate, query = self.playback.candidate, self.playback.query
        self.candidate_stage = self.players.make_stage(candidate)
        self.query_stage = self.players.make_stage(query, legend=False)
        influence = self.players.show_influence(candidate, self._influence_wanted)
        self.query_column = QueryColumn(context, state, self.query_stage)
        column = CandidateColumn(theme, actions, state, self.candidate_stage)
        self.stages = Stages(self.query_column, column)
        self.bar = ContextBar(theme, actions, state)
        self.progress = RankProgress(theme, self.ranking)
        self.bar.add_progress(self.progress)
        self.transport = Transport(theme, actions, self.playback)
        self.timeline = Timeline(theme, self.playback)
        self.bars = SignedBars(theme, candidate, influence, self.playback.seek)
        self.inspector = Inspector(theme, actions, state)
        self.decisions = DecisionBar(theme, actions, state)
        self.strip = Strip(theme, state, context.thumbnails)
        self.empty = ReviewEmpty(theme, actions, state.ask_agreement)
        self.queue_names = QueueNames(theme, self.candidate_stage, state)
        self.queue_names.left.connect(self._to_stage)
        self.body = Body(
            self.stages,
            self.transport,
            (self.timeline, self.bars),
            self.inspector,
            self.decisions,
            self.strip,
        )
        self._pages = QStackedWidget()
        self._pages.addWidget(self.body)
        self._pages.addWidget(self.empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(NoticeStack(theme, context.notices, keys.VIEW))
        layout.addWidget(self.bar)
        layout.addWidget(self._pages, 1)

    def _connect(self) -> None:
        state, candidate = self.state, self.playback.candidate
        state.loaded.connect(self._loaded)
        state.queue_changed.connect(self._queue_changed)
        state.current_changed.connect(self._current_changed)
        state.query_changed.connect(self._query_changed)
        state.saving_changed.connect(self._refresh_soon)
        state.marks_changed.connect(lambda _: self._show_page())
        self.candidate_stage.painted.connect(self._painted)
        candidate.image_changed.connect(self._first_image)
        candidate.clip_changed.connect(self._refresh_soon)
        self.strip.chosen.connect(self._choose)
        self.inspector.note_changed.connect(state.set_note)
        self.inspector.tags_changed.connect(state.set_tags)
        self.bar.left_field.connect(self._to_stage)
        self.inspector.left_note.connect(self._to_stage)
        self.ranking.changed.connect(self._rank_changed)

    def _loaded(self) -> None:
        self.resume.opened()
        say_no_query(self.query_column, self.context.actions)
        if self._rank_wanted:
            self.rank_soon()

    def _queue_changed(self) -> None:
        if self.state.filter_error is not None:
            self.context.notices.error(self.state.filter_error, panel=keys.VIEW)
        self._show_page()
        self._refresh.start()

    def _show_page(self) -> None:
        shown = self.state.current is not None and not self.empty.refresh(self.state)
        if self.state.current is None:
            self.empty.refresh(self.state)
        self._pages.setCurrentWidget(self.body if shown else self.empty)

    def _current_changed(self) -> None:
        current = self.state.current
        self._ahead_asked = False
        shown = self.playback.candidate.clip
        if current is None:
            self.playback.candidate.show(None)
        elif shown is None or shown.id != current.clip.id:
            self.playables.get(current.clip, self._show_candidate)
        else:
            # The same clip on another place: what is on the stage has been seen.
            self.candidate_stage.update()
        self._show_motion()
        self._refresh.start()

    def _query_changed(self) -> None:
        query, snapshot = self.state.query, self.state.snapshot
        self.query_column.refresh()
        shown = self.playback.query.clip
        if query is None or snapshot is None:
            self.playback.query.show(None)
        elif shown is None or shown.id != query.clip:
            self.playables.get(snapshot.clips[query.clip], self._show_query)
        self._show_motion()
        self.players.ask_influence()
        self._refresh.start()

    def _refresh_soon(self) -> None:
        self._refresh.start()

    def _show_candidate(self, clip: Playable) -> None:
        current, shown = self.state.current, self.playback.candidate.clip
        # Asked for twice while its times were read, it would begin twice.
        again = shown is not None and shown.id == clip.id
        if current is not None and current.clip.id == clip.id and not again:
            self.playback.candidate.show(clip)

    def _show_query(self, clip: Playable) -> None:
        query = self.state.query
        if query is not None and query.clip == clip.id:
            self.playback.query.show(clip)

    def _show_motion(self) -> None:
        current, query, snapshot = self.state.current, self.state.query, self.state.snapshot
        asked = snapshot.motion.get(query.clip) if snapshot and query else None
        self.timeline.show_motion(current.motion if current else None, asked)

    def _influence_wanted(self) -> Wanted | None:
        """The map of the candidate for the query on the left, by the ranking's own index."""
        current, query, snapshot = self.state.current, self.state.query, self.state.snapshot
        if snapshot is None or snapshot.ranking is None or current is None or query is None:
            return None
        if self.state.blind:
            return None
        if current.ranked is None:
            return None
        asked = snapshot.clips[query.clip]
        index = snapshot.ranking.fingerprint
        return Wanted(asked, current.clip, index, query.region, query.span)

    def _painted(self, clip: str, frame: int, turn: int) -> None:
        del frame, turn
        self.state.painted(clip)

    def _first_image(self, image: object) -> None:
        del image
        if not self._ahead_asked:
            self._ahead_asked = True
            ahead = [candidate.clip for candidate in self.state.ahead()]
            self.playables.get_all(ahead, self.playback.candidate.prefetch)

    def _to_stage(self) -> None:
        self.candidate_stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose(self, place: int) -> None:
        self.state.go(place)
        self.candidate_stage.setFocus(Qt.FocusReason.MouseFocusReason)

    def _take_note(self) -> None:
        if self.state.current is not None:
            self.inspector.take_typed()

    def _rank_changed(self) -> None:
        self._refresh.start()
        self.bar.set_ranking(self.ranking.running)

    def _bug(self, error: BaseException) -> None:
        if isinstance(error, MotionLensError):
            self.context.notices.error(error, panel=keys.VIEW)
            return
        raise error

    # Size

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._adapt()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.clock.set_shown(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.clock.set_shown(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.ranking.running:
            self.ranking.cancel()
        elif event.key() == Qt.Key.Key_Escape and self.stages.filled:
            self.toggle_fill()
        else:
            super().keyPressEvent(event)

    def _adapt(self) -> None:
        adapt(self, self._strip_wanted, self._inspector_wanted)
