"""Children that answer over pipes: real processes, really killed, stopped and filled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from motionlens.domain.errors import Cancelled
from motionlens.lanes import CancelToken
from motionlens.lanes.child import Child, ChildDied, ChildHung, own_package
from motionlens.lanes.shared import PAGE, SharedBytes, Shelf
from motionlens.lanes.wire import Garbled, Unpacker, pack
from tests.support.processes import ended, gone, linux, open_files

pytestmark = linux
CHECKOUT = Path(__file__).resolve().parents[3]
ECHO = [sys.executable, str(CHECKOUT / "tests" / "support" / "echo_child.py")]
PATIENCE_S = 30.0


@pytest.fixture
def child():
    made = Child(ECHO, own_package())
    yield made
    made.close()


def test_answers_come_back_small_and_large(child):
    large = np.random.default_rng(0).integers(0, 255, 9_000_000, np.uint8)
    for size in (0, 3, 20_000, len(large)):
        header = {"do": "echo", "value": size, "id": 1}
        got = child.ask(header, PATIENCE_S, blocks=[large[:size], b"beside"])
        assert got.header["answer"] == size
        assert np.array_equal(np.frombuffer(got.blocks[0], np.uint8), large[:size])
        assert bytes(got.blocks[1]) == b"beside"
    assert child.ask({"do": "echo", "value": "ü \udcff"}, PATIENCE_S).header["answer"] == "ü \udcff"


def test_shared_memory_is_used_again_when_nothing_refers_to_it(child):
    block = bytes(range(256)) * 4000
    kept = [child.ask({"do": "echo", "value": n}, PATIENCE_S, blocks=[block]) for n in range(3)]
    most = os.fstat(child.shared.fd).st_size
    assert most >= 3 * len(block)
    views = [np.frombuffer(message.blocks[0], np.uint8)[5:] for message in kept]
    del kept
    for n in range(5):  # what is still looked at stays
        child.ask({"do": "echo", "value": n}, PATIENCE_S, blocks=[bytes(len(block))])
    assert all(bytes(view) == block[5:] for view in views)
    most = os.fstat(child.shared.fd).st_size
    del views
    for n in range(20):
        child.ask({"do": "echo", "value": n}, PATIENCE_S, blocks=[block])
    assert os.fstat(child.shared.fd).st_size == most


def test_a_shelf_fills_its_gaps_and_ends():
    shelf = Shelf(10 * PAGE)
    places = [shelf.place(3 * PAGE), shelf.place(1), shelf.place(2 * PAGE)]
    assert places == [0, 3 * PAGE, 4 * PAGE]
    shelf.free(0)
    assert shelf.place(4 * PAGE) == 6 * PAGE
    assert shelf.place(2 * PAGE) == 0
    assert shelf.place(PAGE) == 2 * PAGE
    assert shelf.place(1) is None


def test_what_libraries_print_is_kept_for_reports_and_garbles_nothing(child):
    assert child.ask({"do": "noise"}, PATIENCE_S).header["answer"] == "quiet"
    assert "printed by a library" in child.log_tail()
    assert "written by native code" in child.log_tail()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_crash_is_told_by_its_signal_and_leaves_nothing(child, number):
    child.ask({"do": "echo", "value": 0}, PATIENCE_S)
    child.send({"do": "hold", "id": 1}, PATIENCE_S)
    os.kill(child.pid, number)
    with pytest.raises(ChildDied, match=number.name) as died:
        child.receive(PATIENCE_S)
    assert died.value.code == -number
    assert gone(child.pid)
    assert not child.alive
    # The log names the place in our code, for a report.
    assert ("echo_child.py" in died.value.log) == (number != signal.SIGKILL)


def test_an_end_without_an_answer_is_told(child):
    with pytest.raises(ChildDied, match="code 3"):
        child.ask({"do": "exit", "code": 3}, PATIENCE_S)
    with pytest.raises(ChildDied):
        child.ask({"do": "echo", "value": 0}, PATIENCE_S)


def test_silence_is_ended(child):
    child.ask({"do": "echo", "value": 0}, PATIENCE_S)
    os.kill(child.pid, signal.SIGSTOP)
    with pytest.raises(ChildHung, match=r"no answer for 0\.4 seconds"):
        child.ask({"do": "echo", "value": 0}, 0.4)
    assert gone(child.pid)


def test_a_child_that_reads_nothing_is_ended(child):
    child.ask({"do": "echo", "value": 0}, PATIENCE_S)
    os.kill(child.pid, signal.SIGSTOP)
    with pytest.raises(ChildHung):
        child.send({"do": "echo", "value": 0}, 0.4, blocks=[bytes(1_000_000)])
    assert gone(child.pid)


def test_signs_of_life_count_as_answers(child):
    child.ask({"do": "echo", "value": 0}, PATIENCE_S)
    got = child.ask({"do": "work", "steps": 24, "id": 1}, 1.5)
    assert got.header["answer"] == "worked"


def test_waiting_ends_with_the_job(child):
    token = CancelToken()
    child.ask({"do": "echo", "value": 0}, PATIENCE_S)
    os.kill(child.pid, signal.SIGSTOP)
    threading.Timer(0.2, token.cancel).start()
    with pytest.raises(Cancelled):
        child.ask({"do": "echo", "value": 0}, PATIENCE_S, token.check)
    child.close()
    assert gone(child.pid)


def test_memory_is_bounded(child):
    assert child.ask({"do": "fill", "bytes": 1 << 20}, PATIENCE_S).header["answer"] == 1 << 20
    got = child.ask({"do": "fill", "bytes": 256 << 20}, PATIENCE_S)
    assert got.header["answer"] == "no memory"


def test_nothing_is_left_behind():
    before = open_files()
    pids = []
    for how in ("close", "drop", "kill", "twice"):
        child = Child(ECHO, own_package())
        child.ask({"do": "echo", "value": 0}, PATIENCE_S, blocks=[bytes(50_000)])
        pids.append(child.pid)
        if how == "close":
            child.close()
        elif how == "kill":
            child.kill()
            child.close()
        elif how == "twice":
            child.close()
            child.close()
        del child
    assert open_files() == before
    assert all(gone(pid) for pid in pids)


def test_a_program_that_cannot_start_is_the_systems_error_and_leaves_nothing(tmp_path):
    before = open_files()
    with pytest.raises(OSError):
        Child([str(tmp_path / "none")])
    assert open_files() == before


@pytest.mark.parametrize("said", [b"x" * 100, b"MLc1" + b"\xff" * 60])
def test_nonsense_is_no_answer(said):
    child = Child([sys.executable, "-c", f"import os, time; os.write(1, {said!r}); time.sleep(60)"])
    with pytest.raises(ChildDied):
        child.receive(PATIENCE_S)
    assert gone(child.pid)


_PARENT = """
import sys, time
from motionlens.lanes.child import Child, own_package
child = Child(sys.argv[1:], own_package())
child.ask({"do": "echo", "value": 0}, 30)
child.send({"do": "hold", "id": 1}, 30)
time.sleep(0.2)
print(child.pid, flush=True)
time.sleep(60)
"""


def test_a_child_that_hangs_dies_with_its_killed_parent():
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, *ECHO], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    try:
        pid = int(parent.stdout.readline())
        assert not ended(pid, 0)
        parent.kill()
        parent.wait()
        assert ended(pid)
    finally:
        parent.kill()
        parent.communicate()


def test_messages_are_whole_however_they_are_cut():
    sent = [
        ({"n": 1}, [b"", b"abc"]),
        ({"text": "x" * 1000}, []),
        ({}, [np.arange(12, dtype=np.uint8)]),
    ]
    stream = b"".join(bytes(part) for header, blocks in sent for part in pack(header, blocks))
    for step in (1, 7, len(stream)):
        unpacker, got = Unpacker(), []
        for at in range(0, len(stream), step):
            unpacker.feed(stream[at : at + step])
            while (message := unpacker.next()) is not None:
                got.append((message.header, [bytes(block) for block in message.blocks]))
        assert got == [(header, [bytes(block) for block in blocks]) for header, blocks in sent]


def test_headers_that_are_no_documents_are_refused():
    for text in (b"{", b"[1]", b"\xff"):
        head = b"MLc1" + len(text).to_bytes(4, "little") + bytes(4)
        unpacker = Unpacker()
        unpacker.feed(head + text)
        with pytest.raises(Garbled):
            unpacker.next()


def test_shared_memory_grows_on_one_side_and_is_seen_on_the_other():
    mine = SharedBytes()
    other = SharedBytes(os.dup(mine.fd))
    mine.grow(10)
    mine.view(2, 3)[:] = b"abc"
    seen = other.view(2, 3)
    mine.grow(50_000)
    assert bytes(other.view(49_999, 1)) == b"\0"
    assert bytes(seen) == b"abc"
    for start, length in ((0, 50_001), (-1, 2), (50_000, 1)):
        with pytest.raises(ValueError):
            other.view(start, length)
    with pytest.raises(OSError):
        os.ftruncate(mine.fd, 1)  # the ground is never taken from under the other's feet
    mine.close()
    other.close()
    mine.close()
