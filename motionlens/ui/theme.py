"""Colours, fonts and icons by token, and the one style sheet made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from motionlens.files import resource
from motionlens.ui import icons
from motionlens.ui.style_sheet import style_sheet

_FONT_FILES = ("Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf")
_WEIGHTS = {400: QFont.Weight.Normal, 500: QFont.Weight.Medium, 600: QFont.Weight.DemiBold}


def read_tokens() -> dict[str, dict[str, str]]:
    """Scheme -> token -> `#RRGGBB`."""
    text = resource("theme/tokens.json").read_text(encoding="utf-8")
    tokens: dict[str, dict[str, str]] = json.loads(text)
    return tokens


class Theme(QObject):
    """What every widget asks for its colours, fonts and icons.

    Parameters
    ----------
    scheme : str
        `dark` or `light`.
    """

    changed = Signal()

    def __init__(self, scheme: str = "dark") -> None:
        super().__init__()
        self._schemes = read_tokens()
        self.scheme = scheme
        self._family = ""
        self._fonts: dict[tuple[int, int, bool], QFont] = {}

    @property
    def tokens(self) -> Mapping[str, str]:
        """Token -> `#RRGGBB` of the scheme that is on."""
        return self._schemes[self.scheme]

    def color(self, token: str, alpha: int = 255) -> QColor:
        """A token's colour; `alpha` 0 to 255."""
        color = QColor(self.tokens[token])
        color.setAlpha(alpha)
        return color

    def font(self, size: int = 13, weight: int = 400, mono: bool = False) -> QFont:
        """The font of `size` px with tabular figures (11 hint, 12 secondary, 13 body, 15, 18)."""
        key = (size, weight, mono)
        if key not in self._fonts:
            self._fonts[key] = self._make_font(size, weight, mono)
        return QFont(self._fonts[key])

    def icon(self, name: str, tone: str = "text2") -> QIcon:
        """A Phosphor icon (`x`, `check`...) tinted by token."""
        return icons.icon(name, self.tokens[tone])

    def pixmap(self, name: str, tone: str = "text2", size: int = 16, ratio: float = 1.0) -> QPixmap:
        """The same, as a pixmap of `size` px for a screen of this pixel ratio."""
        return icons.pixmap(name, self.tokens[tone], size, ratio)

    def apply(self, app: QApplication) -> None:
        """Dress the whole application; call again after `set_scheme`."""
        self._load_fonts()
        app.setStyle("Fusion")
        app.setFont(self.font())
        app.setPalette(self.palette())
        app.setStyleSheet(style_sheet(self.tokens))

    def set_scheme(self, scheme: str, app: QApplication) -> None:
        """Switch between `dark` and `light` while the window is open."""
        if scheme != self.scheme:
            self.scheme = scheme
            self.apply(app)
            self.changed.emit()

    def palette(self) -> QPalette:
        """Qt's palette from the tokens."""
        palette = QPalette()
        role = QPalette.ColorRole
        for target, token in (
            (role.Window, "panel"), (role.WindowText, "text"), (role.Base, "raised"),
            (role.AlternateBase, "panel"), (role.Text, "text"), (role.Button, "raised"),
            (role.ButtonText, "text"), (role.Highlight, "hover"),
            (role.HighlightedText, "text"), (role.ToolTipBase, "raised"),
            (role.ToolTipText, "text"), (role.PlaceholderText, "text3"), (role.Mid, "line"),
            (role.Light, "hover"), (role.Dark, "window"), (role.Link, "text"),
        ):  # fmt: skip
            palette.setColor(target, self.color(token))
        group = QPalette.ColorGroup.Disabled
        for target in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(group, target, self.color("text3"))
        return palette

    def _load_fonts(self) -> None:
        if self._family:
            return
        family = QApplication.font().family()
        for name in _FONT_FILES:
            number = QFontDatabase.addApplicationFont(str(resource(f"fonts/{name}")))
            families = QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
            # The system's own font stands in where a platform cannot load ours.
            family = "Inter" if "Inter" in families else family
        self._family = family
        self._fonts.clear()

    def _make_font(self, size: int, weight: int, mono: bool) -> QFont:
        font = QFont(self._family or QApplication.font().family())
        if mono:
            font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(size)
        font.setWeight(_WEIGHTS[weight])
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font
