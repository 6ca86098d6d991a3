"""`generate`: lets a model continue starts, and adds what it makes to the project."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motionlens.domain.clip import Clip, Role, clip_id
from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.ports import Frames, Progress, Sampler, Token
from motionlens.domain.seeds import derive_seed
from motionlens.files import content_hash
from motionlens.operations.add import Skipped
from motionlens.operations.finetune import model_source
from motionlens.operations.rooms import (
    NO_PROGRESS,
    NO_TOKEN,
    Rooms,
    Tools,
    frame_range,
    present_path,
)

# Starts are read at this size at most and at 16 equal times, as training clips are.
START_SIDE = 256
START_FRAMES = 16
# Starts that are continued together.
BATCH = 16


@dataclass(frozen=True)
class GenerateResult:
    """Ids of the generations, in the order of prompts or references."""

    clips: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, eq=False)
class Start:
    """What a generation goes on from: `frames` (16, H, W, 3) uint8 RGB, of which the model takes
    its first given ones; `name` is for the file, `key` tells it from all others."""

    frames: Frames
    caption: str
    name: str
    key: str


def generate(
    rooms: Rooms,
    *,
    model: str = "embedded",
    prompts: str | Path | None = None,
    references: bool = False,
    out: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> GenerateResult:
    """Write each generation as a file and add it as a clip of role `generation`.

    A generation that is there already (same weights, start and seed) is taken as it is, so that
    the same call goes on after a cancel.

    Parameters
    ----------
    model : str
        A name of `models`, a run, or weights.
    prompts : path, optional
        A text file, one prompt a line.
    references : bool
        Continue the first given frames of each clip of role `reference`.
    out : path, optional
        Folder of the files; the project's `generations` without it.

    Raises
    ------
    UsageError
        Neither or both of `prompts` and `references`; no prompts; no references.
    """
    if (prompts is None) != references:
        raise UsageError(
            "Generations need something to start from",
            "exactly one of --prompts and --references is to be given",
            "Give --prompts FILE, or --references",
        )
    folder = Path(out) if out is not None else rooms.folder.generations
    skipped: list[Skipped] = []
    if prompts is not None:
        lines = read_prompts(prompts)
        total, starts = len(lines), prompt_starts(rooms, lines, seed)
    else:
        clips = _references(rooms)
        total, starts = len(clips), _reference_starts(rooms, clips, skipped)
    progress("Loading the model", 0, 1)
    sampler = rooms.models.sampler(model_source(rooms, model), device)
    ids: list[str] = []
    for batch in batched(starts):
        token.check()
        progress("Generating", len(ids), total)
        paths = [_path(sampler, start, folder, seed) for start in batch]
        missing = [n for n, path in enumerate(paths) if not path.is_file()]
        made = continued(sampler, [batch[n] for n in missing], seed)
        for n, frames in zip(missing, made, strict=True):
            rooms.reader.write(paths[n], frames, sampler.fps)
        ids += [_added(rooms, path, start) for path, start in zip(paths, batch, strict=True)]
    progress("Generating", total, total)
    return GenerateResult(tuple(ids), tuple(skipped))


def read_prompts(file: str | Path) -> list[str]:
    """Prompts of a text file, one a line, blank lines left out."""
    path = Path(file)
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise UsageError(
            f"{path} holds no prompts", "it is not text in UTF-8", "Give one prompt a line"
        ) from None
    except OSError as error:
        raise UsageError(
            f"The prompts in {path} cannot be read", error.strerror or str(error), "Check the path"
        ) from None
    found = [line for line in lines if line]
    if not found:
        raise UsageError(f"{path} holds no prompts", "it is empty", "Give one prompt a line")
    return found


def prompt_starts(tools: Tools, prompts: list[str], seed: int) -> Iterator[Start]:
    """The scene of each prompt, by hash of prompt and seed; a prompt that comes again starts
    elsewhere each time."""
    seen: Counter[str] = Counter()
    for prompt in prompts:
        scene = tools.world.start_for(prompt, seed + seen[prompt])
        yield Start(scene.frames, prompt, prompt, f"prompt {prompt} {seen[prompt]}")
        seen[prompt] += 1


def batched(starts: Iterable[Start]) -> Iterator[list[Start]]:
    """Starts in groups that a model continues together, which is several times faster."""
    batch: list[Start] = []
    for start in starts:
        batch.append(start)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def continued(sampler: Sampler, starts: Sequence[Start], seed: int) -> Sequence[Frames]:
    """One generation a start, (F, H, W, 3) uint8 RGB; its noise hangs on start and seed
    alone, so that two models continue one start from the same noise."""
    if not starts:
        return []
    seeds = [derive_seed("generation", seed, start.key) for start in starts]
    return sampler.sample([s.frames for s in starts], [s.caption for s in starts], seeds)


def _references(rooms: Rooms) -> list[Clip]:
    clips = rooms.store.clips(Role.REFERENCE)
    if not clips:
        raise UsageError(
            "There are no references to continue",
            "no clip of the project has the role reference",
            "Add some with: motionlens add PROJECT FILE --role reference",
        )
    return clips


def _reference_starts(rooms: Rooms, clips: list[Clip], skipped: list[Skipped]) -> Iterator[Start]:
    for clip in clips:
        try:
            first, stop = frame_range(clip)
            times = np.rint(np.linspace(first, stop - 1, START_FRAMES)).astype(int).tolist()
            frames = rooms.reader.frames(present_path(clip), max_side=START_SIDE, indices=times)
        except (MediaError, UsageError) as error:
            skipped.append(Skipped(clip.path, error.why or error.what))
            continue
        yield Start(frames, clip.caption, clip.caption or clip.name, f"reference {clip.id}")


def _path(sampler: Sampler, start: Start, folder: Path, seed: int) -> Path:
    text = f"{sampler.weights_hash} {seed} {start.key}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return (folder / f"{_slug(start.name)}-{digest}.mp4").absolute()


def _added(rooms: Rooms, path: Path, start: Start) -> str:
    content = content_hash(path)
    clip = Clip(
        id=clip_id(content),
        paths=(str(path),),
        content_hash=content,
        role=Role.GENERATION,
        info=rooms.reader.probe(path),
        caption=start.caption,
    )
    rooms.store.add_clip(clip)
    return clip.id


def _slug(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))[:40].strip("-") or "generation"
