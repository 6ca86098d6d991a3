"""The training clips as the model sees them: read and encoded once, kept in the run's folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from motionlens.domain.errors import MediaError, TrainerError
from motionlens.domain.manifest import Manifest, ManifestEntry
from motionlens.domain.ports import ClipReader, Frames
from motionlens.files import content_hash
from motionlens.models.resample import equal_times
from motionlens.models.video_model import VideoModel

# Frames are read at this size at most: many times what the embedded model sees, and what its own
# world is drawn at.
_READ_SIDE = 256
_EQUAL = 1e-4


@dataclass(frozen=True, eq=False)
class TrainingClips:
    """Encoded clips.

    Attributes
    ----------
    latents : Tensor
        (N, C, F, h, w) float32, on the CPU.
    conditions : Tensor
        (N, ...).
    skipped : tuple of (str, str)
        Path and reason of each clip that could not be read.
    mirrors, inverts : bool
        Whether flipping a latent sideways, or changing its sign, is the same as encoding the
        mirrored clip, or the one with light and dark swapped.
    """

    latents: Tensor
    conditions: Tensor
    skipped: tuple[tuple[str, str], ...]
    mirrors: bool
    inverts: bool


def training_clips(
    manifest: Manifest,
    manifest_sha256: str,
    model: VideoModel,
    weights_hash: str,
    reader: ClipReader,
    cache: Path,
    tell: Callable[[int, int], None],
) -> TrainingClips:
    """Encode the clips of a list, or take them from the cache that an earlier start has left.

    Parameters
    ----------
    weights_hash : str
        That of the untuned model: it stands for the encoder in the cache's key.
    tell : callable
        Called before each clip with how many are done, of how many; what it raises ends the
        reading.

    Raises
    ------
    TrainerError
        None of the clips can be read.
    """
    key = f"{manifest_sha256} {weights_hash}"
    found = _cached(cache, key)
    if found is not None:
        return found
    clips = _encoded(manifest, model, reader, tell)
    facts = {"skipped": clips.skipped, "mirrors": clips.mirrors, "inverts": clips.inverts}
    partial = cache.with_suffix(".part")
    tensors = {"latents": clips.latents, "conditions": clips.conditions}
    save_file(tensors, partial, metadata={"key": key, "facts": json.dumps(facts)})
    partial.replace(cache)
    return clips


def read_frames(
    entry: ManifestEntry, reader: ClipReader, frames: int, side: int = _READ_SIDE
) -> Frames:
    """The frames of a clip at as many equal times as the model has frames, at most `side` long.

    Raises :class:`MediaError` if they cannot be read, or are no longer those that were approved.
    """
    path = Path(entry.path)
    if not path.is_file():
        raise MediaError(f"{path} is missing", "the file is not there", "Bring it back")
    if entry.content_hash and content_hash(path) != entry.content_hash:
        raise MediaError(
            f"{path} has changed", "it is not the file that was approved", "Add it again"
        )
    start = entry.span.start if entry.span else 0
    count = entry.span.frames if entry.span else entry.frames
    if count < 1:
        count = reader.probe(path).frames - start
    wanted = [start + int(n) for n in equal_times(count, frames)]
    return reader.frames(path, max_side=side, indices=wanted)


def _encoded(
    manifest: Manifest, model: VideoModel, reader: ClipReader, tell: Callable[[int, int], None]
) -> TrainingClips:
    latents: list[Tensor] = []
    conditions: list[Tensor] = []
    skipped: list[tuple[str, str]] = []
    mirrors = inverts = True
    model.prepare_captions(entry.caption for entry in manifest.entries)
    for done, entry in enumerate(manifest.entries):
        tell(done, len(manifest.entries))
        try:
            frames = read_frames(entry, reader, model.frames, max(_READ_SIDE, *model.size))
        except MediaError as error:
            skipped.append((entry.path, error.why or error.what))
            continue
        latents.append(model.encode(frames))
        conditions.append(model.condition(entry.caption))
        if len(latents) == 1:
            mirrors, inverts = carries_over(model, frames, latents[0])
    tell(len(manifest.entries), len(manifest.entries))
    if not latents:
        raise TrainerError(
            "None of the clips can be read",
            f"{len(skipped)} were tried; the first, {skipped[0][0]}: {skipped[0][1]}",
            "Bring the files back, or approve others",
        )
    return TrainingClips(
        torch.stack(latents), torch.stack(conditions), tuple(skipped), mirrors, inverts
    )


def carries_over(model: VideoModel, frames: Frames, latent: Tensor) -> tuple[bool, bool]:
    """Whether mirroring, and swapping light and dark, may be done to a latent in a clip's place.

    A learned encoder bends both; then the clips are trained on as they are.
    """
    mirrored = model.encode(np.ascontiguousarray(frames[:, :, ::-1]))
    inverted = model.encode(255 - frames)
    return (
        bool(torch.allclose(mirrored, latent.flip(-1), atol=_EQUAL)),
        bool(torch.allclose(inverted, -latent, atol=_EQUAL)),
    )


def _cached(cache: Path, key: str) -> TrainingClips | None:
    if not cache.is_file():
        return None
    try:
        with safe_open(cache, framework="pt") as file:
            about = file.metadata() or {}
            if about.get("key") != key:
                return None
            facts = json.loads(about["facts"])
            latents, conditions = file.get_tensor("latents"), file.get_tensor("conditions")
    except (OSError, SafetensorError):
        return None
    return TrainingClips(
        latents,
        conditions,
        tuple((path, why) for path, why in facts["skipped"]),
        bool(facts["mirrors"]),
        bool(facts["inverts"]),
    )
