"""Children that decode: what they crash on, hang at or fill is theirs alone.

They are asked by :mod:`motionlens.app.isolated_reader` and `isolated_renderer`, one request at a
time, and end with their parent, or when they had nothing to do for a while.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence

from motionlens.app.isolated_child import IDLE_S
from motionlens.app.isolated_codec import encode_error
from motionlens.domain.errors import Cancelled, MediaError
from motionlens.lanes.beat import listen
from motionlens.lanes.child_end import ChildEnd, confine
from motionlens.lanes.wire import Message

READER_MEMORY, PLAYER_MEMORY = 1 << 30, 2 << 30
"""Bytes beside what the program itself takes: one file at a time; several, with their windows."""

_READER_NICE = 5

Answer = Callable[[Message], None]
Idle = Callable[[], bool]


def main(verb: str, argv: Sequence[str]) -> int:
    """Serve until the parent has gone.

    Parameters
    ----------
    argv : sequence of str
        The two file descriptors that :class:`motionlens.lanes.child.Child` appends.
    """
    if len(argv) != 2:
        print(f"{verb} is run by the program itself", file=sys.stderr)
        return 2
    end = ChildEnd(int(argv[0]), int(argv[1]))
    code = 1
    answer: Answer
    idle: Idle
    try:
        if verb == "_read":
            from motionlens.worker.read import ReaderDoor

            answer, idle = ReaderDoor(end).answer, _nothing_ahead
            confine(READER_MEMORY, _READER_NICE)
            rest_s: float | None = IDLE_S
            listen(end.checked_beat)
        else:
            from motionlens.worker.play import PlayerDoor

            player = PlayerDoor(end)
            answer, idle = player.answer, player.idle
            confine(PLAYER_MEMORY, 0)
            rest_s = None
            # A clip held open must not lose its place: it is never broken off, only watched.
            listen(end.beat)
        end.send({"ready": os.getpid()})
        code = serve(end, answer, idle, rest_s)
    except BrokenPipeError:
        code = 0  # the parent has gone
    except Exception:
        traceback.print_exc()
        with contextlib.suppress(OSError):
            end.send({"bug": traceback.format_exc(), "end": True})
    finally:
        sys.stderr.flush()
        # Threads of native libraries may hang in a damaged file: they are not waited for.
        os._exit(code)


def serve(end: ChildEnd, answer: Answer, idle: Idle, rest_s: float | None) -> int:
    """Answer requests; between them, work ahead step by step."""
    while True:
        more = True
        while more and not end.asked:
            more = _step(idle)
        message = end.next(rest_s)
        if message is None:
            return 0
        _follow(message.header.get("cwd", ""))
        if not _answered(end, answer, message):
            return 0
        end.done()


def _answered(end: ChildEnd, answer: Answer, message: Message) -> bool:
    """Whether this process can go on after it."""
    try:
        answer(message)
    except Exception as error:
        if _no_memory(error):
            traceback.print_exc()
            error = MediaError(
                f"{message.header.get('path', 'This file')} cannot be read",
                "There is not enough memory for its frames",
                "Use a part of it, or scale it down with another program",
            )
            _tell(end, error, leaving=True)
            return False  # what it held is given back by ending
        _tell(end, error)
    return True


def _tell(end: ChildEnd, error: Exception, leaving: bool = False) -> None:
    known = encode_error(error)
    if known is None:
        text = "".join(traceback.format_exception(error))
        end.send({"bug": text, "end": True})
    else:
        end.send({"error": known, "end": True, "leaving": leaving})


def _nothing_ahead() -> bool:
    return False


def _step(idle: Idle) -> bool:
    try:
        return idle()
    except Cancelled:
        return False
    except Exception:
        # What could not be made ahead is made, or fails in words, when it is asked for.
        traceback.print_exc()
        return False


def _no_memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError) or "Insufficient memory" in str(error):
            return True
        error = error.__cause__
    return False


def _follow(folder: str) -> None:
    """Relative paths are the parent's."""
    with contextlib.suppress(OSError):
        if folder and folder != os.getcwd():
            os.chdir(folder)
