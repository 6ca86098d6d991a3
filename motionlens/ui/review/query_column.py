"""The left column: the query's player, what it is, and the other queries of the set."""

from __future__ import annotations

from statistics import median

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motionlens.domain.clip import Clip
from motionlens.domain.language import say
from motionlens.domain.ranking import Polarity, Query
from motionlens.session.review import ReviewState
from motionlens.session.review_queue import signed
from motionlens.ui.context import WindowContext
from motionlens.ui.player.canvas import Canvas
from motionlens.ui.theme import Theme
from motionlens.ui.thumbnails import Thumbnails
from motionlens.ui.widgets import Chip, EmptyState, KeyCap, label

HEADER = 36
THUMBS = 3
_WIDE = 16 / 9
_TEXT_ROOM = 52
_THUMB_GAP = 12


class QueryColumn(QWidget):
    """Header, stage, prompt, thumbnails; without a query it says where one comes from."""

    reshaped = Signal()

    def __init__(self, context: WindowContext, state: ReviewState, stage: Canvas) -> None:
        super().__init__()
        theme = context.theme
        self._theme, self._state = theme, state
        self.stage = stage
        stage.setObjectName("review.stage.query")
        stage.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._title = label(theme, say("Query"), "text", 13, 600)
        self._polarity = Chip(theme, say("Bad"), "thumbs-down", "exclude", "exclude")
        self._number = label(theme, "", "text2", 12)
        self._key = KeyCap(theme, "Q")
        self._prompt = label(theme, "", "text", 13, 600, wrap=True)
        self._words = label(theme, "", "text2", 12, wrap=True)
        self._thumbs = [QueryThumb(theme, context.thumbnails) for _ in range(THUMBS)]
        for place, thumb in enumerate(self._thumbs):
            thumb.clicked.connect(lambda _=False, place=place: self._choose(place))
        self._empty = EmptyState(theme)
        self._roomy = True
        self._aspect = _WIDE
        header = QWidget()
        header.setFixedHeight(HEADER)
        bar = QHBoxLayout(header)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(8)
        bar.addWidget(self._title)
        bar.addWidget(self._polarity)
        bar.addStretch(1)
        bar.addWidget(self._number)
        bar.addWidget(self._key)
        self._row = QWidget()
        thumbs = QHBoxLayout(self._row)
        thumbs.setContentsMargins(0, 0, 0, 0)
        thumbs.setSpacing(_THUMB_GAP)
        for thumb in self._thumbs:
            thumbs.addWidget(thumb, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(header)
        layout.addWidget(stage)
        layout.addSpacing(8)
        layout.addWidget(self._prompt)
        layout.addSpacing(2)
        layout.addWidget(self._words)
        layout.addSpacing(8)
        layout.addStretch(1)
        layout.addWidget(self._row)
        layout.addWidget(self._empty, 10)
        state.query_changed.connect(self.refresh)
        state.current_changed.connect(self._fill_thumbs)
        context.thumbnails.ready.connect(self._thumb_ready)

    def set_empty(self, title: str, text: str, button: str = "", act: object = None) -> None:
        """What is said while there is no query."""
        self._empty.show_state(
            title, text, button, icon="film-strip", act=act if callable(act) else None
        )

    def refresh(self) -> None:
        """Show the query that is on."""
        query = self._state.query
        has = query is not None
        for widget in (self._polarity, self._number, self._key, self._prompt, self._words,
                       self._row, self.stage):  # fmt: skip
            widget.setVisible(has)
        self._row.setVisible(has and self._roomy)
        self._empty.setVisible(not has)
        if query is None:
            return
        clip = self._clip(query)
        bad = query.polarity is Polarity.BAD
        tone = "exclude" if bad else "keep"
        self._polarity.set_look(
            say("Bad") if bad else say("Good"),
            "thumbs-down" if bad else "thumbs-up", tone, tone,
        )  # fmt: skip
        queries = self._state.queries
        place = self._state.query_index % len(queries)
        self._number.setText(say("{n} of {m}").format(n=place + 1, m=len(queries)))
        self._prompt.setText(_short(clip.caption) if clip and clip.caption else
                             clip.name if clip else "")  # fmt: skip
        self._words.setText(_where(query, clip))
        self.stage.setAccessibleName(
            say("Query {n} of {m}, {polarity}, {name}").format(
                n=place + 1, m=len(queries), polarity=self._polarity.text(),
                name=self._prompt.text(),
            )
        )  # fmt: skip
        self._fill_thumbs()
        shapes = [c.info.width / max(1, c.info.height) for q in queries if (c := self._clip(q))]
        aspect = median(shapes) if shapes else _WIDE
        if aspect != self._aspect:
            self._aspect = aspect
            self.reshaped.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # One height for all three, whose widths may differ by a pixel.
        for thumb in self._thumbs:
            thumb.setFixedHeight(_thumb_height(self.width()))

    def stage_height(self, width: int, height: int) -> int:
        """How high the stage is in a column: its clips' usual shape, as far as words and
        thumbnails leave room for it. The same for all queries of the set, or it would jump."""
        below = _TEXT_ROOM + _thumb_height(width) + 8
        usual = round(width / self._aspect)
        least = min(round(width / _WIDE), height - _TEXT_ROOM)
        return max(90, least, min(usual, height - below))

    def set_room(self, width: int, room: int) -> None:
        """How many px lie below the stage: the thumbnails are left out where they don't fit."""
        self._roomy = room >= _TEXT_ROOM + _thumb_height(width) + 8
        self._row.setVisible(self._roomy and self._state.query is not None)

    def _fill_thumbs(self) -> None:
        queries = self._state.queries
        if not queries:
            return
        current = self._state.current
        scores = current.per_query if current else {}
        start = self._first()
        for offset, thumb in enumerate(self._thumbs):
            place = start + offset
            thumb.setVisible(len(queries) > 1 and place < len(queries))
            if place >= len(queries):
                continue
            query = queries[place]
            clip = self._clip(query)
            if clip is not None:
                on = place == self._state.query_index % len(queries)
                thumb.show_query(query, clip, scores.get(query.clip), on)

    def _first(self) -> int:
        # Three are shown; the current one stays in the middle where there are more.
        count = len(self._state.queries)
        return max(0, min(self._state.query_index % max(1, count) - 1, count - THUMBS))

    def _choose(self, place: int) -> None:
        self._state.choose_query(self._first() + place)

    def _clip(self, query: Query) -> Clip | None:
        snapshot = self._state.snapshot
        return snapshot.clips.get(query.clip) if snapshot else None

    def _thumb_ready(self, clip: str) -> None:
        del clip
        for thumb in self._thumbs:
            thumb.update()


def _thumb_height(width: int) -> int:
    """Of the thumbnails in a column of this width; the column itself may not have it yet."""
    picture = (width - _THUMB_GAP * (THUMBS - 1)) / THUMBS / QueryThumb.PICTURE
    return round(min(picture, 84)) + QueryThumb.LINE


class QueryThumb(QAbstractButton):
    """One query of the set, with the current candidate's score for it."""

    chosen = Signal()
    PICTURE = 16 / 9
    LINE = 22

    def __init__(self, theme: Theme, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._theme, self._thumbnails = theme, thumbnails
        self._clip: Clip | None = None
        self._score: float | None = None
        self._word = ""
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(68 + self.LINE)

    def show_query(self, query: Query, clip: Clip, score: float | None, on: bool) -> None:
        """Show this one."""
        self._clip, self._score = clip, score
        self._word = say("Bad") if query.polarity is Polarity.BAD else say("Good")
        self.setChecked(on)
        number = f", {signed(score)}" if score is not None else ""
        self.setAccessibleName(f"{self._word}: {clip.name}{number}")
        self.setToolTip(clip.name)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(96, 68 + self.LINE)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._clip is None:
            return
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        picture = QRectF(0, 0, self.width(), self.height() - self.LINE)
        size = QSize(self.width() - 2, int(picture.height()) - 2)
        pixmap = self._thumbnails.pixmap(self._clip, size, self.devicePixelRatioF())
        painter.fillRect(picture, theme.color("raised"))
        if pixmap is not None:
            painter.drawPixmap(QPointF(1, 1), pixmap)
        on = self.isChecked()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        edge = "accent" if on or self.hasFocus() else "line"
        painter.setPen(QPen(theme.color(edge), 2 if on else 1))
        inset = 1.0 if on else 0.5
        painter.drawRoundedRect(picture.adjusted(inset, inset, -inset, -inset), 4, 4)
        below = QRectF(0, picture.bottom(), self.width(), self.LINE)
        painter.setFont(theme.font(12))
        painter.setPen(theme.color("text2"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(below, middle | Qt.AlignmentFlag.AlignLeft, self._word)
        if self._score is not None:
            painter.setFont(theme.font(12, 600))
            painter.setPen(theme.color("text" if on else "text2"))
            painter.drawText(below, middle | Qt.AlignmentFlag.AlignRight, signed(self._score))


def _where(query: Query, clip: Clip | None) -> str:
    """The query's sentence: how long it is, and the region and frames that are meant."""
    parts = []
    if clip is not None:
        parts.append(
            say(
                "{frames} frames, {duration_s:.1f} s.",
                frames=clip.info.frames,
                duration_s=clip.info.duration_s,
            )
        )
    if query.region is not None:
        box = query.region
        across = say("{x:.0%} to {n:.0%}", x=box.x, n=box.x + box.width)
        down = say("{y:.0%} to {n:.0%}", y=box.y, n=box.y + box.height)
        parts.append(say("Region: {across} across, {down} down.", across=across, down=down))
    if query.span is not None:
        parts.append(say("Frames {start}–{n}.", start=query.span.start, n=query.span.stop - 1))
    return " ".join(parts)


def _short(text: str, most: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
