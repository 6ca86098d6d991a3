"""The start page: three doors, the loop in a row, and one line about this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from motionlens.domain.language import say, word
from motionlens.operations.demo import DemoSize, demo_folder
from motionlens.session.notices import NoticesState
from motionlens.ui.actions import Actions
from motionlens.ui.child_verb import ChildVerb
from motionlens.ui.doctor import DoctorBar
from motionlens.ui.doors import Door
from motionlens.ui.main_thread import Hop
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import NoticeStack, label, line, row
from motionlens.ui.widgets.labels import IconLabel

if TYPE_CHECKING:
    from motionlens.ui.window import MainWindow

WIDTH = 1156
_LOOP = (
    ("film-strip", word("Clips in"), word("Flow and a motion mask for each.")),
    ("stack", word("Index"), word("Each gradient as 512 numbers.")),
    ("check-square-offset", word("Judge"), word("One key a clip. Each answer is saved.")),
    ("chart-line", word("Train"), word("Again, without what you excluded.")),
    ("scales", word("Trial"), word("Blind pairs: does it move better?")),
)


class FirstRun(QWidget):
    """What is seen while no project is open."""

    def __init__(self, theme: Theme, actions: Actions, notices: NoticesState, hop: Hop) -> None:
        super().__init__()
        self._theme, self._actions, self._notices = theme, actions, notices
        self._demo: ChildVerb | None = None
        self.doctor_bar = DoctorBar(theme, actions)
        self.doors = self._make_doors()
        self._opening = label(theme, "", "text2", 13)
        title = label(theme, say("Which clips taught it to move like that?"), size=28, weight=600)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = label(
            theme,
            say(
                "MotionLens finds the training clips behind a false motion, lets you judge"
                " them, trains"
                " without them and tests whether people agree."
            ),
            "text2",
            14,
        )
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        middle = QWidget()
        middle.setFixedWidth(WIDTH)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(NoticeStack(theme, notices, "start"))
        column.addStretch(5)
        column.addWidget(title)
        column.addSpacing(8)
        column.addWidget(text)
        column.addSpacing(28)
        doors = QHBoxLayout()
        doors.setSpacing(20)
        for door in self.doors.values():
            doors.addWidget(door)
        column.addLayout(doors)
        column.addSpacing(32)
        column.addLayout(self._loop())
        column.addSpacing(12)
        column.addWidget(self._opening, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(5)
        centred = QHBoxLayout()
        centred.addStretch(1)
        centred.addWidget(middle)
        centred.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(centred, 1)
        layout.addWidget(line())
        layout.addWidget(self.doctor_bar)

    def focus_stage(self) -> None:
        """Focus goes to the first door."""
        self.doors["demo"].button.setFocus()

    def entered(self) -> None:
        """The page is seen: look at the machine, once."""
        self.doctor_bar.look_once()

    def show_doctor(self, window: MainWindow) -> None:
        """Show all that `doctor` says, over the window."""
        self.doctor_bar.show_details(window)

    def set_opening(self, name: str) -> None:
        """A project is being opened; "" when that is over."""
        self._opening.setText(say("Opening {name}", name=name) if name else "")

    def close_down(self) -> None:
        """End what still runs for this page."""
        self.doctor_bar.close_down()
        if self._demo is not None:
            self._demo.cancel(wait_ms=3000)

    def open_demo(self, opened: Callable[[Path], object]) -> None:
        """Make the demo in a process of its own and open it; again while it runs: stop it."""
        door = self.doors["demo"]
        if self._demo is not None:
            self._demo.cancel()
            return
        folder = demo_folder()
        child = ChildVerb(self, "demo", "--headless", str(folder))

        def over() -> None:
            self._demo = None
            child.deleteLater()
            door.rest()

        def done(document: object) -> None:
            over()
            opened(folder)

        def failed(why: str) -> None:
            over()
            if why:
                self._notices.tell("error", say("The demo could not be made"), why, panel="start")
            else:
                self._notices.tell(
                    "neutral",
                    say("You stopped the demo"),
                    say("It starts from the beginning when it is opened again."),
                    panel="start",
                )

        child.told.connect(door.tell)
        child.done.connect(done)
        child.failed.connect(failed)
        self._demo = child
        door.tell(say("Starting the demo"), -1.0)
        child.start()

    def project_for(
        self, paths: Sequence[Path], role: str,
        opened: Callable[[Path, Sequence[Path], str], object],
    ) -> None:  # fmt: skip
        """Ask where the project of these clips goes, then open it with them."""
        near = paths[0] if paths[0].is_dir() else paths[0].parent
        suggested = near.parent / f"{near.name}-motionlens"
        chosen, _ = QFileDialog.getSaveFileName(
            self, say("Where to keep the project"), str(suggested), say("Folder (*)")
        )
        if chosen:
            opened(Path(chosen), paths, role)

    def _make_doors(self) -> dict[str, Door]:
        theme, actions = self._theme, self._actions
        doors = {
            "demo": Door(
                theme,
                "demo",
                say("Open the demo"),
                say(
                    "{clips} simulated clips with planted false motion, indexed, ranked,"
                    " trained and put to a trial. Everything here works on it.",
                    clips=DemoSize().clips,
                ),
                say("Open the demo"),
                "play",
                say("made here, about 4 min"),
                primary=True,
            ),
            "clips": Door(
                theme,
                "clips",
                say("Add your clips"),
                say(
                    "A folder, files, or a manifest you already train from. Files stay where"
                    " they are;"
                    " only their paths and hashes are kept."
                ),
                say("Choose a folder"),
                "folder-open",
                say("or drop them here"),
            ),
            "generation": Door(
                theme,
                "generation",
                say("Bring a generation"),
                say("One clip whose motion is wrong. Ask which training clips push toward it."),
                say("Choose a clip"),
                "sparkle",
                say("needs training clips too"),
            ),
        }
        doors["demo"].button.clicked.connect(lambda: actions.run("project.demo"))
        return doors

    def connect_doors(self, first_clips: Callable[[str], object]) -> None:
        """What the second and third door do."""
        self.doors["clips"].button.clicked.connect(lambda: first_clips("training"))
        self.doors["generation"].button.clicked.connect(lambda: first_clips("generation"))

    def _loop(self) -> QHBoxLayout:
        loop = QHBoxLayout()
        loop.setSpacing(12)
        for icon, title, text in ((icon, say(a), say(b)) for icon, a, b in _LOOP):
            step = QVBoxLayout()
            step.setSpacing(4)
            head = label(self._theme, title, weight=600)
            step.addLayout(row(IconLabel(self._theme, icon, "text2", 17), head, None))
            step.addWidget(label(self._theme, text, "text2", 12))
            loop.addLayout(step, 1)
        return loop
