"""Where the parts of Review lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motionlens.ui.player.timeline import AXIS
from motionlens.ui.widgets import line

if TYPE_CHECKING:
    from motionlens.ui.review.view import ReviewView

NARROW, LOW = 1360, 740


class Body(QWidget):
    """Stages, transport and timeline beside the inspector; decision bar and strip below."""

    def __init__(
        self,
        stages: QWidget,
        transport: QWidget,
        plots: Sequence[QWidget],
        inspector: QWidget,
        decisions: QWidget,
        strip: QWidget,
    ) -> None:
        super().__init__()
        self.inspector = inspector
        centre = QVBoxLayout()
        centre.setContentsMargins(14, 0, 14, 0)
        centre.setSpacing(0)
        centre.addWidget(stages, 1)
        centre.addWidget(transport)
        centre.addWidget(line())
        for plot in plots:
            centre.addWidget(plot)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addLayout(centre, 1)
        middle.addWidget(line(vertical=True))
        middle.addWidget(inspector)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(line())
        layout.addLayout(middle, 1)
        layout.addWidget(line())
        layout.addWidget(decisions)
        layout.addWidget(line())
        layout.addWidget(strip)


def inspector_width(width: int) -> int:
    """How wide the inspector is in a view of this width, px."""
    if width >= 2400:
        return 400
    if width >= 1900:
        return 360
    return 322 if width >= NARROW else 284


def adapt(view: ReviewView, strip: bool | None, inspector: bool | None) -> None:
    """Give the view's parts the shape that its size asks for; None where nobody said whether strip
    and inspector are wanted."""
    compact = view.width() < NARROW or view.height() < LOW
    filled = view.stages.filled
    view.bar.set_compact(compact)
    view.bar.setVisible(not filled)
    view.transport.set_compact(view.width() < NARROW)
    view.timeline.setFixedHeight((46 if compact else 60) + AXIS)
    view.timeline.setVisible(not filled)
    view.inspector.set_compact(compact)
    view.inspector.setFixedWidth(inspector_width(view.width()))
    view.inspector.setVisible(not filled and (inspector if inspector is not None else True))
    view.decisions.set_compact(compact)
    view.strip.set_compact(compact)
    shown = strip if strip is not None else not compact
    # Its badges and its order would tell what is to be judged without knowing.
    view.strip.setVisible(not filled and shown and not view.state.blind)
