"""Review beyond the plain answers, by keys alone: tags, filters, queues by name, blind."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from motionlens.app import open_project
from tests.support.window_driver import CONTROL, Curator

SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_tags_filters_queues_and_blind_by_keys(opened, project):
    kept: dict[str, str] = {}

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        state = curator.window.views["review"].state
        kept["tagged"] = curator.clip
        curator.press(Qt.Key.Key_T)
        curator.type("floa")
        curator.press(Qt.Key.Key_Return)  # takes what the list offers
        curator.press(Qt.Key.Key_Return)
        assert state.tags(kept["tagged"]) == ("floats",)
        curator.judge(Qt.Key.Key_X)
        filters(curator, state, kept)
        blind(curator, state, kept, project)
        curator.quit()

    assert opened(project, sitting) == 0
    with open_project(project) as other:
        events = other.rooms.store.decisions()
        assert events[kept["tagged"]].evidence["tags"] == ["floats"]
        assert events[kept["blind"]].evidence["blind"] is True
        assert "tags" not in events[kept["blind"]].evidence

    def next_day(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "a clip is on the stage")
        state = curator.window.views["review"].state
        assert state.saved_queues[0].name == "Floating"
        curator.quit()

    assert opened(project, next_day) == 0


def filters(curator: Curator, state, kept: dict[str, str]) -> None:
    everything = list(state.order)
    curator.press(Qt.Key.Key_Slash)
    curator.type("tag:floats nonsense:1")
    curator.press(Qt.Key.Key_Return)
    assert state.order == everything, "what cannot be read changes nothing"
    assert any("nonsense" in notice.text for notice in curator.window.notices.of("review"))
    curator.press(Qt.Key.Key_A, CONTROL)
    curator.type("not tag:floats")
    curator.press(Qt.Key.Key_Return)
    assert kept["tagged"] not in state.order
    curator.press(Qt.Key.Key_S, CONTROL)
    curator.type("Later")
    curator.press(Qt.Key.Key_Return)
    assert not [queue for queue in state.saved_queues if queue.own], "built-in names stay"
    curator.press(Qt.Key.Key_A, CONTROL)
    curator.type("Floating")
    curator.press(Qt.Key.Key_Return)
    assert state.open_queue.name == "Floating"
    curator.press(Qt.Key.Key_Slash)
    curator.press(Qt.Key.Key_Escape)
    assert state.filters.text == ""


def blind(curator: Curator, state, kept: dict[str, str], project: Path) -> None:
    curator.press(Qt.Key.Key_B)
    assert state.blind
    curator.until(lambda: curator.seen, "the first blind clip is on the stage")
    view = curator.window.views["review"]
    assert not view.strip.isVisible()
    names = {clip.name for clip in state.snapshot.clips.values() if clip.role == "training"}
    said = shown_and_spoken(view)
    told = [text for text in said if any(name in text for name in names)]
    assert not told
    kept["blind"] = curator.judge(Qt.Key.Key_C)
    assert kept["blind"] != kept["tagged"] or state.marks
    curator.press(Qt.Key.Key_B)
    assert not state.blind


def shown_and_spoken(view: QWidget) -> list[str]:
    """Every text of the view that an eye or a screen reader could find, what is hidden included."""
    said = []
    for widget in (view, *view.findChildren(QWidget)):
        said += [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip()]
        if isinstance(widget, QLabel):
            said.append(widget.text())
    model = view.strip.model()
    for row in range(model.rowCount()):
        index = model.index(row, 0)
        for role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            said.append(str(model.data(index, role)))
    return said
