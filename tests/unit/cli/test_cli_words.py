"""What holds for all verbs: one line for a mistake, one document for a script, Ctrl-C kept safe."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from motionlens.cli.parser import build_parser
from tests.support.verbs import slide, verb

MANY = 56


def test_help_of_every_verb_has_an_example() -> None:
    top = verb("--help")
    assert top.code == 0
    assert verb("--version").out.startswith("motionlens ")
    for name in build_parser()._subparsers._group_actions[0].choices:  # type: ignore[union-attr]
        told = verb(name, "--help")
        assert told.code == 0
        if name != "trial":
            assert f"motionlens {name}" in told.out.split("Example:")[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["brew", "tea"],
        ["index"],
        ["clips", "p", "--role", "villain"],
        ["rank", "p", "--top", "few"],
        ["clips", "no project here"],
        ["check-spelling"],
    ],
)
def test_a_mistake_is_one_line_and_with_json_one_document(arguments: list[str]) -> None:
    told = verb(*arguments).refused()
    assert told.out == ""
    asked = verb(*arguments, "--json").refused()
    assert asked.json["error"]["what"]
    assert asked.out.count("\n") == 1


def test_progress_goes_to_stderr_and_quiet_means_none(project: Path) -> None:
    loud = verb("analyse", project, "--again", "--json")
    assert "Analysing motion" in loud.err
    assert loud.json["done"]
    assert verb("analyse", project, "--again", "--json", "--quiet").err == ""


def test_a_bug_is_said_in_one_line_with_a_report(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motionlens.app import Project

    def broken(self: Project, **options: object) -> None:
        raise RuntimeError("the sky fell")

    monkeypatch.setattr(Project, "clips", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    got = verb("clips", project, "--json")
    assert got.code == 1
    assert (got.json["error"]["what"], got.json["error"]["why"]) == ("bug", "the sky fell")
    assert len(got.err.splitlines()) == 1
    assert "Traceback" not in got.err
    (report,) = tmp_path.glob("motionlens-report-*.txt")
    assert "the sky fell" in report.read_text()


def test_doctor_answers_whatever_is_missing() -> None:
    got = verb("doctor", "--json")
    assert got.code == 0
    assert got.json.keys() == {"ok", "checks"}
    assert {check["name"] for check in got.json["checks"]} >= {
        "python",
        "torch",
        "device",
        "codecs",
        "display",
        "disk",
    }
    for check in got.json["checks"]:
        assert check.keys() == {"name", "ok", "detail", "fix"}
        assert check["ok"] or check["fix"]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent another way there")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_was_committed_and_the_same_command_goes_on(
    sent: signal.Signals, tmp_path: Path
) -> None:
    project = tmp_path / "p"
    for number in range(MANY):
        slide(tmp_path / "m" / f"{number}.mp4", 1 + number % 7, frames=8 + number)
    verb("new", project)
    verb("add", project, tmp_path / "m")
    command = [sys.executable, "-m", "motionlens", "index", str(project), "--json"]
    child = subprocess.Popen(
        command,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what runs in its background with Ctrl-C ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    while child.poll() is None and not _journal(project):
        time.sleep(0.005)
    child.send_signal(sent)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 130, err
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("Interrupted.")
    assert json.loads(out)["error"]["what"] == "Interrupted"
    kept = _journal(project)
    assert 0 < len(kept) < MANY
    again = verb("index", project, "--json")
    assert (again.code, again.json["clips"]) == (0, MANY)
    assert _journal(project)[: len(kept)] == kept
    assert json.loads(verb("check", project, "--json").out)["ok"]


def _journal(project: Path) -> list[str]:
    return [line for file in project.glob("index/*/ids") for line in file.read_text().splitlines()]
