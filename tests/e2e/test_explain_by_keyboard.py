"""Explain in the real window by keys alone: a part of a query, a set, a batch, a comparison."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from motionlens.app import open_project
from motionlens.domain.ranking import Part
from tests.support.window_driver import CONTROL, Curator

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


def decided(project: Path) -> dict[str, str]:
    with open_project(project) as other:
        return {clip: str(event.decision) for clip, event in other.rooms.store.decisions().items()}


def test_a_part_a_set_a_batch_and_a_comparison_by_keys(opened, project):
    excluded: set[str] = set()

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        curator.command("index")
        curator.job_done("Index")
        curator.view(3)
        view = curator.window.views["explain"]
        curator.until(lambda: bool(view.state.query), "a query is chosen")
        part_of_a_query(curator, view)
        ask(curator, view)
        batch(curator, view, excluded)
        curator.press(Qt.Key.Key_D, CONTROL | SHIFT)
        assert view.found.stack.currentWidget() is view.found.scatter.parentWidget()
        assert "clips push toward both" in view.found.scatter.accessibleDescription()
        curator.press(Qt.Key.Key_D, CONTROL | SHIFT)
        assert view.found.stack.currentWidget() is view.list
        curator.press(Qt.Key.Key_C, CONTROL | SHIFT)
        assert QGuiApplication.clipboard().text().startswith("motionlens rank ")
        curator.press(Qt.Key.Key_Z)
        curator.until(lambda: not decided(project), "one undo takes the batch back")
        excluded.clear()
        curator.quit()

    assert opened(project, sitting) == 0
    assert decided(project) == {}


def part_of_a_query(curator: Curator, view) -> None:
    first = view.state.query
    curator.press(Qt.Key.Key_F, SHIFT)
    before = view.state.part
    curator.press(Qt.Key.Key_Left, ALT)
    curator.press(Qt.Key.Key_Right, ALT | SHIFT)
    assert view.state.part.region.x < before.region.x
    assert view.state.part.region.width > before.region.width
    assert "of the frame" in curator.text("explain.part")
    kept = view.state.part
    # Another query has no box; the first one's is still there.
    view.queries.setCurrentIndex((view.queries.currentIndex() + 1) % view.queries.count())
    assert view.state.query != first
    assert view.state.part == Part()
    view.show_clip(first)
    assert view.state.part == kept
    view.list.setFocus()
    curator.press(Qt.Key.Key_Escape)
    assert view.state.part == Part()


def ask(curator: Curator, view) -> None:
    curator.press(Qt.Key.Key_B, CONTROL)
    view.queries.setCurrentIndex((view.queries.currentIndex() + 1) % view.queries.count())
    curator.press(Qt.Key.Key_B, CONTROL | SHIFT)
    assert sorted(view.state.others.values()) == ["bad", "good"]
    curator.command("find the clips behind")
    curator.until(lambda: view.state.answer is not None, "the clips are found", 90)
    assert view.found.list.table.rows
    assert view.state.cost_s > 0
    histogram = curator.window.views["explain"]._question.scores
    assert histogram.isVisibleTo(view)
    assert sum(histogram.plot._spread.counts) == sum(
        not row.no_motion for row in view.state.answer.ranking.rows
    )


def batch(curator: Curator, view, excluded: set[str]) -> None:
    view.state.show("all")
    view.list.setFocus()
    for place in (0, 2):
        view.list.setCurrentIndex(view.list.table.index(place))
        curator.press(Qt.Key.Key_Space, CONTROL)
        excluded.add(view.list.current())
    assert set(view.state.checked) == excluded
    assert len(excluded) == 2
    curator.press(Qt.Key.Key_X, CONTROL | SHIFT)
    curator.until(
        lambda: (
            {view._context.library.decision(clip) for clip in excluded} == {"exclude"}
            and not view._context.library.pending
        ),
        "both are excluded",
    )
    with open_project(view._context.project.rooms.folder.root) as other:
        events = other.rooms.store.decisions()
        assert {clip for clip, event in events.items()} == excluded
        steps = {event.step for event in events.values()}
        assert len(steps) == 1, "a batch is one step"
        assert all(event.evidence["method"] == "centred" for event in events.values())
