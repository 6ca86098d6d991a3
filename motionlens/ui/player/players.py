"""The player of a view: one clip or two in step, their stages, clock and commands."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from motionlens.domain.errors import Cancelled, MotionLensError
from motionlens.domain.language import say
from motionlens.domain.requests import FrameRenderer, ModelSight
from motionlens.lanes import Priority
from motionlens.session.influence import InfluenceState, Wanted
from motionlens.session.playables import Playables
from motionlens.session.playback import Playback
from motionlens.session.player import PlayerState
from motionlens.session.work import ask
from motionlens.ui.context import WindowContext
from motionlens.ui.player import commands
from motionlens.ui.player.canvas import Canvas
from motionlens.ui.player.clock import PlayClock
from motionlens.ui.player.jump import JumpField

_PATIENCE_S = 3.0
FIRST_OVERLAYS = frozenset({"arrows"})


class Players(QObject):
    """What every view that plays clips is made with: Review, Library, Explain, Trial.

    Attributes
    ----------
    candidate, query : PlayerState
        The clip whose clock both follow, and the one that follows it (empty where a view has one).
    stages : list of Canvas
        In the order of making; the first is the candidate's.
    mapped : PlayerState
        The clip that influence maps are of; its overlays are the ones that are chosen.
    influence : InfluenceState or None
        Where a view shows such maps.
    """

    def __init__(self, context: WindowContext, view: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.context, self.view = context, view
        project, hop = context.project, context.hop
        renderer: Callable[[], FrameRenderer] = lambda: project.rooms.renderer  # noqa: E731

        def player() -> PlayerState:
            return PlayerState(project.lanes.media, renderer, hop, self._bug, FIRST_OVERLAYS)

        self.candidate, self.query = player(), player()
        self.playback = Playback(
            self.candidate, self.query, start_paused=context.preferences.start_paused
        )
        context.preferences.changed.connect(self._preferred)
        self.playables = Playables(project.lanes.store, project.rooms.store, hop, self._bug)
        self.clock = PlayClock(self.playback, self)
        self.stages: list[Canvas] = []
        self.mapped = self.candidate
        self.influence: InfluenceState | None = None
        self._influence_wanted: Callable[[], Wanted | None] = lambda: None
        self._jump: JumpField | None = None
        self.bare_key = commands.HeldKey(self.set_bare, self)
        context.actions.ran.connect(self._ran)

    def make_stage(self, state: PlayerState, legend: bool = True) -> Canvas:
        """A stage for one of the two."""
        stage = Canvas(self.context.theme, state, legend, poster=self.context.thumbnails.poster)
        stage.clicked.connect(self.playback.play)
        self.stages.append(stage)
        if state is self.candidate:
            self._jump = JumpField(self.context.theme, self.playback, stage)
            self._jump.left.connect(stage.setFocus)
        return stage

    def show_influence(
        self, mapped: PlayerState, wanted: Callable[[], Wanted | None]
    ) -> InfluenceState:
        """Lay influence maps over the clips of one player, while that overlay is on."""
        self.mapped = mapped
        self.influence = InfluenceState(self.context.project, self.context.jobs, self.context.hop)
        self._influence_wanted = wanted
        self.influence.changed.connect(self._repaint)
        mapped.overlays_changed.connect(self.ask_influence)
        mapped.clip_changed.connect(self.ask_influence)
        for stage in self.stages:
            if stage.player is mapped:
                stage.influence = self.influence
        return self.influence

    def ask_influence(self) -> None:
        """The query, the clip or the overlays have changed."""
        if self.influence is not None:
            shown = "influence" in self.mapped.overlays
            self.influence.want(self._influence_wanted() if shown else None)

    def why_no_influence(self) -> str:
        """Empty where a map can be had (or taken off), else what is missing."""
        if "influence" in self.mapped.overlays or self._influence_wanted() is not None:
            return ""
        return say("needs an index that was asked by this query")

    def same_overlays(self) -> None:
        """All stages follow; a query shows the mask that it was asked with beside a map."""
        overlays = self.mapped.overlays
        others = overlays - {"influence"}
        if "influence" in overlays:
            others |= {"mask"}
        for player in self.both():
            if player is not self.mapped:
                player.set_overlays(others)

    def _repaint(self) -> None:
        for stage in self.stages:
            stage.update()

    def register(self) -> None:
        """Give the table's play and look commands to these players, in their view."""
        commands.register(self)

    def active(self) -> PlayerState:
        """The one whose stage has the keys, else the candidate."""
        return next((s.player for s in self.stages if s.hasFocus()), self.candidate)

    def both(self) -> tuple[PlayerState, PlayerState]:
        return self.candidate, self.query

    def jump(self) -> None:
        """Open the field for a frame's number."""
        if self._jump is not None:
            self._jump.open()

    def set_bare(self, bare: bool) -> None:
        """Bare frames while a key is held."""
        for player in self.both():
            player.set_bare(bare)

    @property
    def as_seen(self) -> bool:
        """Whether clips are shown as the model sees them."""
        return self.candidate.sight is not None

    def toggle_sight(self) -> None:
        """Clips as the model sees them: its frames, its size, its part of the picture; or whole."""
        if self.as_seen:
            self._see(None)
            return
        rooms = self.context.project.rooms

        def look(_token: object) -> ModelSight:
            from motionlens.operations.model_sight import sight_in_use

            return sight_in_use(rooms)

        lane = self.context.project.lanes.compute
        ask(lane, "What the model sees", look, self.context.hop, self._see, self._bug,
            priority=Priority.URGENT)  # fmt: skip

    def _see(self, sight: ModelSight | None) -> None:
        for player in self.both():
            player.set_sight(sight)
        self.context.actions.refresh()

    @property
    def timing_shown(self) -> bool:
        return any(stage.timing_shown for stage in self.stages)

    def toggle_timing(self) -> None:
        """The debug corner on all stages."""
        shown = not self.timing_shown
        for stage in self.stages:
            stage.timing_shown = shown
            stage.update()

    def set_shown(self, shown: bool) -> None:
        """Whether the view is on the screen."""
        self.clock.set_shown(shown)

    def close(self) -> None:
        """The project closes: stop the clock and close the files on their lane."""
        self.clock.stop()
        self.candidate.prefetch(())
        closing = self.context.project.lanes.media.submit(
            "Close the players", lambda _token: self._close_renderer(), Priority.URGENT
        )
        # The lane is closed next, which drops what waits in it: the files must be closed before.
        with contextlib.suppress(TimeoutError, Cancelled):
            closing.result(_PATIENCE_S)

    def _close_renderer(self) -> None:
        made = self.context.project.rooms.__dict__.get("renderer")
        if made is not None:
            made.close()

    def _preferred(self, _name: str) -> None:
        self.playback.start_paused = self.context.preferences.start_paused

    def _ran(self, id: str) -> None:
        if self.context.actions.view == self.view and id.startswith(commands.MEASURED):
            now_s = time.perf_counter()
            for player in self.both():
                player.pressed(now_s)

    def _bug(self, error: BaseException) -> None:
        if isinstance(error, MotionLensError):
            self.context.notices.error(error, panel=self.view)
            return
        raise error
