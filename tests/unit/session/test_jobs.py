"""Jobs: what is listed, paused, cancelled, and how an error is told."""

from __future__ import annotations

import threading

import pytest

from motionlens.domain.errors import MediaError
from motionlens.lanes import InlineLane, SerialLane
from motionlens.session.jobs import JobsState, JobState


def inline(call):
    call()


def test_a_job_ends_with_the_line_its_answer_gives():
    jobs = JobsState(inline)

    def work(progress, token):
        progress("Counting", 1, 4)
        return 4

    key = jobs.start("Count", "count", InlineLane(), work, done=lambda n: f"{n} counted")
    row = jobs.row(key)
    assert (row.state, row.outcome) == (JobState.DONE, "4 counted")
    assert (row.what, row.done, row.total, row.share) == ("Counting", 1, 4, 0.25)
    assert jobs.live == []


def test_an_expected_error_is_told_in_its_own_words():
    jobs, told = JobsState(inline), []

    def work(progress, token):
        raise MediaError("x.mp4 cannot be read", "it is empty", "Leave it out")

    key = jobs.start("Read", "add", InlineLane(), work, failed=told.append)
    assert jobs.row(key).state is JobState.FAILED
    assert jobs.row(key).outcome == "x.mp4 cannot be read: it is empty"
    assert told[0].next_step == "Leave it out"


def test_pause_holds_between_steps_and_cancel_ends_as_stopped():
    calls: list = []
    jobs = JobsState(calls.append)
    lane, began, steps = SerialLane("test"), threading.Event(), []

    def work(progress, token):
        began.set()
        while True:
            token.check()
            steps.append(len(steps))
            progress("Stepping", len(steps), 1000)

    key = jobs.start("Step", "index", lane, work)
    assert began.wait(5)
    jobs.pause(key)
    assert jobs.row(key).state is JobState.PAUSED
    assert [row.key for row in jobs.running("index")] == [key]
    jobs.cancel(key)
    assert lane.close()
    while calls:
        calls.pop(0)()
    assert jobs.row(key).state is JobState.CANCELLED
    assert jobs.running("index") == []


def test_many_ticks_leave_one_letter_only():
    calls: list = []
    jobs = JobsState(calls.append)

    def work(progress, token):
        for n in range(1000):
            progress("Many", n, 1000)

    key = jobs.start("Many", "x", InlineLane(), work)
    assert len(calls) == 3  # began, the newest tick, finished
    for call in calls:
        call()
    assert jobs.row(key).done == 999


@pytest.mark.parametrize("state", [JobState.DONE, JobState.CANCELLED])
def test_an_external_job_is_reported_from_outside(state):
    jobs, stopped = JobsState(inline), []
    key = jobs.external("Train a", "train", "chart-line", lambda: stopped.append(1))
    jobs.report(key, "step 5 of 10", 5, 10, 3.0)
    assert jobs.running("train")[0].left_s == 3.0
    jobs.cancel(key)
    assert stopped == [1]
    jobs.report(key, "", 10, 10, None, state, "over")
    assert jobs.running("train") == []
    assert jobs.row(key).outcome == "over"
