"""Review goes on as it was left: overlays, and the frame that stood on the stage."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from motionlens.domain.language import say
from motionlens.domain.requests import PLAYER_OVERLAYS
from motionlens.session.review import ReviewState
from motionlens.ui.context import WindowContext
from motionlens.ui.player.players import Players

# A frame is kept once the stage has rested on it.
_REST_MS = 800


class Resume(QObject):
    """Keeps both with the project, and brings them back when it is opened."""

    def __init__(self, context: WindowContext, state: ReviewState, players: Players) -> None:
        super().__init__(players)
        self._context, self._state, self._players = context, state, players
        self._opened = False
        self._frame: tuple[str, int] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._keep_frame)
        players.candidate.overlays_changed.connect(self._keep_overlays)
        players.candidate.image_painted.connect(self._painted)
        players.candidate.clip_changed.connect(self._clip_changed)

    def opened(self) -> None:
        """The project was read for the first time."""
        if self._opened or self._state.snapshot is None:
            return
        self._opened = True
        place = self._state.snapshot.place
        kept = place.get("overlays")
        if isinstance(kept, list):
            self._players.mapped.set_overlays(frozenset(kept) & set(PLAYER_OVERLAYS))
            self._players.same_overlays()
        frame = place.get("frame")
        if isinstance(frame, list) and len(frame) == 2:
            self._frame = str(frame[0]), int(frame[1])

    def _clip_changed(self) -> None:
        clip, kept = self._players.candidate.clip, self._frame
        if clip is None or kept is None:
            return
        # Only the clip that comes first can be the one that was left.
        self._frame = None
        if clip.id == kept[0] and 0 < kept[1] < clip.frames:
            self._players.playback.play(False)
            self._players.playback.seek(kept[1])
            said = say("Open where you were, at frame {n}").format(n=f"{kept[1]:,}")
            self._context.saved(said, False, False)

    def _painted(self, image: object) -> None:
        del image
        if self._players.playback.playing:
            self._rest.stop()
        else:
            self._rest.start()

    def _keep_frame(self) -> None:
        player = self._players.candidate
        if player.clip is not None and player.image is not None:
            self._state.keep(frame=[player.clip.id, player.image.frame])

    def _keep_overlays(self) -> None:
        if self._opened:
            self._state.keep(overlays=sorted(self._players.mapped.overlays))
