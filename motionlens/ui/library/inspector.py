"""The library's inspector: the clip's picture, motion, facts, caption, flags and history."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from motionlens.domain.language import retell, say, word
from motionlens.operations.decide import HistoryRow, history
from motionlens.session.clip_list import LibraryClip, flag_name
from motionlens.session.library import LibraryState
from motionlens.session.review_queue import score_text
from motionlens.session.work import ask
from motionlens.ui import words
from motionlens.ui.context import WindowContext
from motionlens.ui.player.players import Players
from motionlens.ui.player.preview import Preview
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import Chip, ElidedLabel, action_button, label, line, row
from motionlens.ui.widgets.curve import MotionCurve

WIDTH = 316
_DID = {
    "exclude": word("Excluded"),
    "keep": word("Kept"),
    "unsure": word("Later"),
    "clear": word("Cleared"),
}


class Fact(QWidget):
    """A name at the left, its value at the right."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._value = ElidedLabel(theme, "", weight=600, size=12)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label(theme, say(name), "text2", 12))
        layout.addWidget(self._value, 1)
        self.setFixedHeight(21)

    def tell(self, value: str) -> None:
        """Show a value; without one the row goes."""
        self._value.setText(value)
        self.setVisible(bool(value))


def facts(clip: LibraryClip, score: str, rank: int) -> dict[str, str]:
    """Name -> value, as shown; what is not known is empty."""
    info = clip.clip.info
    rate = say("{fps:.3g} fps", fps=info.fps) + (
        say(", variable") if info.variable_frame_rate else ""
    )
    camera = "" if clip.camera_share is None else f"{clip.camera_share:.2f}"
    motion = "" if clip.mean_px is None else say("{mean_px:.1f} px a frame", mean_px=clip.mean_px)
    return {
        "Size": f"{info.width} \N{MULTIPLICATION SIGN} {info.height}, {rate}",
        "Length": f"{words.several(info.frames, 'frame')}, {info.duration_s:.2f} s",
        "Codec": info.codec,
        "Mean motion": motion,
        "Camera's share": camera,
        "Score": say("{score}, rank {rank}", score=score, rank=rank) if score else "",
        "Id": clip.id[:8],
        "Damage": info.damage,
    }


def _scored(library: LibraryState, clip: str) -> tuple[str, int]:
    """Score and rank in the present ranking; empty without."""
    ranking = library.ranking
    row_ = next((r for r in ranking.rows if r.id == clip), None) if ranking else None
    if row_ is None or ranking is None:
        return "", 0
    return score_text(row_.score, ranking.method), row_.rank


class Inspector(QWidget):
    """All there is to know about the current clip."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self.setProperty("ground", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._context = context
        theme = context.theme
        self._name = ElidedLabel(theme, "", size=13, weight=600)
        self._curve = MotionCurve(theme)
        self.players = Players(context, "library", self)
        self._picture = Preview(self.players, self.players.candidate, self._curve)
        self._picture.set_bar_shown(False)
        self.players.register()
        self._curve_title = label(theme, say("Motion, px a frame"), "text2", 12)
        names = (
            "Size",
            "Length",
            "Codec",
            "Mean motion",
            "Camera's share",
            "Score",
            "Id",
            "Damage",
        )
        self._facts = {name: Fact(theme, name) for name in names}
        self._caption = label(theme, "", "text2", 12, wrap=True)
        self._flags = QVBoxLayout()
        self._flags.setSpacing(6)
        self._history = QVBoxLayout()
        self._history.setSpacing(4)
        self._events = label(theme, "", "text3", 12)
        self._lay_out(theme)
        context.library.selected.connect(self.show_clip)
        context.library.updated.connect(self._updated)
        context.library.changed.connect(lambda: self.show_clip(context.library.current))
        self.show_clip(context.library.current)

    def _lay_out(self, theme: Theme) -> None:
        area = QScrollArea()
        area.setWidget(self._make_column(theme))
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        actions = self._context.actions
        explain = action_button(theme, actions, "go.explain_clip", say("Explain"), height=32)
        review = action_button(
            theme, actions, "go.review_clip", say("Review from here"), "primary", height=32
        )
        buttons = row(explain, review, None)
        buttons.setContentsMargins(15, 8, 15, 12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addLayout(buttons)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _make_column(self, theme: Theme) -> QWidget:
        inner = QWidget()
        inner.setProperty("plain", "true")
        column = QVBoxLayout(inner)
        column.setContentsMargins(15, 10, 15, 10)
        column.setSpacing(8)
        column.addWidget(self._name)
        column.addWidget(self._picture)
        column.addWidget(self._curve_title)
        column.addWidget(self._curve)
        column.addWidget(line())
        listed = QVBoxLayout()
        listed.setSpacing(2)
        for fact in self._facts.values():
            listed.addWidget(fact)
        column.addLayout(listed)
        for title, content, beside in (
            (say("Caption"), self._caption, None), (say("Flags"), self._flags, None),
            (say("History"), self._history, self._events),
        ):  # fmt: skip
            column.addWidget(line())
            head = label(theme, title, "text2", 12, 600)
            column.addLayout(row(head, None, beside) if beside else row(head, None))
            if isinstance(content, QLabel):
                column.addWidget(content)
            else:
                column.addLayout(content)
        column.addStretch(1)
        return inner

    def show_clip(self, id: str) -> None:
        """Show a clip; "" for none."""
        library = self._context.library
        clip = library.clips.get(id)
        self._name.setText(clip.clip.path.replace("\\", "/").rsplit("/", 1)[-1] if clip else "")
        self._picture.show_clip(clip.clip if clip else None)
        curve = clip.curve if clip else ()
        self._curve.set_curve(curve)
        self._curve.setVisible(bool(curve))
        self._curve_title.setText(
            say("Motion, px a frame") if curve else say("Motion: not analysed yet")
        )
        values: dict[str, str] = {}
        if clip is not None:
            values = facts(clip, *_scored(library, id))
        for name, fact in self._facts.items():
            fact.tell(values.get(name, ""))
        self._caption.setText((clip.clip.caption if clip else "") or say("No caption"))
        self._fill_flags(clip)
        self._ask_history(id)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.players.set_shown(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.players.set_shown(False)

    def _updated(self, ids: tuple[str, ...]) -> None:
        current = self._context.library.current
        if current in ids:
            self._ask_history(current)

    def _fill_flags(self, clip: LibraryClip | None) -> None:
        _clear(self._flags)
        theme = self._context.theme
        if clip is None or not clip.flags:
            text = say("None") if clip is not None and clip.curve else say("Not analysed yet")
            self._flags.addWidget(label(theme, text, "text2", 12))
            return
        for flag in clip.flags:
            self._flags.addLayout(
                row(Chip(theme, f"{flag_name(flag.name)} {flag.score:.2f}"), None)
            )
            if flag.reason:
                self._flags.addWidget(label(theme, retell(flag.reason), "text2", 12, wrap=True))

    def _ask_history(self, id: str) -> None:
        if not id:
            self._show_history(id, [])
            return
        rooms = self._context.project.rooms
        ask(
            self._context.project.lanes.store, "history", lambda _: history(rooms, id),
            self._context.hop, lambda rows: self._show_history(id, rows),
            self._context.notices.error,
        )  # fmt: skip

    def _show_history(self, id: str, rows: Sequence[HistoryRow]) -> None:
        if id != self._context.library.current:
            return
        _clear(self._history)
        theme = self._context.theme
        self._events.setText(words.several(len(rows), "event") if rows else "")
        if not rows:
            self._history.addWidget(label(theme, say("Nobody has decided yet"), "text2", 12))
        for event in list(reversed(rows))[:8]:
            did = {"undo": say("Undone"), "redo": say("Redone")}.get(
                event.note, say(_DID.get(event.decision, ""))
            )
            left = ElidedLabel(
                theme, say("{did} by {by}", did=did, by=event.by), size=12, weight=500
            )
            self._history.addLayout(row(left, label(theme, words.when(event.at), "text3", 12)))


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            _clear(inner)  # type: ignore[arg-type]
