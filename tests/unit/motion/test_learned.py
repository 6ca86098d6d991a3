"""Learned backends as plugins: a tiny network of ours, really loaded and really run."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from motionlens.domain.errors import PluginError, UsageError
from motionlens.motion.flow import flow_backend
from motionlens.motion.flow.learned import flow_plugins, learned_flow, learned_tracks
from motionlens.plugins import FLOW, TRACKS, Plugin, Plugins, report
from tests.support import tiny_flow

from .scenes import pan, texture

HERE = "tests.support.tiny_flow"


@pytest.fixture(autouse=True)
def _no_discovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTIONLENS_PLUGINS", "none")
    monkeypatch.setenv("MOTIONLENS_DEVICE", "cpu")


def plugins() -> Plugins:
    return Plugins(
        [
            Plugin(FLOW, "tiny", f"{HERE}:tiny", "tiny-package"),
            Plugin(FLOW, "broken", "a_module_that_is_not_there:flow", "broken-package"),
            Plugin(FLOW, "no-name", f"{HERE}:nothing_here", "broken-package"),
            Plugin(FLOW, "empty", f"{HERE}:not_a_backend"),
            Plugin(FLOW, "raises", f"{HERE}:raises"),
            Plugin(FLOW, "shapeless", f"{HERE}:shapeless"),
            Plugin(TRACKS, "tiny", f"{HERE}:tiny_tracks"),
        ]
    )


@pytest.mark.parametrize("size", [(64, 96), (61, 83), (20, 120), (1, 1), (40, 40)])
def test_a_network_finds_a_shift_at_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    weights = tiny_flow.weights_of_flow(tmp_path / "tiny.safetensors")
    backend = learned_flow(f"tiny:{weights}", plugins())
    assert backend.name == f"tiny:{weights}"
    wide = texture(size[0], size[1] + 3) if min(size) > 1 else np.zeros((1, 4, 3), np.uint8)
    a, b = wide[:, 3:], wide[:, :-3]
    flow = backend.flow(a, b)
    assert flow.shape == (*size, 2)
    assert flow.dtype == np.float32
    if min(size) >= 20:
        middle = flow[6:-6, 6:-6].reshape(-1, 2)
        assert np.median(middle, axis=0) == pytest.approx([3, 0], abs=0.1)


def test_grey_pictures_become_three_colours(tmp_path: Path) -> None:
    weights = tiny_flow.weights_of_flow(tmp_path / "tiny.safetensors")
    backend = learned_flow(f"tiny:{weights}", plugins())
    grey = texture(48, 64)[..., 0]
    as_rgb = np.repeat(grey[..., None], 3, axis=2)
    assert np.array_equal(backend.flow(grey, grey), backend.flow(as_rgb, as_rgb))
    with pytest.raises(UsageError, match="same size"):
        backend.flow(grey, grey[:-1])


def _pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"features.weight": [1.0]}))


def _cut(path: Path) -> None:
    whole = tiny_flow.weights_of_flow(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _other_shape(path: Path) -> None:
    state = safetensors.torch.load_file(str(tiny_flow.weights_of_flow(path)))
    state["features.bias"] = torch.zeros(9)
    safetensors.torch.save_file(state, str(path))


def _other_keys(path: Path) -> None:
    safetensors.torch.save_file({"layer": torch.zeros(3)}, str(path))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_pickled, "pickles are not opened"),
        (_cut, "cut short"),
        (_other_shape, r"features.bias is \(9,\) and not \(8,\)"),
        (_other_keys, "features.bias is missing"),
        (lambda path: path.write_bytes(b""), "cut short"),
        (lambda path: None, "cannot be read"),
    ],
)
def test_weights_that_are_not_its_own_are_told(tmp_path: Path, spoil, said: str) -> None:
    path = tmp_path / "weights.safetensors"
    spoil(path)
    with pytest.raises(PluginError, match=said):
        learned_flow(f"tiny:{path}", plugins())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent", "(?i)no installed package brings it"),
        ("broken", "a_module_that_is_not_there"),
        ("no-name", "nothing_here"),
        ("empty", "has no flow"),
        ("raises", "(?i)a stranger's mistake"),
        ("tiny", "tiny:WEIGHTS.safetensors"),
    ],
)
def test_a_plugin_that_does_not_work_is_named(name: str, said: str) -> None:
    with pytest.raises(PluginError, match=said) as told:
        learned_flow(name, plugins())
    assert name in str(told.value)


def test_a_broken_plugin_is_blocked_and_the_others_work(tmp_path: Path) -> None:
    found = plugins()
    for _ in range(2):
        with pytest.raises(PluginError, match="blocked"):
            found.load(FLOW, "broken")
    assert list(found.blocked) == [(FLOW, "broken")]
    weights = tiny_flow.weights_of_flow(tmp_path / "tiny.safetensors")
    assert learned_flow(f"tiny:{weights}", found).flow(*pan(2, 2)).any()


def test_a_network_with_another_answer_is_told() -> None:
    with pytest.raises(PluginError, match="gives no flow"):
        learned_flow("shapeless", plugins()).flow(*pan(2, 2))


def test_an_absent_package_says_which_and_what_to_do(tmp_path: Path) -> None:
    try:
        import torchvision  # noqa: F401
    except ImportError:
        with pytest.raises(PluginError, match="pip install torchvision"):
            flow_backend(f"raft:{tmp_path / 'raft.safetensors'}")
    else:
        with pytest.raises(PluginError, match="cannot be read"):
            flow_backend(f"raft:{tmp_path / 'raft.safetensors'}")


def test_only_registered_names_lead_to_code() -> None:
    assert flow_plugins() == ["raft", "raft-small"]
    with pytest.raises(UsageError, match="raft:WEIGHTS"):
        flow_backend("os:system")
    with pytest.raises(PluginError, match=r"(?i)no installed package"):
        learned_flow("tests.support.tiny_flow:tiny", plugins())


def test_a_package_cannot_take_a_built_in_name() -> None:
    found = Plugins([Plugin(FLOW, "raft", f"{HERE}:tiny", "thief")])
    assert [p.package for p in found.known(FLOW) if p.name == "raft"] == [""]


def test_the_report_has_a_line_each_and_says_what_is_wrong() -> None:
    lines = {(plugin.group, plugin.name): why for plugin, why in report(plugins())}
    assert lines[FLOW, "tiny"] == ""
    assert "a_module_that_is_not_there" in lines[FLOW, "broken"]
    assert (FLOW, "raft") in lines
    assert (TRACKS, "cotracker") in lines


def test_aliases_are_the_presets() -> None:
    assert flow_backend("preview") is flow_backend("dis-fast")
    assert flow_backend("quality") is flow_backend("dis-fine")


def test_tracks_go_on_over_chunks(tmp_path: Path) -> None:
    weights = tiny_flow.weights_of_tracks(tmp_path / "tracks.safetensors")
    tracker = learned_tracks(f"tiny:{weights}", plugins())
    clip = np.stack([np.full((24, 40, 3), 2 * f, np.uint8) for f in range(11)])
    points, seen = tracker.tracks(clip, 3)
    assert points.shape == (11, 9, 2)
    assert seen.shape == (11, 9)
    assert np.allclose(points[:, 0, 0] - points[0, 0, 0], 2 * np.arange(11), atol=1e-3)
    assert seen[0].all()
    assert not seen[10, 8]
    single, _ = tracker.tracks(clip[:1], 2)
    assert single.shape == (1, 4, 2)
