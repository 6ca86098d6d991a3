"""The two stages beside each other: the candidate is larger, because it is what is judged."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.session.review import ReviewState
from motionlens.ui.actions import Actions
from motionlens.ui.player.canvas import Canvas
from motionlens.ui.review.query_column import HEADER, QueryColumn
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import ElidedLabel, action_button, label

GAP = 16
QUERY_LEAST, QUERY_ROOM = 280, 312
_ASPECT = 16 / 9


class CandidateColumn(QWidget):
    """Header with rank, name and facts, over the candidate's stage."""

    def __init__(self, theme: Theme, actions: Actions, state: ReviewState, stage: Canvas) -> None:
        super().__init__()
        self._state = state
        self.stage = stage
        stage.setObjectName("review.stage.candidate")
        self._title = label(theme, say("Candidate"), "text", 13, 600)
        self._name = ElidedLabel(theme, "", "text2", 13)
        self._name.setObjectName("review.candidate.name")
        self._facts = label(theme, "", "text2", 12)
        self._fill = action_button(
            theme, actions, "look.fill", " ", "ghost", icon="corners-out", show_key=False
        )
        self._fill.setText("")
        header = QWidget()
        header.setFixedHeight(HEADER)
        bar = QHBoxLayout(header)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(12)
        bar.addWidget(self._title)
        bar.addWidget(self._name, 1)
        bar.addWidget(self._facts)
        bar.addWidget(self._fill)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(header)
        layout.addWidget(stage, 1)
        state.current_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the current candidate's rank, name and facts."""
        candidate = self._state.current
        if candidate is None:
            self._title.setText(say("Candidate"))
            self._name.setText("")
            self._facts.setText("")
            return
        info = candidate.clip.info
        self._title.setText(say("Candidate {n}").format(n=candidate.rank))
        file = candidate.clip.path.replace("\\", "/").rsplit("/", 1)[-1]
        span = candidate.clip.span
        if candidate.hidden:
            self._name.setText("")
        else:
            self._name.setText(f"{file}, {span.start}–{span.stop - 1}" if span else file)
        self._facts.setText(
            say(
                "{width} × {height} · {fps:.3g} fps · {frames} frames",
                width=info.width,
                height=info.height,
                fps=info.fps,
                frames=info.frames,
            )
        )
        self.stage.setAccessibleName(
            say("Candidate {n} of {m}").format(n=candidate.rank, m=len(self._state.queue))
            + (f", {candidate.title}" if candidate.title else "")
        )


class Stages(QWidget):
    """Places both columns; see `arrange` for the rule."""

    def __init__(self, query: QueryColumn, candidate: CandidateColumn) -> None:
        super().__init__()
        self._query, self._candidate = query, candidate
        query.setParent(self)
        candidate.setParent(self)
        query.reshaped.connect(self._arrange)
        self._equal = self._filled = False
        self._left_shown = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(640, HEADER + 160)

    @property
    def equal(self) -> bool:
        return self._equal

    @property
    def filled(self) -> bool:
        return self._filled

    def set_equal(self, equal: bool) -> None:
        """Both of one size."""
        self._equal = equal
        self._arrange()

    def set_filled(self, filled: bool) -> None:
        """The candidate alone, as large as it gets."""
        self._filled = filled
        self._candidate.stage.set_enlarge(16.0 if filled else 2.0)
        self._arrange()

    def set_left_shown(self, shown: bool) -> None:
        """The query column on or off."""
        self._left_shown = shown
        self._arrange()

    @property
    def left_shown(self) -> bool:
        return self._left_shown

    def sizeHint(self) -> QSize:
        return QSize(1090, 460)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        alone = self._filled or not self._left_shown
        self._query.setVisible(not alone)
        width, height = self.width(), self.height()
        if alone:
            self._candidate.setGeometry(0, 0, width, height)
            return
        left, right = arrange(width, height - HEADER, self._equal)
        stage = self._query.stage_height(left, height - HEADER)
        self._query.stage.setFixedHeight(stage)
        self._query.set_room(left, height - HEADER - stage)
        self._query.setGeometry(QRect(0, 0, left, height))
        self._candidate.setGeometry(QRect(width - right, 0, right, height))


def arrange(width: int, height: int, equal: bool = False) -> tuple[int, int]:
    """Widths of query and candidate for a stage `height`.

    The candidate takes what its height gives at 16:9, whatever its own shape (or the stages would
    jump from clip to clip), but leaves 312 px for the query; the query takes the rest, 280 px at
    least and never more than the candidate.
    """
    if equal:
        half = (width - GAP) // 2
        return half, width - GAP - half
    right = min(round(height * _ASPECT), width - QUERY_ROOM - GAP)
    left = max(QUERY_LEAST, min(width - GAP - right, right))
    return left, width - GAP - left
