"""The loss of a run over its steps: raw faint, smoothed, and a run beside it dashed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.ui.theme import Theme

_SMOOTH = 0.04


class LossPlot(QWidget):
    """A plot that is made when there is a first loss to show: the library costs half a second."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("train.loss")
        self._theme = theme
        self._plot: Any = None
        self._raw: Any = None
        self._smooth: Any = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def show_losses(self, losses: NDArray[np.float64], steps: int) -> None:
        """Show (S, 2) step and loss on an axis of all steps."""
        if not len(losses):
            if self._plot is not None:
                self._raw.setData([], [])
                self._smooth.setData([], [])
            return
        if self._plot is None:
            self._make()
        smooth = smoothed(losses[:, 1])
        self._raw.setData(losses[:, 0], losses[:, 1])
        self._smooth.setData(losses[:, 0], smooth)
        low, high = np.percentile(losses[:, 1], [0.5, 99.5])
        room = max(float(high - low) * 0.1, 1e-4)
        self._plot.setYRange(float(low) - room, float(high) + room, padding=0)
        # A little more than the last step, whose number would be cut off otherwise.
        self._plot.setXRange(0, max(steps, int(losses[-1, 0])) * 1.015, padding=0)
        self.setAccessibleName(
            say("Loss, now {n:.4f}, at first {n2:.4f}", n=smooth[-1], n2=smooth[0])
        )

    def _make(self) -> None:
        import pyqtgraph as pg

        theme = self._theme
        self._plot = pg.PlotWidget(background=None)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        item = self._plot.getPlotItem()
        # The outermost numbers of both axes need half their own size beside the plot.
        item.layout.setContentsMargins(0, 10, 16, 0)
        item.setDownsampling(auto=True, mode="mean")
        item.setClipToView(True)
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(theme.color("line"))
            axis.setTextPen(theme.color("text2"))
            axis.setStyle(tickFont=theme.font(11), tickLength=-4)
        item.getAxis("left").setWidth(52)
        self._raw = self._plot.plot(pen=pg.mkPen(theme.color("text3", 110), width=1))
        self._smooth = self._plot.plot(pen=pg.mkPen(theme.color("text"), width=2), antialias=True)
        self._layout.addWidget(self._plot)


def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running mean over 4 % of the steps (at least 3), centred, shorter at both ends."""
    half = max(1, round(len(values) * _SMOOTH / 2))
    total = np.concatenate(([0.0], np.cumsum(values)))
    places = np.arange(len(values))
    first = np.maximum(0, places - half)
    last = np.minimum(len(values), places + half + 1)
    means: NDArray[np.float64] = (total[last] - total[first]) / (last - first)
    return means
