"""The export card: format, which clips, where to; the work itself is a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from motionlens.domain.language import say, word
from motionlens.session.runs import TrainingSet
from motionlens.session.work import ask
from motionlens.ui import words
from motionlens.ui.context import WindowContext
from motionlens.ui.overlays import Overlay
from motionlens.ui.widgets import Button, Combo, label, row

_INCLUDES = (("not-excluded", word("All but the excluded")), ("keep", word("Only the kept")),
             ("agreed", word("Where curators agree")))  # fmt: skip
_FILES = {"jsonl": ".jsonl", "csv": ".csv", "parquet": ".parquet"}
WIDTH, HEIGHT = 560, 330


class ExportDialog(Overlay):
    """Nothing waits: formats and counts are asked on the store lane, the export runs as a job."""

    def __init__(self, context: WindowContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("export")
        self._context = context
        theme = context.theme
        self.format = Combo(theme, say("Format"))
        self.include = Combo(theme, say("Which clips"))
        for key, text in ((key, say(text)) for key, text in _INCLUDES):
            self.include.addItem(text, key)
        self.target = QLineEdit(str(context.project.folder.root / "manifest.jsonl"))
        self.target.setAccessibleName(say("Where to"))
        self.copy = QCheckBox(say("Copy the media into the folder instead of linking them"))
        self._count = label(theme, "", "text2", 12, wrap=True)
        choose = Button(theme, say("Choose"), "folder-open")
        choose.clicked.connect(self._choose)
        self.write = Button(theme, say("Export"), "export", kind="primary", height=34)
        self.write.setObjectName("export.write")
        self.write.clicked.connect(self._start)
        close = Button(theme, icon="x", key="Esc", kind="ghost")
        close.setAccessibleName(say("Close"))
        close.clicked.connect(self.close_overlay)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, 80)
        for place, (name, widget) in enumerate(
            (
                (say("Format"), self.format),
                (say("Clips"), self.include),
                (say("Where to"), self.target),
            )
        ):
            grid.addWidget(label(theme, name, "text2"), place, 0)
            grid.addWidget(widget, place, 1)
        grid.addWidget(choose, 2, 2)
        grid.addWidget(self.copy, 3, 1, 1, 2)
        layout = QVBoxLayout(self.card)
        layout.setContentsMargins(24, 16, 18, 18)
        layout.setSpacing(12)
        layout.addLayout(
            row(label(theme, say("Export a manifest"), size=18, weight=600), None, close)
        )
        layout.addLayout(grid)
        layout.addWidget(self._count)
        layout.addStretch(1)
        layout.addLayout(row(self.write, None))
        self.include.currentIndexChanged.connect(lambda _: self._ask_count())
        self.format.currentIndexChanged.connect(lambda _: self._suffix())
        context.runs.set_changed.connect(self._counted)

    def open(self) -> None:
        super().open()
        rooms = self._context.project.rooms
        ask(
            self._context.project.lanes.store, "list formats", lambda _: rooms.formats.names(),
            self._context.hop, self._formats, self._failed,
        )  # fmt: skip
        self._ask_count()
        self.format.setFocus()

    def place(self) -> None:
        self.card.setGeometry(
            (self.width() - WIDTH) // 2, (self.height() - HEIGHT) // 2, WIDTH, HEIGHT
        )

    def close_overlay(self) -> None:
        super().close_overlay()
        self._context.runs.set_changed.disconnect(self._counted)
        self.deleteLater()

    def _formats(self, names: list[str]) -> None:
        self.format.clear()
        for name in names:
            self.format.addItem(name, name)
        self.format.setCurrentIndex(max(0, self.format.findData("jsonl")))

    def _suffix(self) -> None:
        name = self.format.currentData()
        if not name:
            return
        self.copy.setVisible(name not in _FILES)
        target = Path(self.target.text())
        stem = target.with_suffix("") if target.suffix in _FILES.values() else target
        self.target.setText(str(stem) + _FILES.get(name, ""))

    def _choose(self) -> None:
        name = self.format.currentData()
        if name in _FILES:
            chosen, _ = QFileDialog.getSaveFileName(self, say("Export to"), self.target.text())
        else:
            chosen = QFileDialog.getExistingDirectory(self, say("Export to"), self.target.text())
        if chosen:
            self.target.setText(chosen)

    def _ask_count(self) -> None:
        self._context.runs.count(str(self.include.currentData()))

    def _counted(self) -> None:
        counted = self._context.runs.training_set
        if counted is None or counted.include != self.include.currentData():
            return
        self._count.setText(_said(counted))
        self.write.setEnabled(bool(counted.clips))

    def _failed(self, error: BaseException) -> None:
        self._context.notices.error(error, panel=self._context.actions.view)

    def _start(self) -> None:
        context, rooms = self._context, self._context.project.rooms
        name, include = str(self.format.currentData()), str(self.include.currentData())
        out, copy = Path(self.target.text().strip()).expanduser(), self.copy.isChecked()
        panel = context.actions.view

        def work(progress: Any, token: Any) -> Any:
            from motionlens.operations.export import export

            return export(
                rooms, format=name, out=out, include=include, copy=copy, progress=progress,
                token=token,
            )  # fmt: skip

        def done(result: Any) -> str:
            line = say(
                "{several}, sha256 {n}",
                several=words.several(result.clips, "clip"),
                n=result.sha256[:6],
            )
            context.notices.tell("done", say("Exported to {out}", out=out), f"{line}.", panel=panel)
            return line

        context.jobs.start(
            say("Export to {name}", name=name),
            "export",
            context.project.lanes.compute,
            work,
            icon="export",
            done=done,
            failed=self._failed,
        )
        self.close_overlay()


def _said(counted: TrainingSet) -> str:
    if not counted.clips:
        return counted.why
    size = words.length(counted.seconds)
    return say(
        "{several}, {size}. Manifest {n}.",
        several=words.several(counted.clips, "clip"),
        size=size,
        n=counted.sha256[:12],
    )
