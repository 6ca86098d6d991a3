"""Trains the embedded model from nothing and writes the weights that MotionLens ships.

    python packaging/make_weights.py --out resources/weights/embedded

The recipe: 10,000 clips of the simulated world, 35 % of them with planted false motion of six kinds
in equal shares, drawn in colour at 256x256 and read through the same path as any clip; mirrored and
inverted at random; AdamW, batch 16, a moving average of the weights. One thread: on two busy cores
two threads are slower than one. Interrupted, it goes on from its last snapshot.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Read when numpy is imported; idle BLAS threads that spin cost more than they give.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from motionlens.files import atomic_file, read_json, write_json
from motionlens.models.embedded import CLASSES, NO_CLASS, EmbeddedModel
from motionlens.models.weights import save_embedded
from motionlens.worlds.matched import FALSE, matched_set, simulate_matched
from motionlens.worlds.opencv import opencv
from motionlens.worlds.physics import SimulatedClip, pool_set, simulate

BATCH = 16
LEARNING_RATE = 1e-3
WARM_UP = 50
DECAY_SHARE = 0.35
AVERAGE = 0.998
CLASS_DROPPED = 0.1
MATCHED_POOL_SEEDS = 50_000_000


@dataclass
class Training:
    """Everything that changes from step to step."""

    model: EmbeddedModel
    average: EmbeddedModel
    optimiser: torch.optim.AdamW
    step: int = 0


def main() -> None:
    """Parses the command line, renders the pool, trains, writes."""
    options = _options()
    torch.set_num_threads(options.threads)
    opencv().setNumThreads(1)
    training = _fresh(options.seed)
    _resume(training, options.checkpoints, options.steps)
    if training.step < options.steps:
        latents, classes = training_pool(options)
        train(training, latents, classes, options)
    _publish(training, options.out, options)
    print(f"wrote {options.out}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=7000, help="training steps of 16 clips")
    parser.add_argument("--out", type=Path, required=True, help="folder for the finished weights")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--world", choices=("physics", "matched"), default="physics")
    parser.add_argument("--pool", type=int, default=10_000, help="number of training clips")
    parser.add_argument("--snapshot-every", type=int, default=1000, help="steps")
    parser.add_argument("--checkpoints", type=Path, help="folder (default: OUT/checkpoints)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    options.checkpoints = options.checkpoints or options.out / "checkpoints"
    return options


def training_pool(options: argparse.Namespace) -> tuple[Tensor, Tensor]:
    """The rendered clips, kept beside the checkpoints: 33 KB a clip, minutes to make."""
    count, seed = options.pool, options.seed
    file = options.checkpoints / f"pool-{options.world}-{count}-{seed}.safetensors"
    if file.is_file():
        kept = safetensors.torch.load_file(file)
        return kept["latents"], kept["classes"]
    latents, classes = render_pool(count, seed, options.world)
    with atomic_file(file) as opened:
        opened.write(safetensors.torch.save({"latents": latents, "classes": classes}))
    return latents, classes


def render_pool(count: int, seed: int, world: str) -> tuple[Tensor, Tensor]:
    """The training clips as the model sees them; those of the matched world have no class.

    Returns
    -------
    tuple
        (N, 1, 16, 32, 32) float16 and (N,) int64 classes.
    """
    encoder = EmbeddedModel.untrained()
    latents = torch.empty(count, 1, encoder.frames, *encoder.size, dtype=torch.float16)
    classes = torch.empty(count, dtype=torch.int64)
    start = time.perf_counter()
    for index, clip in enumerate(_clips(count, seed, world)):
        latents[index] = encoder.encode(clip.frames).half()
        classes[index] = CLASSES.index(clip.motion_class) if world == "physics" else NO_CLASS
        if (index + 1) % 1000 == 0:
            rate = (index + 1) / (time.perf_counter() - start)
            print(f"rendered {index + 1}/{count} clips, {rate:.0f}/s", flush=True)
    return latents[: index + 1], classes[: index + 1]


def _clips(count: int, seed: int, world: str) -> Iterator[SimulatedClip]:
    if world == "physics":
        yield from (simulate(spec.seed, spec.kind) for spec in pool_set(count, seed=seed))
        return
    for spec in matched_set(seed, count, round(0.35 * count), first=MATCHED_POOL_SEEDS):
        yield simulate_matched(spec.seed, spec.kind == FALSE)


def train(
    training: Training, latents: Tensor, classes: Tensor, options: argparse.Namespace
) -> None:
    """Runs the steps that are left, with snapshots on the way."""
    recent: list[float] = []
    clock, cpu, first = time.perf_counter(), time.process_time(), training.step
    for batch in _batches(latents, classes, options.seed, training.step, options.steps):
        recent.append(_one_step(training, batch, options.steps))
        if training.step % 50 == 0:
            done = (training.step - first) * BATCH
            wall, busy = time.perf_counter() - clock, time.process_time() - cpu
            print(
                f"step {training.step}/{options.steps} loss {np.mean(recent):.4f} "
                f"{done / wall:.1f} clips/s {done / busy:.1f} clips/CPU-s",
                flush=True,
            )
            recent.clear()
        if training.step % options.snapshot_every == 0 or training.step == options.steps:
            _snapshot(training, options)


@dataclass(frozen=True)
class Batch:
    """One step's clips, conditions, noise levels and noise."""

    latents: Tensor
    conditions: Tensor
    levels: Tensor
    noise: Tensor


def _batches(latents: Tensor, classes: Tensor, seed: int, first: int, last: int) -> Iterator[Batch]:
    """Each step's batch depends on seed and step alone, so that a resumed run is the same run."""
    normal = torch.distributions.Normal(0.0, 1.0)
    for step in range(first, last):
        random = torch.Generator().manual_seed(seed * 1_000_003 + step)
        chosen = torch.randint(len(latents), (BATCH,), generator=random)
        clips = latents[chosen].float()
        mirrored = torch.rand(BATCH, generator=random) < 0.5
        clips = torch.where(mirrored[:, None, None, None, None], clips.flip(-1), clips)
        inverted = torch.rand(BATCH, generator=random) < 0.5
        clips = torch.where(inverted[:, None, None, None, None], -clips, clips)
        known = classes[chosen]
        dropped = torch.rand(BATCH, generator=random) < CLASS_DROPPED
        conditions = torch.where(dropped, torch.full_like(known, NO_CLASS), known)
        # One level from each sixteenth of the distribution: less noise in the gradient.
        order = torch.randperm(BATCH, generator=random)
        quantile = (order + torch.rand(BATCH, generator=random)) / BATCH
        levels = torch.sigmoid(0.4 + normal.icdf(quantile.clamp(1e-4, 1 - 1e-4)))
        noise = torch.randn(clips[:, :, 4:].shape, generator=random)
        yield Batch(clips, conditions, levels, noise)


def _one_step(training: Training, batch: Batch, steps: int) -> float:
    for group in training.optimiser.param_groups:
        group["lr"] = _rate(training.step, steps)
    loss = training.model.loss(batch.latents, batch.conditions, batch.levels, batch.noise).mean()
    training.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    parameters = list(training.model.network.parameters())
    nn.utils.clip_grad_norm_(parameters, 1.0)
    training.optimiser.step()
    training.step += 1
    # In the first steps a long average would hold mostly the weights it began with.
    keep = min(AVERAGE, training.step / (training.step + 9))
    averages = list(training.average.network.parameters())
    with torch.no_grad():
        torch._foreach_lerp_(averages, parameters, 1 - keep)
    return float(loss.detach())


def _rate(step: int, steps: int) -> float:
    left = (steps - step) / (DECAY_SHARE * steps)
    return LEARNING_RATE * min(1.0, (step + 1) / WARM_UP, left)


def _fresh(seed: int) -> Training:
    model = EmbeddedModel.untrained(seed)
    optimiser = torch.optim.AdamW(
        model.network.parameters(), LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0.01, fused=True
    )
    return Training(model, EmbeddedModel.untrained(seed), optimiser)


def _snapshot(training: Training, options: argparse.Namespace) -> None:
    """The average for use, and all that is needed to go on (safetensors, no pickle)."""
    folder: Path = options.checkpoints
    _publish(training, folder / f"step-{training.step:05d}", options)
    tensors = {}
    moments = training.optimiser.state
    for name, value in training.model.network.named_parameters():
        tensors[f"weight.{name}"] = value.detach()
        tensors[f"first.{name}"] = moments[value]["exp_avg"]
        tensors[f"second.{name}"] = moments[value]["exp_avg_sq"]
    for name, value in training.average.network.named_parameters():
        tensors[f"average.{name}"] = value.detach()
    with atomic_file(folder / "state.safetensors") as file:
        file.write(safetensors.torch.save(tensors))
    write_json(folder / "state.json", {"step": training.step, "steps": options.steps})


def _resume(training: Training, folder: Path, steps: int) -> None:
    if not (folder / "state.json").is_file():
        return
    state = read_json(folder / "state.json")
    flat = min(state["steps"], steps) * (1 - DECAY_SHARE)
    if state["steps"] != steps and state["step"] > flat:
        # Up to there the learning rate does not depend on the number of steps.
        raise SystemExit(
            f"{folder} holds a run of {state['steps']} steps that is past step {flat:.0f}; "
            f"give --steps {state['steps']} or another folder"
        )
    tensors = safetensors.torch.load_file(folder / "state.safetensors")
    training.step = int(state["step"])
    with torch.no_grad():
        for name, value in training.model.network.named_parameters():
            value.copy_(tensors[f"weight.{name}"])
            training.optimiser.state[value] = {
                "step": torch.tensor(float(training.step)),
                "exp_avg": tensors[f"first.{name}"],
                "exp_avg_sq": tensors[f"second.{name}"],
            }
        for name, value in training.average.network.named_parameters():
            value.copy_(tensors[f"average.{name}"])
    print(f"going on from step {training.step}", flush=True)


def _publish(training: Training, folder: Path, options: argparse.Namespace) -> None:
    told = {
        "steps": f"{training.step} of {options.steps}",
        "batch": str(BATCH),
        "pool": f"{options.pool} clips of the {options.world} world, 35 % planted",
        "seed": str(options.seed),
        "script": "packaging/make_weights.py",
    }
    save_embedded(training.average, folder, told, dtype=torch.float16)


if __name__ == "__main__":
    main()
