"""A child process that answers over pipes: what may crash, hang or eat memory runs in one."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from motionlens.lanes.shared import SharedBytes
from motionlens.lanes.wire import Block, Garbled, Message, Unpacker, pack

Check = Callable[[], None]

_SLICE_S = 0.05
_PATIENCE_S = 0.3
_LOG_TAIL, _LOG_MOST = 4_000, 1_000_000
_READ = 1 << 18


def available() -> bool:
    """Whether this system has the pipes that a :class:`Child` waits on."""
    return os.name == "posix"


class ChildGone(Exception):
    """A child that gives no more answers; `log` is the end of what it wrote to stderr."""

    def __init__(self, why: str, log: str = "") -> None:
        super().__init__(why)
        self.log = log


class ChildDied(ChildGone):
    """It ended by itself: `code` is its exit code, negative for a signal."""

    def __init__(self, code: int, log: str = "") -> None:
        super().__init__(_ending(code), log)
        self.code = code


class ChildHung(ChildGone):
    """It was silent for too long and has been killed."""


class Child:
    """One child process, used by one thread at a time.

    Parameters
    ----------
    argv : sequence of str
        The program and its arguments; two file descriptors are appended to them, those of the
        shared memory and of the lifeline (see :mod:`motionlens.lanes.child_end`).
    environment : mapping, optional
        Variables beside this process's own.

    Raises
    ------
    OSError
        The system has no room for another process.

    Notes
    -----
    It has a process group of its own, so that Ctrl-C reaches its parent alone. It ends when its
    parent does, however that ends, and when this object is dropped.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.shared = SharedBytes()
        self._log: BinaryIO = tempfile.TemporaryFile(mode="ab+")  # noqa: SIM115 (closed with it)
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = _Process(
                [*argv, str(self.shared.fd), str(lifeline)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env={**os.environ, **(environment or {})},
                pass_fds=(self.shared.fd, lifeline),
                process_group=0,
                bufsize=0,
            )
        except BaseException:
            os.close(self._lifeline)
            self._log.close()
            self.shared.close()
            raise
        finally:
            os.close(lifeline)
        self._unpacker = Unpacker()
        self._freed: deque[int] = deque()
        self._in, self._out = _fileno(self._process.stdin), _fileno(self._process.stdout)
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._end = weakref.finalize(
            self, _let_go, self._process, self._log, self._lifeline, self.shared
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can still be asked; one that has ended is reaped by asking."""
        return self._end.alive and self._process.poll() is None

    @property
    def closed(self) -> bool:
        """Whether this side has let go of it."""
        return not self._end.alive

    def ask(
        self,
        header: Mapping[str, Any],
        timeout_s: float,
        check: Check | None = None,
        blocks: Sequence[Block] = (),
    ) -> Message:
        """Send a message and wait for its answer; see :meth:`send` and :meth:`receive`."""
        self.send(header, timeout_s, check, blocks)
        return self.receive(timeout_s, check)

    def send(
        self,
        header: Mapping[str, Any],
        timeout_s: float,
        check: Check | None = None,
        blocks: Sequence[Block] = (),
    ) -> None:
        """Send a message.

        Raises
        ------
        ChildDied, ChildHung
            It is gone, or did not read for `timeout_s`; it is closed then.
        """
        self._trim_log()
        silent = 0.0
        freed = [self._freed.popleft() for _ in range(len(self._freed))]
        for part in pack({**header, "freed": freed} if freed else header, blocks):
            rest = part
            while rest:
                try:
                    rest = rest[os.write(self._in, rest) :]
                    silent = 0.0
                except BlockingIOError:
                    silent = self._wait(self._in, select.POLLOUT, silent, timeout_s, check)
                except (OSError, ValueError) as error:
                    raise self._died() from error

    def receive(self, timeout_s: float, check: Check | None = None) -> Message:
        """The next message that is no mere sign of life.

        Large blocks lie in shared memory, which is used again once nothing refers to them.

        Parameters
        ----------
        timeout_s : float
            Silence for so long means that it hangs; signs of life begin it anew.
        check : callable, optional
            Called some twenty times a second while waiting; what it raises comes out.

        Raises
        ------
        ChildDied, ChildHung
            It is closed then.
        """
        silent = 0.0
        while True:
            try:
                message = self._unpacker.next()
                if message is not None and "beat" not in message.header:
                    return self._with_shared(message)
            except (Garbled, ValueError, TypeError) as error:
                self._process.kill()
                raise self._died() from error
            if message is not None:
                silent = 0.0
                continue
            silent = self._wait(self._out, select.POLLIN, silent, timeout_s, check)
            if silent == 0.0:
                self._read()

    def log_tail(self) -> str:
        """The end of what it wrote to stderr."""
        if self._log.closed:
            return ""
        fd = self._log.fileno()
        size = os.fstat(fd).st_size
        return os.pread(fd, _LOG_TAIL, max(0, size - _LOG_TAIL)).decode(errors="replace").strip()

    def kill(self) -> None:
        """End it at once; may be called from any thread, whoever waits for it sees it die."""
        if self._end.alive:
            self._process.kill()

    def close(self) -> None:
        """Ask it to end, and end it if it does not soon; reaps it. Never hangs, may be repeated."""
        self._end()

    def _wait(
        self, fd: int, event: int, silent: float, timeout_s: float, check: Check | None
    ) -> float:
        """Wait a moment; 0 when the pipe is ready, else for how long it has not been."""
        if check is not None:
            check()
        began = time.monotonic()
        poll = select.poll()
        poll.register(fd, event)
        slice_s = _SLICE_S if check is not None else min(timeout_s, 1.0)
        if poll.poll(slice_s * 1000):
            return 0.0
        # Where this process itself was stopped or suspended, the child is not to blame.
        silent += min(time.monotonic() - began, 2 * slice_s)
        if silent < timeout_s:
            return silent
        log = self.log_tail()
        self._process.kill()
        self.close()
        raise ChildHung(f"It gave no answer for {timeout_s:g} seconds", log)

    def _read(self) -> None:
        try:
            data = os.read(self._out, _READ)
        except BlockingIOError:
            return
        except (OSError, ValueError) as error:
            raise self._died() from error
        if not data:
            raise self._died()
        self._unpacker.feed(data)

    def _with_shared(self, message: Message) -> Message:
        places = message.header.get("shared")
        if not places:
            return message
        inline = iter(message.blocks)
        blocks = [self._leased(*place) if place else next(inline) for place in places]
        return Message(message.header, tuple(blocks))

    def _leased(self, start: int, length: int) -> memoryview:
        lease = self.shared.lease(start, length)
        weakref.finalize(lease, self._freed.append, start).atexit = False
        return memoryview(lease)

    def _died(self) -> ChildDied:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE_S)  # its pipes close a moment before it is gone
        log = self.log_tail()
        self.close()
        return ChildDied(self._process.returncode or 0, log)

    def _trim_log(self) -> None:
        if not self._log.closed and os.fstat(self._log.fileno()).st_size > _LOG_MOST:
            self._log.truncate(0)


class _Process(subprocess.Popen[bytes]):
    def __del__(self) -> None:
        # Popen's own would warn of a process left behind; `_let_go` has ended and reaped it.
        if getattr(self, "pid", None) is not None:
            self.poll()


def _let_go(process: _Process, log: BinaryIO, lifeline: int, shared: SharedBytes) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
    os.close(lifeline)
    log.close()
    shared.close()


def _fileno(file: Any) -> int:
    return int(file.fileno())


def _ending(code: int) -> str:
    if code >= 0:
        return f"It ended with code {code}"
    try:
        return f"It was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"It was ended by signal {-code}"


def hidden_door(verb: str, *arguments: str) -> list[str]:
    """The command of a hidden verb of this program; a frozen program is its own interpreter.

    `-P` keeps Python from importing what lies in the current folder.
    """
    module = [] if getattr(sys, "frozen", False) else ["-P", "-m", "motionlens"]
    return [sys.executable, *module, verb, *arguments]


def own_package() -> dict[str, str]:
    """Variables by which a child finds this package first, and takes one thread in libraries."""
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH", "")])]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {"PYTHONPATH": os.pathsep.join(paths), **threads}
