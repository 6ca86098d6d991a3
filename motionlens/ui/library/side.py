"""The library's side pane: clips by role, decision and flag, with counts."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from motionlens.domain.language import say, word
from motionlens.session.clip_list import FLAG_NAMES, Counts, flag_name
from motionlens.session.library import LibraryState
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import SideEntry, SideList

WIDTH = 224
_ROLES = (
    ("training", word("Training"), "film-strip"),
    ("generation", word("Generations"), "sparkle"),
    ("reference", word("References"), "star"),
)
_DECISIONS = (
    ("none", word("Undecided"), "circle", "text2"),
    ("exclude", word("Exclude"), "x", "exclude"),
    ("keep", word("Keep"), "check", "keep"),
    ("unsure", word("Later"), "clock", "text2"),
)


def entries(counts: Counts) -> list[SideEntry]:
    """Headings and rows with their counts; flags of strangers come after ours."""
    listed = [SideEntry("", say("Clips"))]
    listed += [
        SideEntry(f"role:{role}", say(text), icon, counts.roles.get(role, 0))
        for role, text, icon in _ROLES
    ]
    listed.append(SideEntry("", say("Decisions")))
    listed += [
        SideEntry(f"decision:{name}", say(text), icon, counts.decisions.get(name, 0), tone)
        for name, text, icon, tone in _DECISIONS
    ]
    flags = [*FLAG_NAMES, *(name for name in counts.flags if name not in FLAG_NAMES)]
    if counts.analysed:
        listed.append(SideEntry("", say("Flags")))
        listed += [
            SideEntry(f"flag:{name}", flag_name(name), "", counts.flags.get(name, 0))
            for name in sorted(flags, key=lambda name: -counts.flags.get(name, 0))
            if counts.flags.get(name, 0)
        ]
    return listed


class SidePane(QWidget):
    """Chooses role, and within training clips a decision or a flag."""

    def __init__(self, theme: Theme, library: LibraryState) -> None:
        super().__init__()
        self.setProperty("ground", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._library = library
        self._list = SideList(theme)
        self._list.chosen.connect(self._choose)
        inner = QWidget()
        inner.setProperty("plain", "true")
        column = QVBoxLayout(inner)
        column.setContentsMargins(6, 2, 6, 12)
        column.addWidget(self._list)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        library.changed.connect(self.show_counts)
        library.updated.connect(lambda _: self.show_counts())
        self.show_counts()

    def show_counts(self) -> None:
        """Count again."""
        found = entries(self._library.counts)
        if not self._library.loaded:
            # Of a page alone: no number is better than a wrong one.
            found = [replace(entry, count=None) for entry in found]
        self._list.set_entries(found)
        wanted = self._library.filter
        on = [f"role:{wanted.role}"]
        on += [f"decision:{wanted.decision}"] if wanted.decision else []
        on += [f"flag:{wanted.flag}"] if wanted.flag else []
        self._list.set_on(*on)

    def _choose(self, key: str) -> None:
        part, _, value = key.partition(":")
        now = self._library.filter
        if part == "role":
            self._library.set_filter(role=value, decision="", flag="")
        elif getattr(now, part) == value:
            self._library.set_filter(**{part: ""})
        else:
            self._library.set_filter(role="training", **{part: value})
