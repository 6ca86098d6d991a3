"""The bar under the stages: step, play, time, speed, loop, lock; and the overlays."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from motionlens.domain.language import say, word
from motionlens.domain.requests import FrameImage
from motionlens.session.playback import Lock, Playback
from motionlens.ui.actions import Actions
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import Button, action_button, label

HEIGHT, SPACING = 40, 6
# Between the icon and the word of a button.
_GAP = 8
_LOCK_WORDS = {
    Lock.PHASE: word("Locked: both loops begin and end together (Y)"),
    Lock.TIME: word("Locked by time: both at their own speed (Y)"),
    Lock.OFF: word("Not locked: the query stands still (Y)"),
}


class Transport(QWidget):
    """40 px high; buttons are commands of the action table."""

    def __init__(self, theme: Theme, actions: Actions, playback: Playback) -> None:
        super().__init__()
        self._theme, self._actions, self._playback = theme, actions, playback
        self._compact = self._wanted_compact = False
        self.setFixedHeight(HEIGHT)
        self._back = _icon_button(theme, actions, "play.frame_back", "skip-back")
        self._play = _toggle(theme, actions, "play.toggle", "", "pause", show_key=False)
        self._play.setFixedWidth(32)
        self._on = _icon_button(theme, actions, "play.frame_on", "skip-forward")
        self._play.setObjectName("review.play")
        self._time = TimeText(theme)
        self._of = label(theme, "", "text2", 13)
        self._quarter = _toggle(theme, actions, "play.quarter_speed", "¼×", "")
        self._loop = Button(theme, say("Loop"), "repeat", kind="quiet")
        self._loop.setToolTip(
            say("Loop over the whole clip again (Shift+Home, Shift+End set the ends)")
        )
        self._loop.setAccessibleName(say("Loop"))
        self._loop.setCheckable(True)
        self._loop.clicked.connect(self._whole_loop)
        self._lock = _toggle(theme, actions, "play.lock", "", "link")
        self._overlays = {
            name: action_button(theme, actions, f"look.{name}")
            for name in ("flow", "arrows", "mask", "tracks", "influence")
        }
        self._opacity = self._make_opacity()
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 6)
        layout.setSpacing(SPACING)
        for widget in (self._back, self._play, self._on):
            layout.addWidget(widget)
        layout.addWidget(self._time)
        layout.addWidget(self._of)
        for widget in (self._quarter, self._loop, self._lock):
            layout.addWidget(widget)
        layout.addStretch(1)
        for button in self._overlays.values():
            layout.addWidget(button)
        layout.addWidget(self._opacity)
        candidate = playback.candidate
        candidate.image_changed.connect(self._show_time)
        candidate.clip_changed.connect(self._show_clip)
        candidate.loop_changed.connect(self._show_loop)
        candidate.overlays_changed.connect(self._show_opacity)
        playback.changed.connect(self._show_state)
        self._show_clip()
        self._show_loop()
        self._show_state()

    def set_compact(self, compact: bool) -> None:
        """Overlay buttons keep icon and key, as a small window needs."""
        self._wanted_compact = compact
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Words go where they would be cut off, as long ones of another language are."""
        words = {name: self._actions.specs[f"look.{name}"].said for name in self._overlays}
        font = QFontMetrics(self._theme.font(13, 500))
        spoken = sum(font.horizontalAdvance(word) + _GAP for word in words.values())
        length = 0 if self._of.isVisibleTo(self) else self._of.sizeHint().width() + SPACING
        silent = self._row.minimumSize().width() + length
        if not self._compact:
            silent -= spoken
        self._of.setVisible(silent <= self.width())
        compact = self._wanted_compact or silent + spoken > self.width()
        if compact != self._compact:
            self._compact = compact
            for name, button in self._overlays.items():
                button.set_look(text="" if compact else words[name])

    def _make_opacity(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(10, 100)
        slider.setFixedWidth(56)
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        slider.setAccessibleName(say("Strength of flow and mask"))
        slider.setToolTip(say("Strength of flow and mask (+ and \u2212)"))
        slider.setValue(round(self._playback.candidate.opacity * 100))
        slider.valueChanged.connect(self._set_opacity)
        return slider

    def _set_opacity(self, percent: int) -> None:
        for state in (self._playback.candidate, self._playback.query):
            state.set_opacity(percent / 100)

    def _show_opacity(self) -> None:
        with QSignalBlocker(self._opacity):
            self._opacity.setValue(round(self._playback.candidate.opacity * 100))

    def _show_time(self, image: FrameImage) -> None:
        del image
        self._time.setText(f"{self._playback.position_s:.2f} s")

    def _show_clip(self) -> None:
        clip = self._playback.candidate.clip
        self._show_length()
        if clip is None:
            self._time.setText("0.00 s")

    def _show_length(self) -> None:
        clip = self._playback.candidate.clip
        self._time.set_longest(max(9.99, clip.duration_s if clip else 0.0))
        every = say(", every frame") if self._playback.every else ""
        self._of.setText(
            say("of {seconds:.2f}{every}", seconds=clip.duration_s, every=every) if clip else ""
        )
        self._fit()

    def _show_loop(self) -> None:
        state = self._playback.candidate
        whole, loop = state.whole_loop(), state.loop
        named = say("Loop") if whole or loop is None else f"{loop.first}–{loop.last}"
        self._loop.set_look(text=named)
        self._loop.setChecked(not whole)
        self._loop.setEnabled(not whole)

    def _whole_loop(self) -> None:
        clip = self._playback.candidate.clip
        if clip is not None:
            self._playback.candidate.set_loop(0, clip.frames - 1)

    def _show_state(self) -> None:
        playing = self._playback.playing
        self._play.set_look(icon="pause" if playing else "play")
        self._play.setAccessibleName(say("Pause") if playing else say("Play"))
        self._play.setChecked(playing)
        speed = self._playback.speed
        self._quarter.setChecked(speed != 1.0)
        self._quarter.set_look(text=speed_words(speed) if speed != 1.0 else "¼×")
        self._quarter.setToolTip(
            say(
                "Plays at {speed_words}: W quarter, < slower, > faster",
                speed_words=speed_words(speed),
            )
        )
        self._show_length()
        lock = self._playback.lock
        icons = {Lock.PHASE: "link", Lock.TIME: "clock", Lock.OFF: "link-break"}
        self._lock.set_look(icon=icons[lock])
        self._lock.setChecked(lock is not Lock.OFF)
        self._lock.setToolTip(say(_LOCK_WORDS[lock]))
        self._lock.setAccessibleName(say(_LOCK_WORDS[lock]))


class TimeText(QWidget):
    """A time that changes with every frame: painted, since a label would lay the bar out again."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._text = theme, "0.00 s"
        self.setAccessibleName(self._text)
        self.set_longest(9.99)

    def set_longest(self, seconds: float) -> None:
        """Room for times up to here."""
        digits = QFontMetrics(self._theme.font(13, 600))
        self.setFixedSize(digits.horizontalAdvance(f"{seconds:.2f} s") + 2, 28)

    def text(self) -> str:
        return self._text

    def setText(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._theme.font(13, 600))
        painter.setPen(self._theme.color("text"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), right, self._text)


_FRACTIONS = {0.125: "⅛", 0.25: "¼", 0.5: "½"}


def speed_words(speed: float) -> str:
    """A speed as people write it: "¼×", "2×", "−1×"."""
    size = abs(speed)
    number = _FRACTIONS.get(size, f"{size:g}")
    return f"{'−' if speed < 0 else ''}{number}×"


def _toggle(
    theme: Theme, actions: Actions, id: str, text: str, icon: str, show_key: bool = True
) -> Button:
    # The command itself is not on or off; what the button shows comes from the playback.
    button = Button(theme, text, icon, actions.key(id) if show_key else "")
    button.setCheckable(True)
    button.setAccessibleName(actions.specs[id].said)
    button.setToolTip(actions.action(id).toolTip())

    def press() -> None:
        # Qt has flipped the button by itself; the playback says what is true.
        button.setChecked(not button.isChecked())
        actions.run(id)

    button.clicked.connect(press)
    return button


def _icon_button(theme: Theme, actions: Actions, id: str, icon: str) -> Button:
    button = action_button(theme, actions, id, " ", "ghost", icon=icon, show_key=False)
    button.setText("")
    button.setFixedWidth(32)
    return button
