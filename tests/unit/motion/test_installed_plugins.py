"""Plugins of installed packages, really discovered: a package beside the test, put on the path."""

from __future__ import annotations

from pathlib import Path

import pytest

from motionlens.domain.clip import Flag
from motionlens.motion.flaggers import strangers
from motionlens.plugins import FLAGGERS, FLOW, VARIABLE, Plugins, report

CODE = """
from motionlens.domain.clip import Flag

class Calm:
    def judge(self, evidence):
        return Flag("calm", 0.5, "hardly moves", over=True)
"""
ENTRIES = """[motionlens.flaggers]
calm = their_flaggers:Calm
gone = their_flaggers:Gone

[motionlens.flow]
raft = their_flaggers:Calm
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_flaggers.py").write_text(CODE)
    info = tmp_path / "their_flaggers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-flaggers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.mark.usefixtures("installed")
def test_flaggers_of_packages_are_found_and_broken_ones_named() -> None:
    found, blocked = strangers._installed()
    assert found["calm"].judge(None) == Flag("calm", 0.5, "hardly moves", True)
    assert "calm" not in blocked
    assert "Gone" in blocked["gone"]


@pytest.mark.usefixtures("installed")
def test_a_package_cannot_take_the_name_of_a_built_in() -> None:
    raft = next(plugin for plugin in Plugins().known(FLOW) if plugin.name == "raft")
    assert raft.where.startswith("motionlens.")
    assert raft.package == ""


@pytest.mark.usefixtures("installed")
def test_the_report_says_who_brought_what_and_why_it_fails() -> None:
    lines = {p.name: (p.package, why) for p, why in report() if p.group == FLAGGERS}
    assert lines["calm"] == ("their-flaggers", "")
    assert lines["gone"][0] == "their-flaggers"
    assert "Gone" in lines["gone"][1]


@pytest.mark.usefixtures("installed")
def test_no_package_is_asked_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "none")
    assert strangers._installed() == ({}, {})
