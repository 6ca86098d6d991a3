"""The tokens: contrast, colour-blind distance, and that nothing else colours the window."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

import motionlens.ui
from motionlens.ui.action_table import TABLE
from motionlens.ui.style_sheet import style_sheet
from motionlens.ui.theme import Theme, read_tokens

TOKENS = read_tokens()
TEXT = (
    "text", "text2", "text3", "exclude", "keep", "pos", "neg", "warn", "error", "series2",
)  # fmt: skip
# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
BLIND = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
               (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
               (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
               (0.004733, 0.691367, 0.303900)),
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}  # fmt: skip


def linear(color: str) -> list[float]:
    values = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def contrast(a: str, b: str) -> float:
    light = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in map(linear, (a, b))]
    return (max(light) + 0.05) / (min(light) + 0.05)


def oklab(rgb: list[float]) -> tuple[float, float, float]:
    r, g, b = (min(1.0, max(0.0, v)) for v in rgb)
    long, middle, short = (
        (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3),
        (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3),
        (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3),
    )
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def distance(a: str, b: str, eye: str) -> float:
    seen = [
        oklab([sum(w * v for w, v in zip(row, linear(c), strict=True)) for row in BLIND[eye]])
        for c in (a, b)
    ]
    return 100 * sum((x - y) ** 2 for x, y in zip(*seen, strict=True)) ** 0.5


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_all_text_reaches_its_contrast(scheme):
    tokens = TOKENS[scheme]
    for text, ground in product(TEXT, ("window", "panel", "raised")):
        assert contrast(tokens[text], tokens[ground]) >= 4.5, (text, ground)
    assert contrast(tokens["ink"], tokens["accent"]) >= 15
    for ground in ("panel", "raised"):
        assert contrast(tokens["edge"], tokens[ground]) >= 3


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("pair", [("exclude", "keep"), ("pos", "neg")])
@pytest.mark.parametrize("eye", sorted(BLIND))
def test_opposites_stay_apart_for_every_eye(scheme, pair, eye):
    first, second = (TOKENS[scheme][name] for name in pair)
    assert distance(first, second, eye) >= 8


def test_both_schemes_have_the_same_tokens():
    assert TOKENS["dark"].keys() == TOKENS["light"].keys()


def test_the_style_sheet_is_short_and_whole():
    for tokens in TOKENS.values():
        text = style_sheet(tokens)
        assert text.count("\n") < 150
        assert "$" not in text
        assert set(re.findall(r"#[0-9A-Fa-f]{6}", text)) <= set(tokens.values())


def test_no_widget_has_a_style_sheet_or_font_size_of_its_own():
    root = Path(motionlens.ui.__file__).parent
    for path in root.rglob("*.py"):
        text = path.read_text()
        if path.name != "theme.py":
            assert "setStyleSheet" not in text, path
            assert "setPointSize" not in text, path


def test_every_icon_of_the_table_exists(qapp):
    theme = Theme()
    theme.apply(qapp)
    for spec in TABLE:
        if spec.icon:
            pixmap = theme.pixmap(spec.icon, "text", 16, 2.0)
            assert pixmap.width() == 32
            assert any(
                pixmap.toImage().pixelColor(x, y).alpha() for x in range(32) for y in range(32)
            ), spec.icon


def test_inter_is_shipped_and_tabular(qapp):
    theme = Theme()
    theme.apply(qapp)
    assert theme.font(13).family() == "Inter"
    from PySide6.QtGui import QFontMetrics

    metrics = QFontMetrics(theme.font(13))
    assert len({metrics.horizontalAdvance(digit) for digit in "0123456789"}) == 1


def test_switching_the_scheme_tells_everybody(qapp, qtbot):
    theme = Theme()
    theme.apply(qapp)
    with qtbot.waitSignal(theme.changed, timeout=1000):
        theme.set_scheme("light", qapp)
    assert theme.color("panel").name().upper() == "#FFFFFF"
    theme.set_scheme("dark", qapp)
