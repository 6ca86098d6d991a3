"""What a gradient needs, computed dry, against what a real step was measured to take."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from motionlens.models.checkpoints import CHECKPOINTS, list_checkpoints
from motionlens.models.memory import Size, memory_here, needed

FACTOR = 1.6


def measured_peak(step: Callable[[], None]) -> float:
    """Bytes that a step holds at once, by the allocator's own record."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        step()
    kept = record.profiler
    assert kept is not None
    events = [e for e in kept.kineto_results.events() if e.name() == "[memory]"]
    now = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        most = max(most, now)
    return most


@pytest.mark.parametrize("checkpointing", [True, False])
@pytest.mark.parametrize("family", ["wan", "cogvideox", "ltx"])
def test_dry_calculation_agrees_with_a_measured_step(family: str, checkpointing: bool) -> None:
    pytest.importorskip("diffusers", reason="diffusers is not installed")
    pytest.importorskip("transformers", reason="transformers is not installed")
    network, step, tokens, inner = _MAKERS[family]()
    if checkpointing:
        network.enable_gradient_checkpointing()
    step()  # what is made once and kept is no part of a step
    parameters = sum(weight.numel() for weight in network.parameters())
    size = Size(parameters, 0, 0, width=64, blocks=3, inner=inner, tokens=tokens)
    need = needed(size, 4, checkpointing=checkpointing)
    told = (need.gradients + need.activations) * 1e9
    peak = measured_peak(step)
    assert peak / FACTOR < told < peak * FACTOR, f"told {told:,.0f}, measured {peak:,}"


def _wan() -> tuple[torch.nn.Module, Callable[[], None], int, int]:
    from motionlens.models.heavy import require_diffusers

    network = require_diffusers().WanTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=32,
        text_dim=32,
        freq_dim=64,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        num_layers=3,
        ffn_dim=320,
    )
    z, text = torch.randn(1, 16, 3, 24, 24), torch.randn(1, 32, 32)
    return network, _step(network, z, torch.tensor([600.0]), text), 3 * 12 * 12, 320


def _cogvideox() -> tuple[torch.nn.Module, Callable[[], None], int, int]:
    from motionlens.models.heavy import require_diffusers

    network = require_diffusers().CogVideoXTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=32,
        num_layers=3,
        sample_width=24,
        sample_height=24,
        sample_frames=9,
        text_embed_dim=32,
        time_embed_dim=32,
        max_text_seq_length=32,
    )
    z, text = torch.randn(1, 3, 16, 24, 24), torch.randn(1, 32, 32)
    return network, _step(network, z, text, torch.tensor([600])), 3 * 12 * 12 + 32, 256


def _ltx() -> tuple[torch.nn.Module, Callable[[], None], int, int]:
    from motionlens.models.heavy import require_diffusers

    network = require_diffusers().LTXVideoTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=32,
        num_layers=3,
        cross_attention_dim=64,
        caption_channels=32,
        in_channels=16,
        out_channels=16,
    )
    z, text, mask = torch.randn(1, 3 * 12 * 12, 16), torch.randn(1, 32, 32), torch.ones(1, 32)
    told = (torch.tensor([600.0]), mask, 3, 12, 12)
    return network, _step(network, z, text, *told), 3 * 12 * 12, 256


def _step(network: torch.nn.Module, *given: object) -> Callable[[], None]:
    def step() -> None:
        out = network(*given, return_dict=False)[0]
        torch.autograd.grad((out**2).mean(), list(network.parameters()), allow_unused=True)

    return step


_MAKERS = {"wan": _wan, "cogvideox": _cogvideox, "ltx": _ltx}


def test_known_models_are_as_large_as_their_published_networks() -> None:
    """Built without memory from the published numbers; the paper's D (arXiv 2601.08828, F.1)."""
    pytest.importorskip("diffusers", reason="diffusers is not installed")
    from motionlens.models.heavy import require_diffusers

    diffusers = require_diffusers()
    by_name = {one.name: one.size for one in CHECKPOINTS}
    with torch.device("meta"):
        wan = diffusers.WanTransformer3DModel(
            num_attention_heads=12,
            attention_head_dim=128,
            text_dim=4096,
            freq_dim=256,
            cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
            num_layers=30,
            ffn_dim=8960,
        )
        ltx = diffusers.LTXVideoTransformer3DModel()
    assert sum(w.numel() for w in wan.parameters()) == by_name["wan-2.1-1.3b"].parameters
    assert by_name["wan-2.1-1.3b"].parameters == 1_418_996_800
    assert sum(w.numel() for w in ltx.parameters()) == by_name["ltx-video-2b"].parameters


def test_need_falls_with_fewer_tracked_parameters_and_with_checkpointing() -> None:
    size = CHECKPOINTS[0].size
    whole = needed(size, 4)
    assert whole.device > needed(size, 2).device
    assert needed(size, 4, tracked=0).device == pytest.approx(whole.least)
    assert needed(size, 4, checkpointing=False).activations > 5 * whole.activations
    assert whole.gradients == pytest.approx(5.676, abs=0.001)


def test_rows_of_known_models_say_why_they_cannot_be_used_yet() -> None:
    here, where, _ = memory_here()
    assert here > 0.5
    assert where
    rows = list_checkpoints()
    assert len({row.name for row in rows}) == len(rows) == len(CHECKPOINTS)
    for row in rows:
        assert not row.ready
        assert ("weights are not here" in row.why_not) == (row.needs_gb < round(here, 1))
        assert row.here_gb == round(here, 1)


def test_listing_and_the_embedded_model_leave_diffusers_alone(tmp_path: Path) -> None:
    """Its import takes seconds: who does not use it does not wait for it."""
    code = """
import sys
from motionlens.cli import main
assert main(["models"]) == 0
assert "torch" not in sys.modules, "listing models imported torch"
from motionlens.models.registry import load_model
import numpy as np
model = load_model("embedded", "cpu")
model.prepare_captions(["a ball bounces"])
latent = model.encode(np.zeros((5, 32, 32, 3), np.uint8))
condition = model.condition("a ball bounces")
model.loss(latent[None], condition[None], 0.6, model.noise(0)).mean().backward()
heavy = {"diffusers", "transformers", "accelerate", "peft"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "wan-2.1-1.3b" in done.stdout
