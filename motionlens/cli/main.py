"""From arguments to an exit code: the one place where errors become lines and numbers."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from types import FrameType

from motionlens.cli.output import Output
from motionlens.cli.parser import build_parser
from motionlens.domain.errors import Cancelled, MotionLensError, from_os_error

_INTERRUPTED = MotionLensError(
    "Interrupted", "what was done is kept", "The same command goes on from there"
)
EXIT_DONE, EXIT_BUG, EXIT_INPUT, EXIT_PART, EXIT_INTERRUPTED = 0, 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns 0 done, 2 bad input, 3 done in part, 130 interrupted, 1 our bug."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] and arguments[0].startswith("_"):
        from motionlens import worker

        if arguments[0] in worker.HIDDEN:
            return worker.main(arguments[0], arguments[1:])
    try:
        args = build_parser().parse_args(arguments or ["open"])
    except MotionLensError as error:
        # Nothing was parsed, but a script that asked for JSON gets its one document all the same.
        Output(as_json="--json" in arguments, quiet=True).failure(error)
        return EXIT_INPUT
    out = Output(as_json=getattr(args, "json", False), quiet=getattr(args, "quiet", False))
    try:
        with _ended_as_by_ctrl_c():
            return int(args.run(args, out))
    except MotionLensError as error:
        out.failure(error)
        return EXIT_INPUT
    except (KeyboardInterrupt, Cancelled):
        out.failure(_INTERRUPTED)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away (a pager, `head`): nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except OSError as error:
        # A full disk, a folder without permission: the user's to mend, wherever it was met.
        logging.getLogger("motionlens").debug("system", exc_info=True)
        out.failure(from_os_error(error))
        return EXIT_INPUT
    except Exception as error:
        logging.getLogger("motionlens").debug("bug", exc_info=True)
        out.bug(error, traceback.format_exc())
        return EXIT_BUG
    finally:
        out.close()


@contextlib.contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """A request to end (the window's Cancel, a scheduler) stops what we started, as Ctrl-C does.

    By itself it would end us at once, and trainings that we follow would go on without us.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only there can signals be caught
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
