"""Why a clip is a candidate, how it stands to each query, its facts and its note."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from motionlens.domain.language import say, word
from motionlens.domain.ranking import Polarity
from motionlens.session.blind_words import blind_reasons
from motionlens.session.review import ReviewState
from motionlens.session.review_queue import Candidate, Reason, signed
from motionlens.ui.actions import Actions
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import (
    Chip,
    ElidedLabel,
    IconLabel,
    KeyCap,
    ScoreBar,
    action_button,
    label,
    line,
)
from motionlens.ui.widgets.tag_field import TagField

_ICONS = {
    "influence": ("fire", "pos"),
    "chance": ("fire", "text3"),
    "combined": ("stack", "text"),
    "motion": ("activity", "text"),
    "hidden": ("eye-slash", "text2"),
    "shuffled": ("shuffle", "text2"),
    "others": ("users", "text2"),
    "again": ("repeat", "text2"),
    "frozen_frames": ("pause", "text"),
    "static": ("image-square", "text"),
    "camera_only": ("video-camera", "text"),
    "scene_cut": ("scissors", "text"),
    "cartoon": ("pencil-simple", "text"),
    "near_duplicate": ("copy", "text"),
    "repeated_frames": ("film-strip", "text"),
    "time_reversed": ("rewind", "text"),
    "loop": ("repeat", "text"),
    "jitter": ("vibrate", "text"),
    "blur": ("drop-half", "text"),
    "black": ("moon", "text"),
    "letterbox": ("frame-corners", "text"),
    "too_short": ("timer", "text"),
}
_METHODS = {
    "cosine": word("cosine"),
    "centred": word("centred cosine"),
    "whitened": word("whitened"),
    "vote": word("vote"),
    "combined": word("combined score"),
    "learned": word("learned score"),
}
_MOST_BARS = 4
_INFLUENCE = word("Score: mean influence over bad queries minus mean over good ones.")
_HOW = {
    "combined": word(
        "Score: mean rank of influence (mean over bad queries minus mean over good ones),"
        " of motion unlike its class, and of loss. Static shots come first."
    ),
    "learned": word(
        "Score: learned from the decisions made so far, from influence and flow statistics."
    ),
}


class Inspector(QWidget):
    """322 px at the right."""

    note_changed = Signal(str, str)
    tags_changed = Signal(str, tuple)
    left_note = Signal()

    def __init__(self, theme: Theme, actions: Actions, state: ReviewState) -> None:
        super().__init__()
        self._theme, self._state = theme, state
        self._compact = False
        self._clip = ""
        self.setProperty("ground", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._method = Chip(theme, "")
        self._reasons = _Section()
        self._bars = _Section()
        self._answers = _Section()
        self._analyse = action_button(
            theme, actions, "run.analyse", say("Analyse the clips"), "outline"
        )
        self._analyse.setObjectName("review.analyse")
        self._analyse.hide()
        self._facts = ElidedLabel(theme, "", "text2", 12)
        self._caption = label(theme, "", "text2", 12, wrap=True)
        self.note = self._make_note()
        self.tags = self._make_tags()
        explain = action_button(theme, actions, "go.explain_clip", say("Explain"), "ghost")
        key, tag_key = (KeyCap(theme, actions.key(f"judge.{id}")) for id in ("note", "tag"))
        body = QVBoxLayout()
        body.setContentsMargins(14, 0, 14, 12)
        body.setSpacing(0)
        body.addWidget(self._titled(say("Why it is a candidate"), self._method, 36))
        body.addWidget(self._reasons)
        body.addWidget(self._analyse)
        body.addWidget(self._bars)
        body.addSpacing(10)
        body.addWidget(line())
        body.addSpacing(4)
        body.addWidget(self._titled(say("Clip"), explain, 32))
        body.addWidget(self._caption)
        body.addSpacing(4)
        body.addWidget(self._facts)
        body.addWidget(self._answers)
        body.addSpacing(12)
        body.addWidget(line())
        body.addSpacing(4)
        body.addWidget(self._titled(say("Tags"), tag_key, 32))
        body.addSpacing(2)
        body.addWidget(self.tags)
        body.addSpacing(8)
        body.addWidget(self._titled(say("Note"), key, 32))
        body.addSpacing(2)
        body.addWidget(self.note)
        body.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(_scrolled(body))
        state.current_changed.connect(self.refresh)
        state.query_changed.connect(self.refresh)

    def _make_note(self) -> NoteField:
        note = NoteField()
        note.setObjectName("review.note")
        note.setPlaceholderText(say("What is wrong with its motion"))
        note.setAccessibleName(say("Note"))
        note.editingFinished.connect(self._note_done)
        note.left.connect(self.left_note)
        return note

    def _make_tags(self) -> TagField:
        tags = TagField(say("Tags"))
        tags.setObjectName("review.tags")
        tags.setPlaceholderText(say("In a word or two, with commas between"))
        tags.editingFinished.connect(self._tags_done)
        tags.left.connect(self.left_note)
        return tags

    def _titled(self, title: str, right: QWidget, height: int) -> QWidget:
        made = QWidget()
        made.setFixedHeight(height)
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label(self._theme, title, "text", 13, 600))
        row.addStretch(1)
        row.addWidget(right)
        return made

    def set_compact(self, compact: bool) -> None:
        """Reasons on one line each."""
        if compact != self._compact:
            self._compact = compact
            self.refresh()

    def refresh(self) -> None:
        """Show the current candidate."""
        self.take_typed()
        candidate = self._state.current
        self._clip = candidate.clip.id if candidate else ""
        self._fill_reasons(candidate)
        self._fill_bars(candidate)
        ranking = self._state.ranking
        ranked = candidate is not None and candidate.ranked is not None and ranking is not None
        self._method.setVisible(ranked)
        if ranked and ranking is not None:
            self._method.set_look(say(_METHODS.get(ranking.method, ranking.method)))
            how = say(_HOW.get(ranking.method, _INFLUENCE))
            self._method.setToolTip(say("{how} Index {n}.", how=how, n=ranking.fingerprint[:6]))
        self.note.setEnabled(candidate is not None)
        self.note.setText(self._state.note(self._clip) if candidate else "")
        self.note.setCursorPosition(0)
        self.tags.setEnabled(candidate is not None)
        self.tags.set_known(self._state.known_tags)
        self.tags.set_tags(self._state.tags(self._clip) if candidate else ())
        self._caption.setText(_shortened(candidate.clip.caption) if candidate else "")
        self._caption.setVisible(bool(candidate and candidate.clip.caption))
        self._fill_answers(candidate)
        self._facts.setText(_facts(candidate) if candidate else "")

    def _fill_reasons(self, candidate: Candidate | None) -> None:
        self._reasons.clear()
        if candidate is None:
            return
        for reason in candidate.reasons:
            self._reasons.add(self._reason(reason))
        snapshot = self._state.snapshot
        analysed = snapshot is not None and bool(snapshot.motion)
        self._analyse.setVisible(not analysed)
        if candidate.hidden:
            for reason in blind_reasons():
                self._reasons.add(self._reason(reason))
        elif not candidate.reasons:
            words = say("Nothing was flagged. It is here because it is not judged yet.")
            if not analysed:
                words = say(
                    "The clips are not analysed yet. Their motion is then measured, and static"
                    " shots, held poses and cuts come first in the queue."
                )
            self._reasons.add(label(self._theme, words, "text2", 12, wrap=True))

    def _reason(self, reason: Reason) -> QWidget:
        theme = self._theme
        made = QWidget()
        icon, tone = _ICONS.get(reason.kind, ("flag", "text"))
        if reason.kind == "influence" and reason.number.startswith("\u2212"):
            tone = "neg"
        mark = IconLabel(theme, icon, tone, 18)
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 12 if not self._compact else 8)
        grid.setHorizontalSpacing(9)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(mark, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(
            ElidedLabel(theme, reason.brief if self._compact else reason.name, "text", 13, 600),
            0,
            1,
        )
        grid.addWidget(label(theme, reason.number, "text", 13, 600), 0, 2)
        if self._compact:
            made.setToolTip(reason.sentence)
        else:
            grid.addWidget(label(theme, reason.sentence, "text2", 12, wrap=True), 1, 1, 1, 2)
        made.setAccessibleName(f"{reason.name}, {reason.number}. {reason.sentence}")
        return made

    def _fill_bars(self, candidate: Candidate | None) -> None:
        self._bars.clear()
        snapshot = self._state.snapshot
        scores = candidate.per_query if candidate else {}
        if not scores or snapshot is None:
            return
        self._bars.add(line())
        self._bars.add(_gap(8))
        self._bars.add(label(self._theme, say("Influence by query"), "text2", 12, 600))
        self._bars.add(_gap(4))
        most = max((abs(score) for row in self._state.queue for score in row.per_query.values()),
                   default=1.0)  # fmt: skip
        shown = [q for q in self._state.queries if q.clip in scores and q.clip in snapshot.clips]
        shown.sort(key=lambda q: -abs(scores[q.clip]))
        for query in shown[:_MOST_BARS]:
            bad = query.polarity is Polarity.BAD
            clip = snapshot.clips[query.clip]
            name = clip.caption.splitlines()[0] if clip.caption.strip() else clip.name
            self._bars.add(self._bar(name, clip.name, scores[query.clip], most, bad))
        if len(shown) > _MOST_BARS:
            words = say("and {n} weaker ones").format(n=len(shown) - _MOST_BARS)
            self._bars.add(label(self._theme, words, "text3", 11))

    def _fill_answers(self, candidate: Candidate | None) -> None:
        """Where several have answered: what each said, and the notes."""
        self._answers.clear()
        said = self._state.answers(candidate.clip.id) if candidate is not None else []
        if len(said) < 2:
            return
        self._answers.add(_gap(8))
        for by, decision, note in said:
            words = f"{by}: {decision}" + (f", {note}" if note else "")
            self._answers.add(label(self._theme, words, "text", 12, wrap=True))

    def _bar(self, name: str, file: str, score: float, most: float, bad: bool) -> QWidget:
        theme = self._theme
        made = QWidget()
        made.setFixedHeight(25)
        icon = IconLabel(theme, "thumbs-down" if bad else "thumbs-up", "text2", 14)
        bar = ScoreBar(theme)
        bar.setFixedWidth(86 if not self._compact else 56)
        bar.set_score(score, most)
        number = label(theme, signed(score), "text", 12, 600)
        number.setFixedWidth(44)
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(7)
        row.addWidget(icon)
        row.addWidget(ElidedLabel(theme, name, "text2", 12), 1)
        row.addWidget(bar)
        row.addWidget(number)
        word = say("bad query") if bad else say("good query")
        made.setAccessibleName(f"{word} {name}: {signed(score)}")
        made.setToolTip(file)
        return made

    def take_typed(self) -> None:
        """Take what stands in the field that has the keys."""
        if self.note.hasFocus():
            self._note_done()
        if self.tags.hasFocus():
            self._tags_done()

    def _tags_done(self) -> None:
        if self._clip:
            self.tags_changed.emit(self._clip, self.tags.tags())

    def _note_done(self) -> None:
        if self._clip:
            self.note_changed.emit(self._clip, self.note.text().strip())


class NoteField(QLineEdit):
    """Enter and Escape lead back to the stage."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.deselect()


class _Section(QWidget):
    """Rows that are made anew for each clip."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)

    def add(self, widget: QWidget) -> None:
        self._layout.addWidget(widget)

    def clear(self) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()


def _scrolled(body: QVBoxLayout) -> QScrollArea:
    inner = QWidget()
    inner.setProperty("plain", True)
    inner.setLayout(body)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    return area


def _gap(height: int) -> QWidget:
    made = QWidget()
    made.setFixedHeight(height)
    return made


def _facts(candidate: Candidate) -> str:
    info = candidate.clip.info
    rate = say("{fps:.3g} fps", fps=info.fps) + (
        say(", variable") if info.variable_frame_rate else ""
    )
    return f"{info.width} × {info.height} · {rate} · {info.codec} · {info.duration_s:.1f} s"


def _shortened(text: str, most: int = 200) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= most else joined[: most - 1].rstrip() + "…"
