"""Which process is which, even after its number is used again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

from motionlens.finetune.process import current, hold_alone, identify, identity_from_json

WAIT = [sys.executable, "-c", "import sys; sys.stdin.read()"]


def test_this_process_is_alive_and_comes_back_from_json() -> None:
    own = current()
    assert own.pid == os.getpid()
    assert own.alive()
    assert identity_from_json(asdict(own)) == own


def test_a_reused_number_or_another_boot_is_another_process() -> None:
    own = current()
    assert not replace(own, started=own.started - 1).alive()
    assert not replace(own, boot="another").alive()


def test_a_killed_child_is_dead_before_it_is_reaped() -> None:
    with subprocess.Popen(WAIT, stdin=subprocess.PIPE) as child:
        identity = identify(child.pid)
        assert identity is not None
        assert identity.alive()
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not identity.alive()
    assert identify(child.pid) is None


def test_a_lock_is_held_by_one_and_let_go_at_death(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = (
        "import sys; from pathlib import Path;"
        "from motionlens.finetune.process import hold_alone;"
        "held = hold_alone(Path(sys.argv[1])); print(held is not None, flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"True\n"
        assert hold_alone(path) is None
        child.kill()
    held = hold_alone(path)
    assert held is not None
    held.close()
