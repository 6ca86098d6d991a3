"""The runs of a project as a table."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from motionlens.domain.language import say, word
from motionlens.domain.run import RunInfo, RunState
from motionlens.ui import words
from motionlens.ui.tables.index import Index
from motionlens.ui.theme import Theme

COLUMNS = (
    word("Run"),
    word("State"),
    word("Steps"),
    word("Loss"),
    word("Manifest"),
    word("Base"),
    word("Started"),
)
_NUMBERS = (2, 3)
LOOKS = {
    RunState.QUEUED: ("clock", "text2"),
    RunState.STARTING: ("clock", "text2"),
    RunState.RUNNING: ("play", "text"),
    RunState.DONE: ("check", "keep"),
    RunState.STOPPED: ("stop", "text2"),
    RunState.INTERRUPTED: ("warning", "warn"),
    RunState.FAILED: ("warning-circle", "error"),
}


class RunsTable(QAbstractTableModel):
    """Newest first."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.runs: list[RunInfo] = []

    def show_runs(self, runs: list[RunInfo]) -> None:
        """Take over new rows; selection stays where the runs are the same."""
        if [run.run for run in runs] == [run.run for run in self.runs]:
            self.runs = runs
            last = self.index(len(runs) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.runs = runs
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.runs)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._align(section)
        return say(COLUMNS[section]) if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        run, column = self.runs[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return cells(run)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return run.why or cells(run)[column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._align(column)
        if role == Qt.ItemDataRole.FontRole:
            return self._theme.font(13 if column == 0 else 12, 600 if column == 0 else 400)
        if role == Qt.ItemDataRole.DecorationRole and column == 1:
            return self._theme.icon(*LOOKS[run.state])
        if role == Qt.ItemDataRole.ForegroundRole:
            token = LOOKS[run.state][1] if column == 1 else "text" if column == 0 else "text2"
            return self._theme.color(token)
        return None

    @staticmethod
    def _align(column: int) -> int:
        side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignVCenter)


class RunsView(QTableView):
    """Rows only, no grid, no letters that jump."""

    def __init__(self, theme: Theme, table: RunsTable) -> None:
        super().__init__()
        self.setModel(table)
        self.setObjectName("train.runs")
        self.setAccessibleName(say("Runs"))
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(33)
        header = self.horizontalHeader()
        header.setFont(theme.font(12, 500))
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in enumerate((0, 118, 92, 92, 92, 120, 140)):
            if width:
                self.setColumnWidth(column, width)

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands here, so they never jump the list."""


def cells(run: RunInfo) -> tuple[str, ...]:
    """A run's row in words."""
    steps = (
        say("{step:,} of {steps:,}", step=run.step, steps=run.steps)
        if run.step < run.steps
        else f"{run.steps:,}"
    )
    loss = "–" if run.loss is None else f"{run.loss:.4f}"
    base = run.base.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return (
        run.run, say(str(run.state)), steps, loss, run.manifest_sha256[:6], base,
        words.when(run.started),
    )  # fmt: skip
