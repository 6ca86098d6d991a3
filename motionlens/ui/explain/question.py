"""Pane 1 of Explain: the motion that is asked about, where and when in the query, and the set."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from motionlens.domain.clip import Region, Span
from motionlens.domain.language import retell, say
from motionlens.domain.ranking import Part, Polarity
from motionlens.session.clip_list import LibraryClip
from motionlens.session.explain import ExplainState
from motionlens.session.explain_words import spread_of
from motionlens.ui.actions import Actions
from motionlens.ui.explain.histogram import LibraryScores
from motionlens.ui.explain.pane import PICTURE, head, pane, scrolled
from motionlens.ui.explain.query_set import QuerySet
from motionlens.ui.explain.region import FIRST, NUDGES, RegionBand, nudged
from motionlens.ui.player.players import Players
from motionlens.ui.player.preview import Preview
from motionlens.ui.widgets import Button, ElidedLabel, action_button, label, row
from motionlens.ui.widgets.curve import MotionCurve


class QuestionPane(QWidget):
    """Shows the query of an `ExplainState`; its loop is the span that is asked about."""

    def __init__(
        self, players: Players, state: ExplainState, show: Callable[[str], object]
    ) -> None:
        super().__init__()
        context = players.context
        theme, actions = context.theme, context.actions
        self._context, self._players, self._state = context, players, state
        self._curve = MotionCurve(theme)
        self._curve.set_draggable()
        self._curve.span_dragged.connect(players.candidate.set_loop)
        self._curve.clicked.connect(players.playback.seek)
        self.picture = Preview(players, players.candidate, self._curve, PICTURE)
        self.band = RegionBand(theme, self.picture.stage)
        self.band.drawn.connect(lambda region: state.mark(region, state.part.span))
        self._name = ElidedLabel(theme, "", weight=600)
        self._caption = label(theme, "", "text2", 12, wrap=True)
        self._part = label(theme, "", "text2", 12, wrap=True)
        self._part.setObjectName("explain.part")
        self._whole = Button(theme, say("Whole query"), "arrows-out", kind="quiet")
        self._whole.clicked.connect(self.whole_query)
        self._set = QuerySet(theme, show, lambda clip: state.put(clip, None))
        self.scores = LibraryScores(theme)
        self.scores.show_spread(None)
        self._shown_answer: object = None
        bad = action_button(theme, actions, "explain.add_bad", say("Ask as bad"), "quiet")
        good = action_button(theme, actions, "explain.add_good", say("Ask as good"), "quiet")
        part = row(self._part, self._whole)
        part.setStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(
            scrolled(
                pane(
                    head(theme, "1", say("What motion?")), self.picture, self._name, self._caption,
                    self._curve, part, row(bad, good, None), self._set,
                    self.scores, None,
                )
            )
        )  # fmt: skip
        self._ready = ""
        players.candidate.clip_changed.connect(self._clip_changed)
        players.candidate.loop_changed.connect(self._loop_changed)
        self._register(actions)

    def show_query(self, clip: LibraryClip | None) -> None:
        """Show the state's query, and what of it is asked about."""
        if clip is None or clip.id != self._ready:
            self._ready = ""
        self.picture.show_clip(clip.clip if clip else None)
        self._name.setText(clip.name if clip else "")
        self._caption.setText(clip.clip.caption if clip else "")
        self._curve.set_curve(clip.curve if clip else ())
        self._curve.set_frames((clip.clip.span or clip.clip.info).frames if clip else 0)
        self._curve.setVisible(clip is not None)
        part = self._state.part
        self.band.set_region(part.region)
        self._curve.set_span(None if part.span is None else (part.span.start, part.span.stop - 1))
        self._part.setText(
            say("Whole frame, all frames. Draw a box on it, or drag over its frames, to ask about"
            " a part.") if part == Part() else part.words.capitalize()
        )  # fmt: skip
        self._part.setVisible(clip is not None)
        self._whole.setVisible(part != Part())
        known = self._context.library.clips
        names = {id: known[id].name for id in self._state.others if id in known}
        self._set.show_set(self._state.others, names, self._state.parts)
        answer = self._state.answer
        if answer is not self._shown_answer:
            self._shown_answer = answer
            warnings = answer.ranking.warnings if answer is not None else ()
            truth = answer.known_truth if answer is not None else ""
            self.scores.show_notes([retell(part) for part in (*warnings, truth) if part])
            self.scores.show_spread(None if answer is None else spread_of(answer.ranking))

    def _clip_changed(self) -> None:
        """A clip comes with a loop over all of it; the one that was marked on it is put back."""
        player, span = self._players.candidate, self._state.part.span
        clip = player.clip
        if clip is None or clip.id != self._state.query:
            return
        if span is not None:
            player.set_loop(span.start, span.stop - 1)
        self._ready = clip.id

    def _loop_changed(self) -> None:
        player = self._players.candidate
        clip, loop = player.clip, player.loop
        if clip is None or loop is None or not clip.id == self._ready == self._state.query:
            return
        span = None if player.whole_loop() else Span(loop.first, loop.last + 1)
        self._state.mark(self._state.part.region, span)

    def whole_query(self) -> None:
        """Ask about all of the query that is shown again."""
        clip = self._players.candidate.clip
        if clip is not None:
            self._players.candidate.set_loop(0, clip.frames - 1)
        self._state.mark(None, None)

    def _register(self, actions: Actions) -> None:
        state = self._state

        def handle(name: str, run: Callable[[], object]) -> None:
            actions.handle(
                f"explain.{name}", run, view="explain",
                enabled=lambda: "" if state.query else say("choose a query"),
            )  # fmt: skip

        def nudge(how: str) -> Callable[[], object]:
            return lambda: state.mark(nudged(state.part.region, how), state.part.span)

        def toggle() -> None:
            region: Region | None = FIRST if state.part.region is None else None
            state.mark(region, state.part.span)

        handle("add_bad", lambda: state.put(state.query, Polarity.BAD))
        handle("add_good", lambda: state.put(state.query, Polarity.GOOD))
        handle("take_out", lambda: state.put(state.query, None))
        handle("region", toggle)
        for how in NUDGES:
            handle(f"region_{how}", nudge(how))
