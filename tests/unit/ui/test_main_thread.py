"""The hop: calls arrive on the GUI thread, in order, and are dropped once it is closed."""

from __future__ import annotations

import threading

from motionlens.ui.main_thread import InlineMainThread, MainThread


def test_calls_from_another_thread_arrive_here_in_order(qtbot):
    hop, seen = MainThread(), []

    def work():
        for n in range(50):
            hop(lambda n=n: seen.append((n, threading.current_thread())))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == []
    qtbot.waitUntil(lambda: len(seen) == 50, timeout=3000)
    assert seen == [(n, threading.main_thread()) for n in range(50)]


def test_after_closing_nothing_arrives(qtbot, qapp):
    hop, seen = MainThread(), []
    hop(lambda: seen.append("late"))
    hop.close()
    hop(lambda: seen.append("later"))
    qapp.processEvents()
    assert seen == []


def test_the_inline_one_is_at_once():
    seen = []
    InlineMainThread()(lambda: seen.append(1))
    assert seen == [1]
