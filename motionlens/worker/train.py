"""The second door: what a child process runs.

It says that it is there before it imports anything heavy, so that whoever waits can tell starting
from hanging, and leaves the reason in words when it cannot go on.
"""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from motionlens.domain.errors import MotionLensError
from motionlens.domain.run import RunState
from motionlens.files import write_atomically, write_json
from motionlens.finetune.process import current, hold_alone
from motionlens.finetune.run_folder import RunFolder, now

DONE, FAILED, ELSEWHERE = 0, 1, 2


def main(argv: Sequence[str]) -> int:
    """Train the run whose folder is named; what `motionlens _train FOLDER` calls.

    Returns
    -------
    int
        0 done or stopped; 1 failed, the run says why; 2 another process trains this run.
    """
    if len(argv) != 1:
        print("usage: motionlens _train RUN_FOLDER", file=sys.stderr)
        return ELSEWHERE
    run = RunFolder(Path(argv[0]))
    held = hold_alone(run.lock)
    if held is None:
        print(f"{run.name} is being trained by another process", file=sys.stderr)
        return ELSEWHERE
    with held:
        write_json(run.process_file, asdict(current()))
        step = max(run.checkpoint_steps(), default=0)
        run.say(RunState.STARTING, step)
        signal.signal(signal.SIGTERM, _stop_marker(run))
        return _guarded(run)


def _guarded(run: RunFolder) -> int:
    try:
        _train(run)
    except MotionLensError as error:
        return _failed(run, error.sentence())
    except MemoryError:
        return _failed(run, "The machine has too little memory. Free some, then resume.")
    except OSError as error:
        traceback.print_exc()
        return _failed(run, f"The disk or a file failed: {error.strerror or error}.")
    except Exception as error:
        # A bug of ours: its trace goes to the log, its name to whoever looks at the run.
        traceback.print_exc()
        return _failed(run, f"Unexpected {type(error).__name__}: {error}. The log has more.")
    return DONE


def _train(run: RunFolder) -> None:
    settings = run.settings()
    import torch

    from motionlens.finetune.trainer import train
    from motionlens.media import PyAVReader
    from motionlens.models.registry import load_model

    if not settings.device.startswith("cuda"):
        torch.set_num_threads(1)
    try:
        cache = run.root.parent.parent / "cache" / "models"
        train(run.root, load_model(base_source(run), settings.device, cache), PyAVReader())
    except torch.OutOfMemoryError as error:
        raise MemoryError from error


def base_source(run: RunFolder) -> str:
    """What the run's base stands for: the weights of the run of that name beside it, or itself."""
    base = run.settings().base
    if base and Path(base).name == base:
        weights = RunFolder(run.root.parent / base).weights_file()
        if weights is not None:
            return str(weights)
    return base


def _failed(run: RunFolder, why: str) -> int:
    print(why, file=sys.stderr)
    rows = run.losses()
    run.say(RunState.FAILED, rows[-1][0] if rows else 0, why=why)
    return FAILED


def _stop_marker(run: RunFolder) -> Callable[[int, FrameType | None], None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        # Asked to go (a shutdown, a session's end): end after this step, with a checkpoint.
        write_atomically(run.stop_marker, now() + "\n")

    return handle
