"""The script that makes the shipped weights: a killed run goes on and ends the same."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from motionlens.models.registry import load_model

SCRIPT = Path(__file__).resolve().parents[3] / "packaging" / "make_weights.py"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module of its own."""
    if not SCRIPT.is_file():
        pytest.skip("needs the checkout: the script is not part of an installed package")
    spec = importlib.util.spec_from_file_location("make_weights", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "make_weights", module)
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec.loader.exec_module(module)
    return module


def test_a_killed_run_goes_on_to_the_same_weights(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(folder: str) -> str:
        arguments = ["make_weights", "--out", str(tmp_path / folder), "--steps", "3"]
        arguments += ["--pool", "3", "--snapshot-every", "2"]
        monkeypatch.setattr(sys, "argv", arguments)
        script.main()
        return load_model(tmp_path / folder, "cpu").weights_hash

    monkeypatch.setattr(script, "BATCH", 2)
    whole = run("whole")
    one_step = script._one_step

    def killed_in_the_last_step(training: object, batch: object, steps: int) -> float:
        if training.step == 2:  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        return float(one_step(training, batch, steps))

    with monkeypatch.context() as patch:
        patch.setattr(script, "_one_step", killed_in_the_last_step)
        with pytest.raises(KeyboardInterrupt):
            run("killed")
    assert run("killed") == whole
