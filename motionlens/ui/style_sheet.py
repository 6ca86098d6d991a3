"""The one style sheet of the window, made of the tokens."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

_SHEET = Template("""
QWidget { color: $text; }
QMainWindow, QDialog { background: $panel; }
QWidget[ground="window"] { background: $window; }
QWidget[ground="panel"] { background: $panel; }
QWidget[ground="raised"] { background: $raised; }
QWidget[ground="stage"] { background: $stage; }
QFrame[card="true"] { background: $panel; border: 1px solid $line; border-radius: 8px; }
QFrame[card="raised"] { background: $raised; border: none; border-radius: 8px; }
QFrame[card="popup"] { background: $panel; border: 1px solid $edge; border-radius: 8px; }
QFrame[line="h"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QFrame[line="v"] { background: $line; border: none; max-width: 1px; min-width: 1px; }
QLabel { background: transparent; }
QLabel[tone="text2"] { color: $text2; }
QLabel[tone="text3"] { color: $text3; }
QLabel[tone="exclude"] { color: $exclude; }
QLabel[tone="keep"] { color: $keep; }
QLabel[tone="warn"] { color: $warn; }
QLabel[tone="error"] { color: $error; }
QLabel[tone="pos"] { color: $pos; }
QLabel[tone="neg"] { color: $neg; }
QLineEdit, QPlainTextEdit {
  background: $raised; border: 1px solid $line; border-radius: 6px; padding: 0 9px;
  min-height: 26px; selection-background-color: $edge; selection-color: $text;
}
QLineEdit:focus, QPlainTextEdit:focus {
  border: 1px solid $accent;
}
QPlainTextEdit { padding: 4px 7px; }

QComboBox {
  background: $raised; border: 1px solid $line; border-radius: 6px; padding: 0 9px;
  min-height: 26px;
}
QComboBox:focus { border: 1px solid $accent; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView {
  background: $raised; border: 1px solid $edge; padding: 4px; outline: none;
  selection-background-color: $hover; selection-color: $text;
}
QMenuBar { background: transparent; padding: 1px 0 0 0; spacing: 0; }
QMenuBar::item { background: transparent; color: $text2; padding: 5px 8px; border-radius: 6px; }
QMenuBar::item:selected { background: $hover; color: $text; }
QMenu { background: $raised; border: 1px solid $edge; padding: 5px; }
QMenu::item { padding: 5px 24px 5px 10px; border-radius: 4px; color: $text; }
QMenu::item:selected { background: $hover; }
QMenu::item:disabled { color: $text3; }
QMenu::icon { padding-left: 6px; }
QMenu::separator { height: 1px; background: $line; margin: 5px 4px; }
QToolTip {
  background: $raised; color: $text; border: 1px solid $edge; padding: 4px 6px;
}
QListView, QTableView, QTreeView, QScrollArea {
  background: transparent; border: none; outline: none;
}
QScrollArea > QWidget > QWidget[plain="true"] { background: transparent; }
QTableView { gridline-color: transparent; selection-background-color: $raised; }
QTableView::item { padding: 0 8px; border: none; }
QTableView::item:selected { background: $raised; color: $text; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section {
  background: transparent; color: $text3; border: none; border-bottom: 1px solid $line;
  padding: 0 8px; min-height: 28px;
}
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 3px; margin: 2px; min-height: 32px;
  min-width: 32px; }
QScrollBar::handle:hover { background: $edge; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { background: $hover; border: none; border-radius: 2px; max-height: 4px;
  min-height: 4px; }
QProgressBar::chunk { background: $text2; border-radius: 2px; }
QSlider { background: transparent; }
QSlider::groove:horizontal { background: $hover; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $text2; height: 4px; border-radius: 2px; }
QSlider::handle:horizontal { background: $accent; width: 12px; height: 12px; margin: -4px 0;
  border-radius: 6px; }
QCheckBox { spacing: 8px; }
QCheckBox::indicator, QRadioButton::indicator { width: 14px; height: 14px;
  border: 1px solid $edge; border-radius: 3px; background: transparent; }
QRadioButton::indicator { border-radius: 7px; }
QCheckBox::indicator:checked, QRadioButton::indicator:checked { background: $accent;
  border-color: $accent; }
QCheckBox:focus, QRadioButton:focus { outline: 2px solid $accent; }
QSplitter::handle { background: $line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
""")


def style_sheet(tokens: Mapping[str, str]) -> str:
    """Qt style sheet text for these tokens."""
    return _SHEET.substitute(tokens)
