"""What each command of the action table does to the players of a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from motionlens.domain.language import say
from motionlens.session.player import PlayerState

if TYPE_CHECKING:
    from motionlens.ui.player.players import Players

OVERLAY_NAMES = ("flow", "arrows", "mask", "tracks")
# Commands after which another frame is painted: their way to the screen is measured.
MEASURED = (
    "judge.exclude", "judge.keep", "judge.later", "move.", "look.", "play.frame_", "play.first",
    "play.last",
)  # fmt: skip
# How much of the stage one press of an arrow moves.
_MOVE = 0.1
_ENDS = (QEvent.Type.ApplicationDeactivate, QEvent.Type.MouseButtonPress)


class HeldKey(QObject):
    """Something that lasts as long as its key is held, which an action alone can't tell."""

    def __init__(self, hold: Callable[[bool], object], parent: QObject) -> None:
        super().__init__(parent)
        self._hold = hold
        self._on = False

    def begin(self) -> None:
        """The key went down (or was named in the palette: then the next key ends it)."""
        if not self._on:
            self._on = True
            QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]
            self._hold(True)

    def end(self) -> None:
        """It was let go."""
        if self._on:
            self._on = False
            QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
            self._hold(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        let_go = (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyRelease
            and not event.isAutoRepeat()
            and event.key() == Qt.Key.Key_H
        )
        if let_go or event.type() in _ENDS:
            self.end()
        return False


def register(players: Players) -> None:
    """Give the table these players' handlers, for their view."""
    actions, view = players.context.actions, players.view

    def handle(
        id: str,
        run: Callable[[], object],
        enabled: Callable[[], str] = str,
        checked: Callable[[], bool] | None = None,
    ) -> None:
        actions.handle(id, run, view=view, enabled=enabled, checked=checked)

    _playing(players, handle)
    _looking(players, handle)
    _zooming(players, handle)


def _playing(players: Players, handle: Callable[..., None]) -> None:
    playback, state = players.playback, players.candidate

    def some() -> str:
        return "" if state.clip else say("no clip")

    def end(last: bool) -> None:
        loop = state.loop
        if loop is not None:
            playback.play(False)
            playback.seek(loop.last if last else loop.first)

    def cut(last: bool) -> None:
        loop = state.loop
        if loop is not None:
            frame = state.image.frame if state.image else state.wanted
            state.set_loop(loop.first if last else frame, frame if last else loop.last)

    for id, run in (
        ("toggle", playback.play),
        ("replay", playback.replay),
        ("frame_back", lambda: playback.step(-1)),
        ("frame_on", lambda: playback.step(1)),
        ("first_frame", lambda: end(False)),
        ("last_frame", lambda: end(True)),
        ("jump", players.jump),
        ("slower", lambda: playback.step_speed(-1)),
        ("faster", lambda: playback.step_speed(1)),
        ("normal_speed", playback.normal_speed),
        ("quarter_speed", playback.toggle_quarter),
        ("reverse", lambda: playback.set_speed(-1.0)),
        ("stop", lambda: playback.play(False)),
        ("forward", lambda: playback.set_speed(1.0)),
        ("loop_start", lambda: cut(False)),
        ("loop_end", lambda: cut(True)),
    ):
        handle(f"play.{id}", run, some)
    handle("play.every_frame", playback.toggle_every, some, lambda: playback.every)
    if len(players.stages) > 1:
        handle("play.lock", playback.next_lock, some)


def _looking(players: Players, handle: Callable[..., None]) -> None:
    mapped = players.mapped

    def toggle(name: str) -> None:
        mapped.toggle(name)
        players.same_overlays()

    def toggle_all() -> None:
        mapped.toggle_all()
        players.same_overlays()

    def opacity(by: float) -> None:
        for player in players.both():
            player.set_opacity(round(player.opacity + by, 2))

    for name in OVERLAY_NAMES:
        handle(f"look.{name}", partial(toggle, name), checked=partial(_is_on, mapped, name))
    if players.influence is not None:
        handle("look.influence", partial(toggle, "influence"), players.why_no_influence,
               partial(_is_on, mapped, "influence"))  # fmt: skip
    handle("look.all", toggle_all, checked=lambda: bool(mapped.overlays))
    handle("look.as_seen", players.toggle_sight, checked=lambda: players.as_seen)
    handle("look.bare", players.bare_key.begin)
    handle("look.opacity_up", lambda: opacity(0.1))
    handle("look.opacity_down", lambda: opacity(-0.1))
    handle("look.timing", players.toggle_timing, checked=lambda: players.timing_shown)


def _zooming(players: Players, handle: Callable[..., None]) -> None:
    def some() -> str:
        return "" if players.active().clip else say("no clip")

    def zoomed() -> str:
        return "" if players.active().zoom is not None else say("the whole frame is seen")

    def move(across: int, down: int) -> None:
        stage = next(s for s in players.stages if s.player is players.active())
        ratio = stage.devicePixelRatioF() * _MOVE
        players.active().move_view(across * stage.width() * ratio, down * stage.height() * ratio)

    handle("look.zoom_in", lambda: players.active().step_zoom(1), some)
    handle("look.zoom_out", lambda: players.active().step_zoom(-1), zoomed)
    handle("look.zoom_fit", lambda: players.active().whole_view(), zoomed)
    for id, across, down in (
        ("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1),
    ):  # fmt: skip
        handle(f"look.pan_{id}", partial(move, across, down), zoomed)


def _is_on(player: PlayerState, name: str) -> bool:
    return name in player.overlays
