"""The bar over Review: which queue, how far, how fast, what of it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from motionlens.domain.language import say
from motionlens.session.clip_list import flag_name
from motionlens.session.review import ReviewState
from motionlens.session.review_queue import ORDERS, Filters, QueueKind, SavedQueue
from motionlens.ui.actions import Actions
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import (
    Button,
    Chip,
    Segment,
    SegmentedProgress,
    action_button,
    label,
)
from motionlens.ui.widgets.fields import Combo, SearchField


class ContextBar(QWidget):
    """48 px: queue, progress, pace, filters, ranking.

    Signals
    -------
    left_field
        A filter was typed: the stage gets the keys again.
    """

    left_field = Signal()

    def __init__(self, theme: Theme, actions: Actions, state: ReviewState) -> None:
        super().__init__()
        self._theme, self._state = theme, state
        self._compact = False
        self.setProperty("ground", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(48)
        self._name = label(theme, say("Queue"), "text2", 13)
        self._queues = Combo(theme, say("Queue"))
        self._queues.setObjectName("review.queue")
        self._queues.setMinimumWidth(190)
        self._queues.activated.connect(self._choose)
        self._progress = SegmentedProgress(theme)
        self._progress.setMinimumWidth(120)
        self._progress.setMaximumWidth(230)
        self._judged = label(theme, "", "text", 13, 600)
        self._judged.setObjectName("review.judged")
        self._pace = label(theme, "", "text2", 12)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(8)
        self.field = SearchField(theme, say("Filter"), actions.key("go.filter"), 230)
        self.field.setObjectName("review.filter")
        self.field.setToolTip(
            say("flag:drawn score>0.3 not caption:ball, or decision:later tag:floats")
        )
        self.field.left.connect(self._typed)
        self.filter_button = Button(theme, icon="funnel", kind="ghost")
        self.filter_button.setAccessibleName(say("What to show, and in which order"))
        self.filter_button.setToolTip(self.filter_button.accessibleName())
        self.filter_button.clicked.connect(self.open_filters)
        self._rank = action_button(theme, actions, "run.rank", say("Rank"), kind="quiet")
        self._rank.setObjectName("review.rank")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 14, 0)
        layout.setSpacing(8)
        layout.addWidget(self._name)
        layout.addSpacing(4)
        layout.addWidget(self._queues)
        layout.addWidget(self._progress, 2)
        layout.addWidget(self._judged)
        layout.addSpacing(4)
        layout.addWidget(self._pace)
        layout.addStretch(1)
        layout.addLayout(self._chips)
        layout.addWidget(self.field)
        layout.addWidget(self.filter_button)
        layout.addWidget(self._rank)
        state.queue_changed.connect(self.refresh)
        state.marks_changed.connect(lambda _: self._count())

    def set_compact(self, compact: bool) -> None:
        """One chip for all filters, and the time left without the pace."""
        if compact != self._compact:
            self._compact = compact
            self.setFixedHeight(44 if compact else 48)
            self.refresh()

    def refresh(self) -> None:
        """Queue, chips and counts as they are now."""
        with QSignalBlocker(self._queues):
            self._queues.clear()
            for kind, name in self._names():
                self._queues.addItem(name, kind.value)
            for queue in self._state.saved_queues:
                self._queues.addItem(queue.name if queue.own else say(queue.name), queue)
            shown = self._state.open_queue
            place = (
                self._queues.findText(shown.name if shown.own else say(shown.name))
                if shown is not None else self._queues.findData(self._state.kind.value)
            )  # fmt: skip
            self._queues.setCurrentIndex(max(0, place))
        if not self.field.hasFocus():
            self.field.setText(self._state.filters.text)
            self.field.setCursorPosition(0)
        self.field.setFixedWidth(130 if self._compact else 230)
        self._fill_chips()
        self._count()

    def open_filters(self) -> None:
        """The menu of what to show."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        filters = self._state.filters
        undecided = filters.undecided
        self._add(menu, say("Undecided only"), undecided, undecided=not undecided)
        self._add(menu, say("Flagged only"), filters.flagged, flagged=not filters.flagged)
        names = sorted({flag.name for row in self._state.queue for flag in row.flags})
        if names:
            menu.addSeparator()
        for name in names:
            count = sum(any(f.name == name for f in row.flags) for row in self._state.queue)
            on = filters.flag == name
            self._add(menu, f"{flag_name(name)}, {count}", on, flag="" if on else name)
        menu.addSeparator()
        for order, words in self._orders():
            self._add(menu, words, filters.order == order, order=order)
        below = self.filter_button.mapToGlobal(QPoint(0, self.filter_button.height() + 2))
        menu.popup(below)

    def _add(self, menu: QMenu, text: str, on: bool, **change: object) -> None:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(on)
        wanted = replace(self._state.filters, **change)  # type: ignore[arg-type]
        action.triggered.connect(lambda _=False: self._state.set_filters(wanted))

    def _names(self) -> list[tuple[QueueKind, str]]:
        names = [(QueueKind.FLAGGED, say("Flagged clips first"))]
        ranking = self._state.ranking
        if ranking is not None:
            count = len(ranking.queries)
            words = say("1 query") if count == 1 else say("{n} queries").format(n=count)
            names.insert(0, (QueueKind.RANKED, say("Ranked by {q}").format(q=words)))
        return names

    def _orders(self) -> list[tuple[str, str]]:
        ranking = self._state.ranking
        learned = ranking is not None and ranking.method == "learned"
        words = [
            ("rank", say("In the queue's order")),
            ("name", say("By name")),
            ("motion", say("Most motion first")),
            ("length", say("Longest first")),
        ]
        return [*words, ("informative", say("Least sure first"))] if learned else words

    def type_filter(self) -> None:
        """Keys go to the filter field."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _typed(self) -> None:
        text = self.field.text().strip()
        if text != self._state.filters.text or self._state.filter_error is not None:
            self._state.set_filters(replace(self._state.filters, text=text))
        if self._state.filter_error is None:
            self.left_field.emit()

    def _choose(self, index: int) -> None:
        chosen = self._queues.itemData(index)
        if isinstance(chosen, SavedQueue):
            self._state.choose_saved(chosen)
        else:
            self._state.set_filters(Filters())
            self._state.choose_queue(QueueKind(chosen))

    def _fill_chips(self) -> None:
        while (item := self._chips.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        filters = self._state.filters
        on: list[tuple[str, Filters]] = []
        if filters.undecided:
            on.append((say("Undecided"), replace(filters, undecided=False)))
        if filters.flagged:
            on.append((say("Flagged"), replace(filters, flagged=False)))
        if filters.flag:
            on.append((flag_name(filters.flag), replace(filters, flag="")))
        if filters.order != ORDERS[0]:
            words = dict(self._orders()).get(filters.order, filters.order)
            on.append((words, replace(filters, order=ORDERS[0])))
        if self._compact and len(on) > 1:
            on = [(say("{n} filters").format(n=len(on)), Filters(undecided=False))]
        for text, without in on:
            chip = Chip(self._theme, text, closable=True, tone="text")
            chip.setToolTip(say("Show the others too"))
            chip.closed.connect(lambda wanted=without: self._state.set_filters(wanted))
            self._chips.addWidget(chip)
        self._add_mode(say("Blind"), self._state.blind, self._state.set_blind)
        self._add_mode(say("Second curator"), self._state.second, self._state.set_second)

    def _add_mode(self, text: str, on: bool, turn: Callable[[bool], None]) -> None:
        if on:
            chip = Chip(self._theme, text, closable=True, tone="warn")
            chip.setToolTip(say("Others' answers are hidden; click to see all again"))
            chip.closed.connect(lambda: turn(False))
            self._chips.addWidget(chip)

    def _count(self) -> None:
        counts = self._state.counts
        self._progress.set_segments(
            [
                Segment(counts.excluded, "exclude"),
                Segment(counts.kept, "keep"),
                Segment(counts.later, "warn"),
            ],
            counts.total,
        )
        self._progress.setAccessibleName(
            say("{excluded} excluded, {kept} kept, {later} later, {left} left").format(
                excluded=counts.excluded, kept=counts.kept, later=counts.later, left=counts.left
            )
        )
        self._progress.setToolTip(self._progress.accessibleName())
        self._judged.setText(say("{n} of {m} judged").format(n=counts.judged, m=counts.total))
        words = self._state.pace.words(counts.left)
        self._pace.setText(words.split("about ")[-1] if self._compact and words else words)

    def add_progress(self, widget: QWidget) -> None:
        """Put the ranking's progress where its button was."""
        layout = self.layout()
        if layout is not None:
            layout.addWidget(widget)

    def set_ranking(self, running: bool) -> None:
        """Progress takes the button's place while a ranking runs."""
        self._rank.setVisible(not running)
