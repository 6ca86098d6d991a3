"""The action table made alive: one `QAction` a command, handled by whichever view is open."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from motionlens.domain.language import say
from motionlens.ui.action_table import MENUS, TABLE, ActionSpec
from motionlens.ui.theme import Theme

ANY_VIEW = ""


@dataclass(frozen=True)
class Handler:
    """What an action does in one view.

    Attributes
    ----------
    enabled : callable
        Empty text where it can run, else the reason why not ("needs an index").
    checked : callable or None
        For toggles: whether it is on.
    """

    run: Callable[[], object]
    enabled: Callable[[], str] = str
    checked: Callable[[], bool] | None = None


def written(key: str) -> str:
    """A key sequence as it stands on the keyboard: by signs on a Mac, else by the names that keys
    carry in every country ("Ctrl", where Qt would translate it)."""
    forms = QKeySequence.SequenceFormat
    return QKeySequence(key).toString(
        forms.NativeText if sys.platform == "darwin" else forms.PortableText
    )


class Actions(QObject):
    """All commands of one window. `ran` tells the id of one that is about to run.

    A command without a handler is neither in a menu nor in the palette, and its keys do nothing.

    Parameters
    ----------
    window : QWidget
        The actions are added to it, so that keys work in the whole window.
    """

    refreshed = Signal()
    keys_changed = Signal()
    ran = Signal(str)

    def __init__(
        self, theme: Theme, window: QWidget, table: tuple[ActionSpec, ...] = TABLE
    ) -> None:
        super().__init__(window)
        self._theme = theme
        self.view = "start"
        self.specs: dict[str, ActionSpec] = {spec.id: spec for spec in table}
        self._actions: dict[str, QAction] = {}
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._reasons: dict[str, str] = {}
        self.recent: list[str] = []
        theme.changed.connect(self._tint)
        for spec in table:
            action = self._make(spec)
            self._actions[spec.id] = action
            window.addAction(action)

    def __iter__(self) -> Iterator[ActionSpec]:
        return iter(self.specs.values())

    def action(self, id: str) -> QAction:
        """The `QAction` of a command; KeyError for an unknown one."""
        return self._actions[id]

    def handle(
        self,
        id: str,
        run: Callable[[], object],
        *,
        view: str = ANY_VIEW,
        enabled: Callable[[], str] = str,
        checked: Callable[[], bool] | None = None,
    ) -> None:
        """Say what a command does, in one view or (without `view`) wherever its table row allows.

        `enabled` gives "" or the reason why it cannot run now; it is asked on `refresh`.
        """
        if id not in self.specs:
            raise KeyError(id)
        self._handlers[id, view] = Handler(run, enabled, checked)

    def drop(self, view: str) -> None:
        """Forget a view's handlers (its project was closed)."""
        self._handlers = {key: h for key, h in self._handlers.items() if key[1] != view}

    def set_keys(self, id: str, keys: tuple[str, ...]) -> None:
        """Give a command other keys; `keys_changed` is for whoever changed them all to emit."""
        spec = self.specs[id] = replace(self.specs[id], keys=keys)
        action = self._actions[id]
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setToolTip(self._tip(spec))

    def set_view(self, view: str) -> None:
        """The view that is open now; its commands are on, those of the others are off."""
        self.view = view
        self.refresh()

    def refresh(self) -> None:
        """Ask every command again whether it can run; call after the state changed."""
        for spec in self.specs.values():
            handler = self._handler(spec.id)
            action = self._actions[spec.id]
            here = handler is not None and self.view in spec.views
            reason = handler.enabled() if here and handler is not None else say("not in this view")
            self._reasons[spec.id] = reason
            action.setVisible(here)
            action.setEnabled(here and not reason)
            if here and handler is not None and handler.checked is not None:
                action.setChecked(handler.checked())
        self.refreshed.emit()

    def reason(self, id: str) -> str:
        """Why a command cannot run now; "" if it can."""
        return self._reasons.get(id, say("not in this view"))

    def listed(self) -> list[ActionSpec]:
        """What palette and sheet show: every command that does something in this view."""
        return [
            spec
            for spec in self.specs.values()
            if self._handler(spec.id) is not None and self.view in spec.views
        ]

    def key(self, id: str) -> str:
        """The key that is shown, as the platform writes it ("" if there is none)."""
        keys = self.specs[id].keys
        text = written(keys[0]) if keys else ""
        return text.replace("+", " ") if len(text) > 1 else text

    def run(self, id: str) -> bool:
        """Run a command as its key would; False if it cannot run now."""
        action = self._actions[id]
        if not action.isEnabled():
            return False
        action.trigger()
        return True

    def fill_menus(self, bar: QMenuBar) -> None:
        """One menu for each heading of the table; groups are parted by a line."""
        for heading in MENUS:
            menu = bar.addMenu(say(heading))
            self._fill(menu, [spec for spec in self.specs.values() if spec.menu == heading])

    def _fill(self, menu: QMenu, specs: list[ActionSpec]) -> None:
        group = specs[0].group if specs else ""
        for spec in specs:
            if spec.group != group:
                menu.addSeparator()
                group = spec.group
            menu.addAction(self._actions[spec.id])
        # A menu whose commands all belong to other views would open empty.
        self.refreshed.connect(lambda: menu.menuAction().setVisible(_offers(menu)))

    def _make(self, spec: ActionSpec) -> QAction:
        action = QAction(spec.said, self)
        action.setObjectName(f"action.{spec.id}")
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setAutoRepeat(spec.repeats)
        action.setCheckable(spec.checkable)
        if spec.icon:
            action.setIcon(self._theme.icon(spec.icon))
        action.setToolTip(self._tip(spec))
        action.triggered.connect(lambda _checked=False, name=spec.id: self._trigger(name))
        action.setVisible(False)
        action.setEnabled(False)
        return action

    def _tip(self, spec: ActionSpec) -> str:
        return spec.said + (f" ({self.key_of(spec)})" if spec.keys else "")

    def _tint(self) -> None:
        for spec in self.specs.values():
            if spec.icon:
                self._actions[spec.id].setIcon(self._theme.icon(spec.icon))

    @staticmethod
    def key_of(spec: ActionSpec) -> str:
        """All keys of a command in one text, for tooltips."""
        return ", ".join(map(written, spec.keys[:2]))

    def _handler(self, id: str) -> Handler | None:
        return self._handlers.get((id, self.view)) or self._handlers.get((id, ANY_VIEW))

    def _trigger(self, id: str) -> None:
        handler = self._handler(id)
        if handler is None:
            return
        self.recent = [id, *(other for other in self.recent if other != id)][:8]
        self.ran.emit(id)
        handler.run()
        self.refresh()


def _offers(menu: QMenu) -> bool:
    return any(a.isVisible() and not a.isSeparator() for a in menu.actions())
