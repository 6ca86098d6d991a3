"""Where the parts of Review lie."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motionlens.ui.widgets import line

NARROW = 1360


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
