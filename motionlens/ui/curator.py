"""Who decides: the name that goes into every event."""

from __future__ import annotations

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.operations.decide import login_name
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import label


def curator_name(settings: QSettings) -> str:
    """The name kept in the settings, or the login name."""
    return str(settings.value("curator") or "") or login_name()


class CuratorPopup(QFrame):
    """One field above the status bar's corner."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("card", "popup")
        self.field = QLineEdit()
        self.field.setAccessibleName(say("Curator"))
        self.field.returnPressed.connect(self._take)
        layout = QVBoxLayout(self)
        layout.addWidget(label(theme, say("Who decides"), weight=600))
        layout.addWidget(
            label(theme, say("Written into every decision. Enter saves it."), "text2", 12)
        )
        layout.addWidget(self.field)
        self.hide()

    def ask(self, name: str, width: int, height: int) -> None:
        """Open, with the present name in the field."""
        self.field.setText(name)
        self.field.selectAll()
        self.setGeometry(width - 300, height - 160, 288, 120)
        self.show()
        self.raise_()
        self.field.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()

    def _take(self) -> None:
        name = self.field.text().strip()
        self.hide()
        if name:
            self.chosen.emit(name)
