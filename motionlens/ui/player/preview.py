"""A clip's stage in a pane: what Library and Explain show of the clip that is chosen."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motionlens.domain.clip import Clip
from motionlens.domain.language import say
from motionlens.domain.requests import FrameImage
from motionlens.session.playable import Playable
from motionlens.session.player import PlayerState
from motionlens.ui.player.players import Players
from motionlens.ui.widgets import Button, label, row
from motionlens.ui.widgets.curve import MotionCurve

# Who runs through a list by key does not want each clip opened.
_REST_MS = 120
# On a smaller stage a legend would hide what it explains.
_LEGEND_FROM = 200
_SHAPE, _WIDE, _MOST = 9 / 16, 480, 480


class Preview(QWidget):
    """Stage, a thin bar, and a playhead on the pane's motion curve.

    Parameters
    ----------
    curve : MotionCurve
        Of the same clip; the frame that is seen is marked on it.
    """

    def __init__(
        self, players: Players, state: PlayerState, curve: MotionCurve, height: int = 160
    ) -> None:
        super().__init__()
        self._players, self._state, self._curve = players, state, curve
        self._wanted: Clip | None = None
        theme = players.context.theme
        self.stage = players.make_stage(state, legend=height >= _LEGEND_FROM)
        self._least = height
        self.stage.setFixedHeight(height)
        self._play = Button(theme, icon="play", kind="quiet")
        self._play.setFixedWidth(32)
        self._play.clicked.connect(players.playback.play)
        self._time = label(theme, "", "text2", 12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.stage)
        self._bar = QWidget()
        self._bar.setLayout(row(self._play, self._time, None))
        column.addWidget(self._bar)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._open)
        state.image_changed.connect(self._moved)
        state.clip_changed.connect(self._told)
        players.playback.changed.connect(self._told)
        self._told()

    def show_clip(self, clip: Clip | None) -> None:
        """Put a clip on the stage as soon as the choice rests; None for none."""
        shown = self._state.clip
        if clip is None:
            self._wanted = None
            self._rest.stop()
            self._state.show(None)
        elif shown is None or shown.id != clip.id:
            self._wanted = clip
            self._curve.set_head(None)
            self._rest.start()

    def set_bar_shown(self, shown: bool) -> None:
        """The bar under the stage, where there is room for it."""
        self._bar.setVisible(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # A pane of a large screen has room for a larger picture.
        wanted = round(self.width() * _SHAPE) if self.width() > _WIDE else 0
        self.stage.setFixedHeight(max(self._least, min(wanted, _MOST)))

    def _open(self) -> None:
        if self._wanted is not None:
            self._players.playables.get(self._wanted, self._show)

    def _show(self, clip: Playable) -> None:
        if self._wanted is not None and self._wanted.id == clip.id:
            self._wanted = None
            self._state.show(clip)
            self._players.context.actions.refresh()

    def _moved(self, image: FrameImage) -> None:
        self._curve.set_head(image.frame)

    def _told(self) -> None:
        clip, playing = self._state.clip, self._players.playback.playing
        self.stage.setAccessibleName(say("Clip {name}", name=clip.name) if clip else say("No clip"))
        self._play.set_look(icon="pause" if playing else "play")
        self._play.setAccessibleName(say("Pause") if playing else say("Play"))
        self._play.setEnabled(clip is not None)
        self._time.setText(
            say(
                "{frames:,} frames, {duration_s:.2f} s",
                frames=clip.frames,
                duration_s=clip.duration_s,
            )
            if clip
            else ""
        )
