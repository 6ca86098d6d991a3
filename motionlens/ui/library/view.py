"""The Library view: side pane, filter bar, notices, grid, inspector."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSlider, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from motionlens.domain.language import say, word
from motionlens.session.library import LibraryState
from motionlens.ui.context import WindowContext
from motionlens.ui.library.grid import ClipGrid
from motionlens.ui.library.inspector import WIDTH as INSPECTOR_WIDTH
from motionlens.ui.library.inspector import Inspector
from motionlens.ui.library.side import WIDTH as SIDE_WIDTH
from motionlens.ui.library.side import SidePane
from motionlens.ui.widgets import (
    Combo,
    EmptyState,
    NoticeStack,
    SearchField,
    label,
    line,
    row,
)
from motionlens.ui.widgets.labels import IconLabel

_SORTS = (
    ("name", word("Name")),
    ("flags", word("Flags, most first")),
    ("motion", word("Motion, most first")),
    ("length", word("Length, longest first")),
)
_BY_SCORE = ("score", word("Influence, high first"))
_ROLE_WORDS = {
    "training": (word("training clips"), "project.add_folder"),
    "generation": (word("generations"), "project.add_generations"),
    "reference": (word("references"), "project.add_references"),
}


# What a key says, and the decision that is stored.
JUDGING = (("exclude", "exclude"), ("keep", "keep"), ("later", "unsure"), ("clear", "clear"))

_PANES = "library/panes"


class LibraryView(QWidget):
    """What do I have, what is flagged, what is decided."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self.setObjectName("view.library")
        self._context = context
        library = context.library
        self.side = SidePane(context.theme, library)
        self.inspector = Inspector(context)
        self.grid = ClipGrid(context.theme, library, context.thumbnails)
        self.grid.opened.connect(lambda clip: context.go_to("review", clip))
        self.empty = EmptyState(context.theme)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self._middle = self._centre()
        for pane, least in ((self.side, 180), (self._middle, 420), (self.inspector, 240)):
            pane.setMinimumWidth(least)
            self.splitter.addWidget(pane)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([SIDE_WIDTH, 900, INSPECTOR_WIDTH])
        if kept := context.preferences.remembered(_PANES):
            self.splitter.restoreState(kept)
        self.splitter.splitterMoved.connect(
            lambda *_: context.preferences.remember(_PANES, self.splitter.saveState())
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)
        library.changed.connect(self._changed)
        self._register()
        self._changed()

    def show_clip(self, id: str) -> None:
        """Select a clip, whatever filter hides it."""
        library = self._context.library
        if id in library.clips and id not in library.shown:
            library.set_filter(role=library.clips[id].role, decision="", flag="", text="")
            self.filter.clear()
        library.select((id,), id)

    def focus_stage(self) -> None:
        """Focus goes to the grid."""
        self.grid.setFocus()

    def panes(self) -> list[QWidget]:
        """In reading order, for F6."""
        return [self.side, self._middle, self.inspector]

    def close_view(self) -> None:
        """The project is closing."""
        self.inspector.players.close()

    def _centre(self) -> QWidget:
        theme, library = self._context.theme, self._context.library
        self.filter = SearchField(theme, say("Caption or file name"), "/")
        self.filter.textChanged.connect(lambda text: library.set_filter(text=text))
        self.filter.left.connect(self.focus_stage)
        self._count = label(theme, "", "text2", 12)
        self.sort = Combo(theme, say("Sort"))
        self.sort.setFixedWidth(176)
        self.sort.currentIndexChanged.connect(self._sort)
        size = QSlider(Qt.Orientation.Horizontal)
        size.setRange(130, 300)
        size.setValue(170)
        size.setFixedWidth(84)
        size.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        size.setAccessibleName(say("Size of the pictures"))
        size.valueChanged.connect(self.grid.set_cell_width)
        bar = QWidget()
        bar.setFixedHeight(48)
        small, large = (IconLabel(theme, "image", "text3", side) for side in (13, 18))
        sort = label(theme, say("Sort"), "text2", 12)
        parts = row(self.filter, 4, self._count, None, sort, self.sort, 6, small, size, large)
        parts.setContentsMargins(14, 0, 14, 0)
        bar.setLayout(parts)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.grid)
        self.stack.addWidget(self.empty)
        notices = NoticeStack(theme, self._context.notices, "library")
        inner = QVBoxLayout()
        inner.setContentsMargins(9, 9, 0, 0)
        inner.setSpacing(6)
        inner.addWidget(notices)
        inner.addWidget(self.stack, 1)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(line())
        layout.addLayout(inner, 1)
        return centre

    def _register(self) -> None:
        library, go = self._context.library, self._context.go_to

        def handle(name: str, run: Callable[[], object], enabled: Callable[[], str] = str) -> None:
            self._context.actions.handle(name, run, view="library", enabled=enabled)

        for name, decision in JUDGING:
            handle(f"judge.{name}", partial(self._decide, decision), self._why_no_decision)
        handle("judge.undo", library.undo)
        handle("judge.redo", library.redo)
        handle("go.filter", self._focus_filter)
        handle("go.left_pane", lambda: _toggle(self.side))
        handle("go.inspector", lambda: _toggle(self.inspector))
        handle("go.explain_clip", lambda: go("explain", library.current), self._why_no_clip)
        handle("go.review_clip", lambda: go("review", library.current), self._why_no_decision)

    def _why_no_clip(self) -> str:
        return "" if self._context.library.selection else say("choose a clip")

    def _why_no_decision(self) -> str:
        library = self._context.library
        chosen = [library.clips[id] for id in library.selection if id in library.clips]
        return (
            "" if any(clip.role == "training" for clip in chosen) else say("choose training clips")
        )

    def _decide(self, decision: str) -> None:
        library = self._context.library
        library.decide(
            decision, [id for id in library.selection if library.clips[id].role == "training"]
        )

    def _focus_filter(self) -> None:
        self.filter.setFocus()
        self.filter.selectAll()

    def _sort(self, place: int) -> None:
        wanted = self.sort.itemData(place)
        if wanted and wanted != self._context.library.filter.sort:
            self._context.library.set_filter(sort=wanted)

    def _changed(self) -> None:
        library = self._context.library
        self._fill_sorts(library)
        shown = len(library.shown)
        total = library.counts.roles.get(library.filter.role, 0)
        some = say("{shown:,} of {total:,}", shown=shown, total=total) if shown != total else ""
        self._count.setText(some if library.loaded else say("Reading the clips"))
        self.stack.setCurrentWidget(self.grid if shown or not library.loaded else self.empty)
        if library.loaded and not shown:
            self._teach(library, total)
        self._context.actions.refresh()

    def _fill_sorts(self, library: LibraryState) -> None:
        wanted = (*_SORTS, _BY_SCORE) if library.ranking else _SORTS
        if self.sort.count() != len(wanted):
            self.sort.blockSignals(True)
            self.sort.clear()
            for key, text in wanted:
                self.sort.addItem(say(text), key)
            self.sort.blockSignals(False)
        self.sort.blockSignals(True)
        self.sort.setCurrentIndex(max(0, self.sort.findData(library.filter.sort)))
        self.sort.blockSignals(False)

    def _teach(self, library: LibraryState, total: int) -> None:
        role, actions = library.filter.role, self._context.actions
        name, add = say(_ROLE_WORDS[role][0]), _ROLE_WORDS[role][1]
        if total:
            self.empty.show_state(
                say("No clip fits the filter"),
                say("{total:,} {name} are here; none fits all of it.", total=total, name=name),
                say("Clear the filter"),
                icon="funnel",
                act=self._clear_filter,
            )
            return
        texts = {
            "training": say(
                "The clips that the model was or will be trained on. Files stay where they"
                " are; only their paths and hashes are kept."
            ),
            "generation": say(
                "What a model produced. A generation that moves wrongly is what ranking asks about."
            ),
            "reference": say(
                "Clips whose motion you want more of. Ranking weighs them against the bad"
                " generations."
            ),
        }
        self.empty.show_state(
            say("No {name} yet", name=name),
            texts[role],
            actions.specs[add].text,
            icon="film-strip",
            hint=say("or drop files here"),
            act=lambda: actions.run(add),
        )

    def _clear_filter(self) -> None:
        self.filter.clear()
        self._context.library.set_filter(decision="", flag="", text="")


def _toggle(pane: QWidget) -> None:
    pane.setVisible(not pane.isVisible())
