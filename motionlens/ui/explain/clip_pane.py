"""Panes 3 and 4 of Explain: where in the focused clip, and what if it goes."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.session.clip_list import LibraryClip
from motionlens.session.explain import ExplainState
from motionlens.session.explain_words import effect_rows, effect_words, where_words
from motionlens.session.influence import InfluenceState
from motionlens.ui.explain.forest import ForestPlot
from motionlens.ui.explain.pane import PICTURE, head, pane, scrolled
from motionlens.ui.player.players import Players
from motionlens.ui.player.preview import Preview
from motionlens.ui.player.signed_bars import SignedBars
from motionlens.ui.widgets import ElidedLabel, action_button, label, row
from motionlens.ui.widgets.curve import MotionCurve


class ClipPane(QWidget):
    """The clip that is focused in the list."""

    def __init__(self, players: Players, state: ExplainState) -> None:
        super().__init__()
        theme, actions = players.context.theme, players.context.actions
        self._players, self._state = players, state
        self._clip: LibraryClip | None = None
        self._curve = MotionCurve(theme)
        self.picture = Preview(players, players.query, self._curve, PICTURE)
        self.picture.set_bar_shown(False)
        self._name = ElidedLabel(theme, "", weight=600)
        self._caption = label(theme, "", "text2", 12, wrap=True)
        self._none = label(
            theme, say("The clip that is chosen in the list is shown here."), "text2", 12, wrap=True
        )
        map_button = action_button(theme, actions, "look.influence", say("Influence map"), "quiet")
        self._where = label(theme, "", "text2", 12, wrap=True)
        self._where.setObjectName("explain.where")
        self._effect = label(theme, "", "text2", 12, wrap=True)
        self._effect.setObjectName("explain.whatIf")
        self._without = action_button(theme, actions, "explain.without", say("Try it"), "quiet")
        exclude = action_button(
            theme, actions, "judge.exclude", say("Accept"), "exclude", height=44
        )
        keep = action_button(theme, actions, "judge.keep", say("Reject"), "keep", height=44)
        review = action_button(theme, actions, "go.review_clip", say("Review"), height=32)
        self._forest = ForestPlot(theme)
        self._fourth_title = label(theme, say("What if it goes?"), weight=600)
        fourth = row(label(theme, "4", "text3", weight=600), self._fourth_title, None,
                     self._without)  # fmt: skip
        self._parts = (
            self.picture, map_button, self._where, self._effect, self._without, exclude, keep,
            review,
        )  # fmt: skip
        self._bars_place = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(
            scrolled(
                pane(
                    head(theme, "3", say("Where in the clip?"), map_button),
                    self._none, self.picture, self._name, self._caption, self._curve,
                    self._bars_place, self._where, fourth, self._forest, self._effect, None,
                ),
                row(exclude, keep, None, review),
            )
        )  # fmt: skip

    def follow(self, influence: InfluenceState) -> None:
        """Show what influence maps of the clip say."""
        self._influence = influence
        self._bars = SignedBars(
            self._players.context.theme, self._players.query, influence, labels=False
        )
        self._bars_place.addWidget(self._bars)
        influence.changed.connect(self._show_where)
        self._players.query.clip_changed.connect(self._bars.refresh)

    def show_clip(self, clip: LibraryClip | None) -> None:
        """Show a clip, or say that none is chosen."""
        self._clip = clip
        for part in self._parts:
            part.setVisible(clip is not None)
        self._none.setVisible(clip is None)
        self.picture.show_clip(clip.clip if clip else None)
        self._name.setText(clip.name if clip else "")
        self._caption.setText(clip.clip.caption if clip else "")
        self._curve.set_curve(clip.curve if clip else ())
        self._curve.setVisible(bool(clip and clip.curve))
        self._show_where()
        self.show_effect()

    def show_effect(self) -> None:
        """What is known of leaving the clip out, or those that are checked."""
        clip, state = self._clip, self._state
        out = list(state.checked) or ([clip.id] if clip is not None else [])
        found = state.effect(out) if out else None
        self._fourth_title.setText(
            say("What if these {n} go?", n=len(out)) if len(out) > 1 else say("What if it goes?")
        )
        query = self._players.context.library.clips.get(state.query)
        name = query.name if query is not None else ""
        self._forest.show_rows(
            effect_rows(found, state.asked, state.query, name) if found is not None else ()
        )
        if found is not None:
            self._effect.setText(
                say(
                    "Change of the loss: up is away from the motion. Dot: measured; ring:"
                    " predicted; grey: as many random clips. {effect_words}",
                    effect_words=effect_words(found),
                )
            )
        else:
            self._effect.setText(
                say(
                    "Predicts how the loss on the queries would change, and trains a copy for some"
                    " steps with and without to see."
                )
                if out
                else ""
            )

    def _show_where(self) -> None:
        layer = self._influence.layer(self._clip.id) if self._clip is not None else None
        if layer is not None:
            self._where.setText(where_words(tuple(float(share) for share in layer.per_frame)))
        else:
            on = "influence" in self._players.query.overlays
            self._where.setText(
                say("Influence map: {words}", words=self._influence.words) if on else ""
            )
