"""The main window: header, one view at a time, status bar, and what lies over them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.session.notices import NoticesState
from motionlens.ui.actions import Actions
from motionlens.ui.announcer import Announcer
from motionlens.ui.cheat_sheet import CheatSheet
from motionlens.ui.closing import may_close, may_drop
from motionlens.ui.commands import ProjectCommands
from motionlens.ui.context import WindowContext
from motionlens.ui.curator import CuratorPopup, curator_name
from motionlens.ui.desk import Desk
from motionlens.ui.first_run import FirstRun
from motionlens.ui.header import Header
from motionlens.ui.jobs_panel import JobsPanel
from motionlens.ui.key_choice import KeyChoice
from motionlens.ui.key_editor import KeyEditor
from motionlens.ui.main_thread import MainThread
from motionlens.ui.opened import Opened, open_in_lanes
from motionlens.ui.overlays import Overlay
from motionlens.ui.palette import Palette
from motionlens.ui.panes import step
from motionlens.ui.preferences import Preferences
from motionlens.ui.settings_card import SettingsCard
from motionlens.ui.status import StatusTeller
from motionlens.ui.status_bar import StatusBar
from motionlens.ui.theme import Theme
from motionlens.ui.theme_choice import ThemeChoice
from motionlens.ui.views import make_view, tell

START = "start"


class MainWindow(QMainWindow):
    """One window with one project.

    Signals: `opened` (a project's clips are listed), `view_shown` (another view is open).
    """

    opened = Signal()
    view_shown = Signal(str)

    def __init__(self, theme: Theme, settings: QSettings) -> None:
        super().__init__()
        self.theme, self.settings = theme, settings
        self.hop = MainThread()
        self.notices = NoticesState()
        self.announcer = Announcer(self)
        self.notices.announced.connect(self.announcer.notice)
        self.curator = curator_name(settings)
        self.desk: Desk | None = None
        self.views: dict[str, QWidget] = {}
        self.preferences = Preferences(settings)
        self.theme_choice = ThemeChoice(theme, settings, self)
        self.actions_table = Actions(theme, self)
        self.key_choice = KeyChoice(self.actions_table, self.preferences, settings)
        self.setObjectName("window")
        self.setWindowTitle("MotionLens")
        self.setMinimumSize(1180, 680)
        self.setAcceptDrops(True)
        self.commands = ProjectCommands(self)
        self._register()
        self.header = Header(theme, self.actions_table)
        self.header.view_chosen.connect(self._tab)
        self.header.commands_wanted.connect(lambda: self.actions_table.run("go.commands"))
        self.setMenuWidget(self.header)
        self._add_recent_menu()
        self.status = StatusBar(theme)
        self.stack = QStackedWidget()
        self.start = FirstRun(theme, self.actions_table, self.notices, self.hop)
        self.start.setObjectName("view.start")
        self.start.connect_doors(self.commands.first_clips)
        self.stack.addWidget(self.start)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(centre)
        self.jobs_panel = JobsPanel(theme, self)
        self.palette_overlay = Palette(theme, self.actions_table, self)
        self.sheet = CheatSheet(theme, self.actions_table, self)
        self.settings_card = SettingsCard(
            theme, self.actions_table, self.preferences, self.theme_choice, self
        )
        self.key_editor = KeyEditor(theme, self.actions_table, self.key_choice, self)
        self.curator_popup = CuratorPopup(theme, self)
        self._teller = StatusTeller(self.status, self.curator)
        self._connect()
        self._restore_size()
        self._show(START)

    @property
    def context(self) -> WindowContext | None:
        """What the views were given; None while no project is open."""
        return self.desk.context if self.desk else None

    def open_project(self, path: Path, create: bool = False, view: str = "") -> None:
        """Open a project, or make it; the one that is open is closed first."""
        if self.desk is not None and not self._put_away():
            return
        self.start.set_opening(path.name)

        def done(project: Opened) -> None:
            self._opened(project, view)

        open_in_lanes(path, create, self.hop, done, self._not_opened)

    def show_view(self, view: str, clip: str = "") -> None:
        """Open a view, on a clip where one is named."""
        if self.desk is None:
            self._show(START)
            return
        if view not in self.views:
            made = make_view(view, self.desk.context)
            self.views[view] = made
            self.stack.addWidget(made)
        self._show(view)
        if clip:
            tell(self.views[view], "show_clip", clip)
        self._focus()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.desk is not None and not self._put_away():
            event.ignore()
            return
        self.settings.setValue("window/geometry", self.saveGeometry())
        self.start.close_down()
        self.hop.close()
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_popups()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.commands.dropped(paths)

    def _register(self) -> None:
        handle = self.actions_table.handle
        for view in ("library", "review", "explain", "train", "trial"):
            handle(f"go.{view}", partial(self.show_view, view))
        handle("project.quit", self.close)
        handle("go.commands", self._open_palette)
        handle("go.keys", self._open_sheet)
        handle(
            "go.jobs",
            self._toggle_jobs,
            enabled=lambda: "" if self.desk else say("needs a project"),
        )
        handle("go.curator", self._ask_curator)
        handle("go.full_screen", self._toggle_full_screen)
        handle("go.settings", self._open_settings)
        handle("go.change_keys", self._open_key_editor)
        handle("go.next_pane", lambda: step(self._panes(), 1))
        handle("go.previous_pane", lambda: step(self._panes(), -1))
        self.theme_choice.register(self.actions_table)

    def _open_palette(self) -> None:
        self.palette_overlay.open()

    def _open_settings(self) -> None:
        self._open_card(self.settings_card)

    def _open_key_editor(self) -> None:
        self._open_card(self.key_editor)

    def _open_card(self, card: Overlay) -> None:
        # A letter that is meant for a list on the card must not judge the clip behind it.
        self.actions_table.set_view("card")
        card.open()

    def _card_closed(self) -> None:
        self.actions_table.set_view(self._shown_view())
        self._focus()

    def _shown_view(self) -> str:
        shown = self.stack.currentWidget()
        return next((name for name, view in self.views.items() if view is shown), START)

    def _open_sheet(self) -> None:
        self.sheet.open()

    def _add_recent_menu(self) -> None:
        project = self.header.menus.actions()[0].menu()
        if not isinstance(project, QMenu):
            return
        recent = QMenu(say("Open recent"), project)

        def fill() -> None:
            recent.clear()
            for path in self.commands.recent():
                action = recent.addAction(str(path))
                action.triggered.connect(partial(self._open_recent, path))
            recent.menuAction().setEnabled(not recent.isEmpty())

        project.insertMenu(project.actions()[2], recent)
        project.aboutToShow.connect(fill)

    def _open_recent(self, path: Path, checked: bool = False) -> None:
        self.open_project(path)

    def _connect(self) -> None:
        self.palette_overlay.closed.connect(self._focus)
        self.sheet.closed.connect(self._focus)
        self.settings_card.closed.connect(self._card_closed)
        self.settings_card.keys_wanted.connect(self._open_key_editor)
        self.key_editor.closed.connect(self._card_closed)
        self.status.job.clicked.connect(lambda: self.actions_table.run("go.jobs"))
        self.status.curator.clicked.connect(lambda: self.actions_table.run("go.curator"))
        self.curator_popup.chosen.connect(self._set_curator)

    def _tab(self, view: str) -> None:
        self.show_view(view)
        self.header.set_view(self.actions_table.view)

    def _show(self, view: str) -> None:
        before = self.stack.currentWidget()
        after = self.start if view == START else self.views[view]
        if before is not after:
            tell(before, "left")
        self.stack.setCurrentWidget(after)
        self.actions_table.set_view(view)
        self.header.set_view(view)
        tell(after, "entered")
        self.view_shown.emit(view)

    def _focus(self) -> None:
        tell(self.stack.currentWidget(), "focus_stage")

    def _opened(self, project: Opened, view: str) -> None:
        self.desk = Desk(self, project)
        self.start.set_opening("")
        self.header.name.setText(project.name)
        self.setWindowTitle(f"{project.name} - MotionLens")
        self.commands.remember(project.folder.root)
        self.jobs_panel.show_jobs(self.desk.context.jobs)
        self._teller.follow(self.desk.context)
        library = self.desk.context.library

        def listed() -> None:
            library.changed.disconnect(listed)
            self.show_view(view or self._first_view())
            self.opened.emit()

        library.changed.connect(listed)
        library.refresh()

    def _first_view(self) -> str:
        library = self.desk.context.library if self.desk else None
        if library is None:
            return START
        return "review" if library.counts.decisions.get("none") else "library"

    def _not_opened(self, error: BaseException) -> None:
        self.start.set_opening("")
        self.notices.error(error, panel=START)
        self._show(START)

    def _put_away(self) -> bool:
        """Close the project that is open; False if the user would rather stay."""
        desk = self.desk
        if desk is None:
            return True
        if not self._saved_or_given_up(desk) or not may_close(self, desk.context.jobs):
            return False
        self.desk = None
        self._teller.forget()
        self._show(START)
        for view in self.views.values():
            tell(view, "close_view")
            self.stack.removeWidget(view)
            view.deleteLater()
        for name in self.views:
            self.actions_table.drop(name)
        self.views.clear()
        desk.close()
        self.header.name.setText("MotionLens")
        self.setWindowTitle("MotionLens")
        return True

    def _saved_or_given_up(self, desk: Desk) -> bool:
        """Whether every decision that was pressed is on the disk, or may be lost.

        A key and Ctrl+Q right after it must neither ask nor lose anything: what is on its way to
        the disk gets a moment to arrive.
        """
        failures: list[object] = []
        desk.context.library.failed.connect(failures.append)
        desk.project.settle()
        QApplication.sendPostedEvents(self.hop, 0)
        desk.context.library.failed.disconnect(failures.append)
        if failures:
            # The notice that has just come up says what was not saved.
            return False
        waiting = [view.unsaved() for view in self.views.values() if hasattr(view, "unsaved")]
        unsaved = sum(count for count, _ in waiting) + len(desk.context.library.pending)
        return may_drop(self, unsaved, " ".join(why for _, why in waiting if why))

    def _panes(self) -> list[QWidget]:
        """All of the window, from the top down."""
        view = self.stack.currentWidget()
        told = getattr(view, "panes", None)
        inside = told() if told is not None else [self.stack]
        return [self.header, *inside, self.jobs_panel, self.status]

    def _toggle_jobs(self) -> None:
        self.jobs_panel.setVisible(not self.jobs_panel.isVisible())
        self._place_popups()
        if self.jobs_panel.isVisible():
            self.jobs_panel.raise_()
            self.jobs_panel.setFocus()
        else:
            self._focus()

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _place_popups(self) -> None:
        panel = self.jobs_panel
        bottom = self.height() - self.status.height() - 8
        panel.setGeometry(
            self.width() - panel.WIDTH - 12, bottom - panel.HEIGHT, panel.WIDTH, panel.HEIGHT
        )

    def _ask_curator(self) -> None:
        self.curator_popup.ask(self.curator, self.width(), self.height())

    def _set_curator(self, name: str) -> None:
        self.curator = name
        self.settings.setValue("curator", name)
        self.status.curator.tell(name)
        if self.desk is not None:
            self.desk.context.curator = name
            self.desk.context.library.curator = name
        self._focus()

    def _restore_size(self) -> None:
        geometry = self.settings.value("window/geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            screen = QApplication.primaryScreen().availableGeometry()
            self.resize(min(1440, screen.width()), min(900, screen.height()))
        QTimer.singleShot(0, self._place_popups)
