"""Lanes, tokens, mailboxes and progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from motionlens.domain.errors import Cancelled
from motionlens.lanes import (
    CancelToken,
    InlineLane,
    Mailbox,
    Priority,
    ProgressClock,
    SerialLane,
    Tick,
)
from motionlens.lanes.proxy import on_lane


@pytest.fixture
def lane() -> Iterator[SerialLane]:
    made = SerialLane("test")
    yield made
    assert made.close()


def test_urgent_work_overtakes_bulk(lane: SerialLane) -> None:
    gate, order = threading.Event(), []
    lane.submit("gate", lambda token: gate.wait(5))
    jobs = [
        lane.submit("bulk", lambda token: order.append("bulk"), Priority.BULK),
        lane.submit("normal", lambda token: order.append("normal")),
        lane.submit("urgent", lambda token: order.append("urgent"), Priority.URGENT),
    ]
    gate.set()
    for job in jobs:
        job.result(5)
    assert order == ["urgent", "normal", "bulk"]


def test_a_cancelled_job_says_so_and_the_lane_goes_on(lane: SerialLane) -> None:
    begun = threading.Event()

    def long_work(token: CancelToken) -> None:
        begun.set()
        while True:
            token.check()
            time.sleep(0.001)

    job = lane.submit("long", long_work)
    assert begun.wait(5)
    job.token.cancel()
    with pytest.raises(Cancelled):
        job.result(5)
    assert lane.submit("next", lambda token: 7).result(5) == 7


def test_an_error_comes_home_to_whoever_asks(lane: SerialLane) -> None:
    def broken(token: CancelToken) -> None:
        raise ValueError("broken")

    told = threading.Event()
    job = lane.submit("broken", broken)
    job.when_finished(lambda finished: told.set())
    assert told.wait(5)
    with pytest.raises(ValueError, match="broken"):
        job.result()


def test_a_closed_lane_cancels_what_waits() -> None:
    lane = SerialLane("closing")
    gate = threading.Event()
    lane.submit("gate", lambda token: gate.wait(5))
    waiting = lane.submit("waiting", lambda token: 1)
    threading.Timer(0.05, gate.set).start()
    assert lane.close()
    assert waiting.cancelled
    assert lane.submit("late", lambda token: 1).cancelled


def test_pausing_holds_a_job_between_steps(lane: SerialLane) -> None:
    token = CancelToken()
    token.pause()
    passed = threading.Event()

    def work(_: CancelToken) -> None:
        token.check()
        passed.set()

    job = lane.submit("paused", work)
    assert not passed.wait(0.05)
    token.go_on()
    job.result(5)
    assert passed.is_set()


def test_a_mailbox_keeps_the_newest_letter() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.put(1)
    assert not box.put(2)
    assert box.take() == 2
    assert box.take() is None


def test_progress_tells_time_only_once_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    ticks: list[Tick] = []
    clock = ProgressClock(ticks.append)
    clock("Indexing", 40, 100)  # resumed: 40 were done before
    now[0] += 1
    clock("Indexing", 41, 100)
    now[0] += 5
    clock("Indexing", 46, 100)
    assert [tick.left_s for tick in ticks[:2]] == [None, None]
    assert ticks[2].left_s == pytest.approx(6 / 6 * 54)


def test_a_proxy_runs_on_its_lane(lane: SerialLane) -> None:
    class Owner:
        name = "owner"

        def thread(self) -> str:
            return threading.current_thread().name

        def nested(self) -> str:
            return reached.thread()

    reached = on_lane(lane, Owner())
    assert reached.thread() == "lane test"
    assert reached.name == "owner"
    assert reached.nested() == "lane test"  # from the lane itself it does not wait for itself


def test_the_inline_lane_is_at_once() -> None:
    assert InlineLane().submit("now", lambda token: 3).result() == 3


def test_a_listener_that_fails_does_not_end_the_lane(
    lane: SerialLane, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: object) -> None:
        raise ValueError("mistake of a listener")

    gate = threading.Event()
    job = lane.submit("first", lambda _: gate.wait(5))
    job.when_finished(fails)
    gate.set()
    assert lane.submit("second", lambda _: 2).result(5) == 2
    assert "mistake of a listener" in caplog.text
    caplog.clear()


def test_a_lane_does_not_wait_for_itself(lane: SerialLane) -> None:
    assert lane.submit("close", lambda _: lane.close()).result(5) is False
