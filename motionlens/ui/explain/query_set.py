"""The set of queries that is asked as one: a row each, bad or good, that shows it or drops it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.domain.ranking import Part, Polarity
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import Button, ElidedLabel, IconLabel, label, row

_SEEN = 2
_ROW = 28


class QuerySet(QWidget):
    """`show` opens a query, `drop` takes it out of the set."""

    def __init__(
        self, theme: Theme, show: Callable[[str], object], drop: Callable[[str], object]
    ) -> None:
        super().__init__()
        self._theme, self._show, self._drop = theme, show, drop
        self._words = label(theme, "", "text2", 12, wrap=True)
        self._words.setObjectName("explain.set")
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 4, 0)
        self._rows.setSpacing(0)
        held = QWidget()
        held.setProperty("plain", True)
        held.setLayout(self._rows)
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setWidget(held)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._words)
        column.addWidget(self._area)

    def show_set(
        self,
        asked: Mapping[str, Polarity],
        names: Mapping[str, str],
        parts: Mapping[str, Part],
    ) -> None:
        """Show the queries of the set; without any, what a set is good for."""
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for clip, polarity in asked.items():
            self._rows.addWidget(self._row(clip, polarity, names.get(clip, clip[:8]), parts))
        bad = sum(polarity is Polarity.BAD for polarity in asked.values())
        self._words.setText(
            say("Asked as one set: {bad} bad, {n} good", bad=bad, n=len(asked) - bad) if asked else
            say("One query is asked. Ten bad ones, with the motion that was wanted of each as good"
            " ones, rank much better.")
        )  # fmt: skip
        self._area.setVisible(bool(asked))
        self._area.setFixedHeight(_ROW * min(_SEEN, max(1, len(asked))) + 2)

    def _row(self, clip: str, polarity: Polarity, name: str, parts: Mapping[str, Part]) -> QWidget:
        bad = polarity is Polarity.BAD
        made = QWidget()
        made.setFixedHeight(_ROW)
        icon = IconLabel(
            self._theme, "thumbs-down" if bad else "thumbs-up", "exclude" if bad else "keep"
        )
        part = parts.get(clip, Part())
        text = ElidedLabel(self._theme, name if part == Part() else f"{name} ({part.words})")
        seen = Button(self._theme, icon="eye", kind="ghost")
        seen.setAccessibleName(say("Show {name}", name=name))
        seen.clicked.connect(partial(self._show, clip))
        out = Button(self._theme, icon="x", kind="ghost")
        out.setAccessibleName(say("Take {name} out of the set", name=name))
        out.clicked.connect(partial(self._drop, clip))
        line = row(icon, text, seen, out)
        line.setStretch(1, 1)
        made.setLayout(line)
        return made
