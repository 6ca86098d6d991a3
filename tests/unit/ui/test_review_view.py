"""Review in the window, by keyboard, on a small real project."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtWidgets import QWidget

from motionlens.app import create_project, open_project
from motionlens.domain.ranking import Query, RankedClip, Ranking
from motionlens.domain.requests import ModelSight
from motionlens.lanes import Priority
from motionlens.session.review_queue import Filters
from motionlens.ui.player.timeline import nice_top, ticks, usual_top
from motionlens.ui.player.wheel import direction_color
from motionlens.ui.review.stages import GAP, arrange
from motionlens.ui.widgets import Button
from tests.support.window import dressed_window, small_project


@pytest.fixture
def project(tmp_path):
    return small_project(tmp_path, training=4)


@pytest.fixture
def window(qtbot, qapp, project, tmp_path):
    with dressed_window(qapp, tmp_path / "settings.ini") as made:
        with qtbot.waitSignal(made.opened, timeout=15000):
            made.open_project(project, view="review")
        view = made.views["review"]
        qtbot.waitUntil(lambda: seen(view), timeout=15000)
        made.activateWindow()
        yield made


def seen(view) -> bool:
    current = view.state.current
    return current is not None and view.state._painted == current.clip.id


def press(qtbot, window, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(window.views["review"].candidate_stage, key, modifier)


def judge(qtbot, window, key):
    view = window.views["review"]
    qtbot.waitUntil(lambda: seen(view), timeout=10000)
    qtbot.wait(90)
    told = []
    view.state.writer.written.connect(listener := told.append)
    press(qtbot, window, key)
    # The commit returns on its lane; what it means for the view comes a moment later.
    qtbot.waitUntil(lambda: told != [], timeout=10000)
    view.state.writer.written.disconnect(listener)


def child(window, name, kind=QWidget):
    found = window.findChild(kind, name)
    assert found is not None, name
    return found


def test_clips_are_judged_and_taken_back_by_keys(window, qtbot, project):
    view = window.views["review"]
    order = [view.state.candidate(clip).clip for clip in view.state.order]
    judge(qtbot, window, Qt.Key.Key_X)
    assert view.state.current.clip.id == order[1].id
    judge(qtbot, window, Qt.Key.Key_C)
    judge(qtbot, window, Qt.Key.Key_S)
    judge(qtbot, window, Qt.Key.Key_Z)
    assert view.state.current.clip.id == order[2].id
    assert child(window, "review.judged").text() == "2 of 4 judged"
    assert "Saved" in child(window, "review.saved").text()
    with open_project(project) as opened:
        stored = {
            clip: str(event.decision) for clip, event in opened.rooms.store.decisions().items()
        }
    assert stored == {order[0].id: "exclude", order[1].id: "keep"}


def test_back_and_next_move_without_judging(window, qtbot):
    view = window.views["review"]
    press(qtbot, window, Qt.Key.Key_D)
    press(qtbot, window, Qt.Key.Key_D)
    press(qtbot, window, Qt.Key.Key_A)
    assert view.state.place == 1
    assert view.state.marks == {}
    qtbot.waitUntil(lambda: seen(view), timeout=10000)
    name = view.state.current.clip.name
    assert child(window, "review.candidate.name").text() == f"{name}.mp4"


def test_saved_is_said_only_after_the_commit(window, qtbot):
    view, saved = window.views["review"], child(window, "review.saved")
    lane = window.context.project.lanes.store
    gate = lane.submit(
        "Hold the store", lambda token: token.pause() or token.check(), Priority.URGENT
    )
    try:
        qtbot.wait(90)
        press(qtbot, window, Qt.Key.Key_X)
        mark = next(iter(view.state.marks.values()))
        assert mark.saved == ""
        assert "Saved" not in saved.text()
        qtbot.waitUntil(lambda: saved.text() == "Saving", timeout=5000)
        assert window.status.saved.text() == "Saving"
    finally:
        gate.token.go_on()
    qtbot.waitUntil(lambda: "Saved" in saved.text(), timeout=5000)
    assert next(iter(view.state.marks.values())).saved


def test_a_held_key_never_judges_a_row_of_clips(window):
    for id in ("exclude", "keep", "later", "exclude_stay", "keep_stay", "clear"):
        assert not window.actions_table.action(f"judge.{id}").autoRepeat()


def test_overlay_keys_switch_both_stages_and_the_buttons_follow(window, qtbot):
    view = window.views["review"]
    assert view.playback.candidate.overlays == {"arrows"}
    press(qtbot, window, Qt.Key.Key_1)
    press(qtbot, window, Qt.Key.Key_3)
    assert view.playback.candidate.overlays == {"arrows", "flow", "mask"}
    assert view.playback.query.overlays == {"arrows", "flow", "mask"}
    press(qtbot, window, Qt.Key.Key_0)
    assert view.playback.candidate.overlays == frozenset()
    assert not view.transport._overlays["flow"].isChecked()
    press(qtbot, window, Qt.Key.Key_0)
    assert view.transport._overlays["flow"].isChecked()


def test_the_stage_paints_nothing_of_another_clip(window, qtbot):
    view = window.views["review"]
    painted = []
    view.candidate_stage.painted.connect(lambda clip, frame, turn: painted.append((clip, turn)))
    view.playback.candidate.turn += 1
    view.candidate_stage.repaint()
    assert painted == []
    view.playback.candidate.turn -= 1
    view.candidate_stage.repaint()
    assert painted == [(view.state.current.clip.id, view.playback.candidate.turn)]


def test_the_frame_label_is_the_painted_frame(window, qtbot):
    view = window.views["review"]
    press(qtbot, window, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: view.playback.candidate.image.frame == 7, timeout=5000)
    assert not view.playback.playing
    press(qtbot, window, Qt.Key.Key_Comma)
    qtbot.waitUntil(lambda: view.playback.candidate.image.frame == 6, timeout=5000)
    qtbot.waitUntil(lambda: view.transport._time.text() == "0.75 s", timeout=5000)


def test_space_plays_and_pauses_and_another_view_stops_the_clock(window, qtbot):
    view = window.views["review"]
    before = view.playback.playing
    press(qtbot, window, Qt.Key.Key_Space)
    assert view.playback.playing is not before
    view.playback.play(True)
    assert view.clock.running
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert not view.clock.running


def test_a_note_is_written_by_key_and_kept(window, qtbot, project):
    view = window.views["review"]
    clip = view.state.current.clip.id
    press(qtbot, window, Qt.Key.Key_N)
    note = child(window, "review.note")
    assert note.hasFocus()
    qtbot.keyClicks(note, "xc arms freeze")
    qtbot.keyClick(note, Qt.Key.Key_Return)
    assert view.candidate_stage.hasFocus()
    assert view.state.marks == {}
    judge(qtbot, window, Qt.Key.Key_X)
    with open_project(project) as opened:
        assert opened.rooms.store.decisions()[clip].note == "xc arms freeze"


def test_a_ranking_fills_the_strip_with_scores(window, qtbot):
    view = window.views["review"]
    clips = [candidate.clip.id for candidate in view.state.queue]
    rows = tuple(
        RankedClip(clip, 0.5 - 0.2 * n, n + 1, q_value=0.01, per_query={view.state.query.clip: 0.3})
        for n, clip in enumerate(reversed(clips))
    )
    view.shared.ranked(Ranking("centred", "a91f03", rows, (Query(view.state.query.clip),)))
    assert view.state.order == list(reversed(clips))
    index = view.strip.model().index(0, 0)
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("Candidate 1 of 4")
    assert "influence +0.50, undecided" in spoken
    assert view.bar._queues.currentText() == "Ranked by 1 query"


def test_everything_judged_is_said_with_the_way_on(window, qtbot):
    view = window.views["review"]
    for key in (Qt.Key.Key_X, Qt.Key.Key_C, Qt.Key.Key_C, Qt.Key.Key_X):
        judge(qtbot, window, key)
    assert view._pages.currentWidget() is view.empty
    assert view.empty._said._title.text() == "Everything here is judged"
    assert "2 excluded, 2 kept" in view.empty._said._text.text()
    view.state.set_filters(Filters(undecided=False))
    assert view._pages.currentWidget() is view.body


def test_a_filter_that_lets_nothing_through_is_said(window):
    view = window.views["review"]
    view.state.set_filters(Filters(flag="cartoon"))
    assert view.empty._said._title.text() == "No clip passes these filters"
    view.empty._said._button.click()
    assert view.state.current is not None


def test_a_project_without_clips_teaches(qtbot, qapp, tmp_path):
    project = tmp_path / "empty"
    create_project(project).close()
    with dressed_window(qapp, tmp_path / "s.ini") as window:
        window.open_project(project, view="review")
        qtbot.waitUntil(lambda: "review" in window.views, timeout=15000)
        view = window.views["review"]
        qtbot.waitUntil(lambda: view.state.snapshot is not None, timeout=15000)
        assert view.empty._said._title.text() == "No training clips yet"
        assert view.why_no_ranking() == "needs training clips"


def test_without_a_query_the_left_column_says_where_one_comes_from(qtbot, qapp, tmp_path):
    project = small_project(tmp_path, training=2, generations=0)
    with dressed_window(qapp, tmp_path / "s.ini") as window:
        window.open_project(project, view="review")
        qtbot.waitUntil(lambda: "review" in window.views, timeout=15000)
        view = window.views["review"]
        qtbot.waitUntil(lambda: seen(view), timeout=15000)
        assert not view.query_stage.isVisible()
        assert view.query_column._empty._title.text() == "No query yet"
        assert view.why_no_ranking() == "needs a generation or a reference"


@pytest.mark.parametrize(("width", "height"), [(1180, 680), (1280, 720), (1440, 900), (1920, 1080)])
def test_no_button_is_cut_and_nothing_overlaps(window, qtbot, width, height):
    view = window.views["review"]
    window.resize(width, height)
    qtbot.wait(50)
    for button in view.findChildren(QWidget):
        if button.isVisible() and button.objectName().startswith("review.decide."):
            assert button.width() >= button.sizeHint().width(), button.objectName()
            right = button.mapTo(view, button.rect().topRight()).x()
            assert right < view.width(), button.objectName()
    transport = [w for w in view.transport.findChildren(QWidget) if w.isVisible()]
    edges = sorted((w.x(), w.x() + w.width()) for w in transport if w.parent() is view.transport)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(edges))
    assert view.candidate_stage.width() >= view.query_stage.width()


@pytest.mark.parametrize(("width", "height"), [(1090, 440), (900, 420), (1400, 560), (700, 300)])
def test_the_candidate_is_the_larger_stage(width, height):
    left, right = arrange(width, height)
    assert left + GAP + right == width
    assert right >= left >= 280
    both = arrange(width, height, equal=True)
    assert abs(both[0] - both[1]) <= 1


def test_a_timeline_s_scale_is_readable():
    assert [nice_top(x) for x in (0.0, 0.7, 3.2, 9.0, 41.0)] == [0.5, 0.8, 4, 10, 50]
    assert list(ticks(132, 900)) == list(range(0, 132, 10))
    curve = [2.0] * 99 + [200.0]
    assert usual_top(curve) == pytest.approx(2.6)


def test_dragging_on_the_timeline_scrubs(window, qtbot):
    view, timeline = window.views["review"], window.views["review"].timeline
    view.playback.play(False)
    plot: QRectF = timeline._plot()
    middle = QPointF(plot.left() + plot.width() * 4 / 7, plot.center().y()).toPoint()
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.waitUntil(lambda: view.playback.candidate.image.frame == 4, timeout=5000)


def test_the_wheel_s_colours_are_those_of_the_fill():
    from motionlens.motion.colours import direction_colours

    for radians in (0.0, 1.0, 2.5, 4.0):
        mine = direction_color(radians)
        theirs = direction_colours(radians)
        assert (mine.red(), mine.green(), mine.blue()) == pytest.approx(tuple(theirs), abs=2)


def test_clips_that_are_not_analysed_say_so_with_the_button(window, qtbot):
    view = window.views["review"]
    assert child(window, "review.analyse").isVisible()
    child(window, "review.analyse").click()
    qtbot.waitUntil(lambda: bool(view.state.snapshot.motion), timeout=20000)
    assert not child(window, "review.analyse").isVisible()
    assert view.timeline._curve


def test_the_window_opens_where_it_was_left(window, qtbot, qapp, project, tmp_path):
    view = window.views["review"]
    press(qtbot, window, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: seen(view), timeout=10000)
    clip = view.state.current.clip.id
    press(qtbot, window, Qt.Key.Key_3)
    press(qtbot, window, Qt.Key.Key_Space)
    view.playback.seek(5)
    qtbot.waitUntil(lambda: view.state.snapshot.place.get("frame") == [clip, 5], timeout=10000)
    window.close()
    with dressed_window(qapp, tmp_path / "settings.ini") as again:
        with qtbot.waitSignal(again.opened, timeout=15000):
            again.open_project(project, view="review")
        view = again.views["review"]
        candidate = view.playback.candidate
        qtbot.waitUntil(
            lambda: candidate.image is not None and candidate.image.frame == 5, timeout=15000
        )
        assert view.state.current.clip.id == clip
        assert candidate.overlays == {"arrows", "mask"}
        assert not view.playback.playing
        assert again.status.saved.text() == "Open where you were, at frame 5"


def test_the_end_of_a_queue_sums_up_and_leads_on(window, qtbot):
    view = window.views["review"]
    for key in (Qt.Key.Key_X, Qt.Key.Key_C, Qt.Key.Key_X, Qt.Key.Key_C):
        judge(qtbot, window, key)
    qtbot.waitUntil(view.empty.isVisible, timeout=5000)
    buttons = {b.text(): b for b in view.empty.findChildren(Button) if b.isVisible()}
    assert set(buttons) == {"Export a manifest", "Train without the 2"}
    assert "2 excluded, 2 kept" in view.empty._said.accessibleName()
    buttons["Train without the 2"].click()
    assert window.actions_table.view == "train"


def test_what_the_model_sees_is_shown_by_a_key(window, qtbot):
    view = window.views["review"]
    press(qtbot, window, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    candidate = view.playback.candidate
    qtbot.waitUntil(lambda: candidate.sight is not None, timeout=30000)
    assert candidate.sight == view.playback.query.sight == ModelSight(16, 32, 32, True, False)
    assert window.actions_table.action("look.as_seen").isChecked()
    press(qtbot, window, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    assert candidate.sight is None
