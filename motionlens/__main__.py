"""`python -m motionlens`."""

from __future__ import annotations

import sys

from motionlens import worker


def main() -> int:
    """The command line, or straight to what a child process is for: it is waited for."""
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb in worker.HIDDEN:
        return worker.main(verb, sys.argv[2:])
    from motionlens.cli import main as by_command_line

    return by_command_line()


if __name__ == "__main__":
    sys.exit(main())
